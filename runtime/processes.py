"""Several processes that serve one port, a new beginning on it, and what they do on a signal."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from socket import socket
from typing import NoReturn

from uvicorn import Config
from uvicorn.supervisors import Multiprocess

from runtime.exit_with_parent import exit_with
from runtime.http_server import environment_with
from runtime.settings import FileSecret, Settings, revealed, secret_of, token_of


def at_a_terminal() -> bool:
    """Whether we run in a terminal: there SIGHUP means that the window was closed;
    elsewhere it asks for the menu to be read again.
    """
    return sys.stdin is not None and sys.stdin.isatty()


def export_settings(settings: Settings) -> None:
    """Hand the completed settings to the worker processes, in their environment."""
    os.environ["KOMEK_REDIS_URL"] = settings.redis_url or ""
    os.environ["KOMEK_CALLBACK_SECRET"] = secret_of(settings)
    if isinstance(settings.data_key, FileSecret):  # they look into it themselves
        os.environ["KOMEK_DATA_KEY_FILE"] = str(settings.data_key.file)
    else:
        os.environ["KOMEK_DATA_KEY"] = revealed(settings.data_key)
    os.environ["KOMEK_OPERATOR_TOKEN"] = token_of(settings) or ""
    os.environ["KOMEK_PORT"] = str(settings.port)
    os.environ["KOMEK_WORKER"] = str(settings.worker)


def settings_in_worker() -> Settings:
    """The settings of a worker process, which from now on ends with its parent."""
    if (parent := multiprocessing.parent_process()) and parent.pid:
        exit_with(parent.pid, signal.SIGTERM)
    return Settings()


class Handover:
    """On SIGUSR2 the one process ends what it does and becomes a new one, of the code and the
    settings as they are then.  The listening socket stays open: who calls meanwhile waits and is
    not refused.
    """

    def __init__(self, listening: socket) -> None:
        self._listening = listening.dup()
        self.asked = False

    def heed(self, end: Callable[[], object]) -> None:
        """From now on; `end` lets the service end in good order."""

        def ask(*_: object) -> None:
            self.asked = True
            end()

        signal.signal(signal.SIGUSR2, ask)

    def begin_anew(self, program: Path, environment: Mapping[str, str]) -> NoReturn:
        """Become `program`, with the arguments that we have."""
        command = [sys.executable, str(program), *sys.argv[1:]]
        with self._listening as listening:
            os.execve(command[0], command, environment_with(listening, environment))  # noqa: S606


def ignore_until_there_is_a_service() -> None:
    """Signals that mean nothing, and would end us, before anything is served."""
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    if not at_a_terminal():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is a menu to read again


class Workers(Multiprocess):
    """The parent process, which serves nothing itself.  SIGHUP makes each worker reload
    the menu; SIGUSR2 puts new workers, of the code as it is then, in the place of the old ones,
    each once it answers: somebody always does.
    """

    def __init__(self, config: Config, sockets: list[socket]) -> None:
        super().__init__(config, sockets)
        self._renewal_asked = False
        signal.signal(signal.SIGUSR2, self._ask_for_renewal)

    def _ask_for_renewal(self, *_: object) -> None:
        self._renewal_asked = True

    def keep_subprocess_alive(self) -> None:
        """Put new workers in the place of those that have ended, also while asked how they are."""
        for process in self.processes:
            process.child_conn.close()  # our copy; while it is open, its end goes unnoticed
        if self._renewal_asked:
            self._renewal_asked = False
            self.restart_all()
        super().keep_subprocess_alive()

    def handle_hup(self) -> None:
        if at_a_terminal():
            self.handle_term()
            return
        for process in self.processes:
            if process.pid:
                os.kill(process.pid, signal.SIGHUP)
