"""Commands of `main.py` on a folder with data files: in this process, or as their own.

Both are told nothing of the desk that the tests run on, and have a terminal of 100
columns.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from typer.testing import CliRunner

import main
from tests.support.menus_read import read_once_for
from tests.support.patience import PATIENCE
from tests.support.service import REPOSITORY

MAIN = str(REPOSITORY / "main.py")


@dataclass(frozen=True)
class Ended:
    """A command that has ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def settings_in(tree: Path, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """What differs from our own environment for a command in the folder."""
    return {"COLUMNS": "100", "KOMEK_MENUS_DIR": str(tree / "menus"), **(settings or {})}


def environment(tree: Path, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """The whole environment of a process in the folder."""
    ours = {name: value for name, value in os.environ.items() if name not in _of_the_desk()}
    return {**ours, **settings_in(tree, settings)}


def command(
    tree: Path, *arguments: str, typed: str = "", settings: Mapping[str, str] | None = None
) -> Ended:
    """Run a command in this process, with the folder as the current one."""
    changed = {**dict.fromkeys(_of_the_desk()), **settings_in(tree, settings)}
    with chdir(tree), patch.object(main, "read_menu", read_once_for):
        done = CliRunner().invoke(
            main.cli, arguments, input=typed, env=changed, catch_exceptions=False
        )
    return Ended(done.exit_code, done.stdout, done.stderr)


def process(
    tree: Path, *arguments: str, typed: str = "", settings: Mapping[str, str] | None = None
) -> Ended:
    """Run a command as a process of its own, to its end."""
    done = subprocess.run(
        [sys.executable, MAIN, *arguments],
        cwd=tree,
        env=environment(tree, settings),
        input=typed,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def ended_well(done: Ended) -> str:
    """What it printed."""
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def refused(done: Ended) -> list[str]:
    """The lines that say why; nothing else is printed."""
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr.splitlines()


def _of_the_desk() -> list[str]:
    return [name for name in os.environ if name.startswith("KOMEK_")]
