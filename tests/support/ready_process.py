"""Processes of ours that begin with everything imported and the menu understood.

To import Komek and to read its menu costs more processor time than most tests.  One process
does both and then only forks: a service begins in a moment and is still a process of its own,
with its own settings, signals and files.  What a start does from nothing is the subject of
`tests/cli/test_command_line.py`, which runs `main.py` as a person does.
"""

import os
import sys
from collections.abc import Mapping
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import main

_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.support.preloaded"])


class ReadyProcess:
    """`main.py` with these arguments, in this folder, with this environment and no input.

    What it prints goes into the file, which is there.  Its methods are those of
    `subprocess.Popen`, as far as tests need them.
    """

    def __init__(
        self, arguments: list[str], folder: Path, environment: Mapping[str, str], output: Path
    ) -> None:
        given = (arguments, str(folder), dict(environment), str(output))
        self._process: ForkServerProcess = _FORKS.Process(target=_run, args=given)
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid
        return self._process.pid

    def poll(self) -> int | None:
        """The exit code, once it has ended."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()

    def wait(self, seconds: float) -> int:
        """The exit code.  Fails where it goes on."""
        self._process.join(seconds)
        code = self._process.exitcode
        if code is None:
            self._process.kill()
            raise AssertionError(f"still runs after {seconds:.0f} s")
        return code


def _run(arguments: list[str], folder: str, environment: dict[str, str], output: str) -> None:
    written = os.open(output, os.O_WRONLY)
    for standard in (1, 2):
        os.dup2(written, standard)
    os.close(written)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = [main.__file__, *arguments]
    main.cli()
