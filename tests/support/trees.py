"""Copies of the data files to make mistakes in, and services that run on them."""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from menus.faults import BrokenMenu
from menus.loading.parsed_folder import is_data
from tests.support.commands import MAIN, environment
from tests.support.menus_read import read_menu
from tests.support.patience import PATIENCE
from tests.support.ready_process import ReadyProcess
from tests.support.service import NO_TLS, REPOSITORY, SECRET, free_port

MENUS = REPOSITORY / "menus"
LEFT_OUT = ("uz", "ky", "tg")
"""Languages that `copied_menus` has no words of."""
HTTP = httpx.Client(
    timeout=PATIENCE, trust_env=False, verify=NO_TLS, headers={"Connection": "close"}
)
"""Each call on a connection of its own, so that each of several workers is met."""


# --- Files ----------------------------------------------------------------------


def copied_menus(folder: Path) -> Path:
    """A copy of the data files, named as the real folder, to be edited.

    It has the words of three languages only: to check all six at every edit would double the
    time of the tests, and says nothing new.
    """
    menus = folder / "menus"
    menus.mkdir(parents=True)
    for path in filter(is_data, MENUS.iterdir()):
        if path.stem not in LEFT_OUT:
            shutil.copy(path, menus)
    edit(menus / "tree.yaml", "languages: [kk, ru, en, uz, ky, tg]", "languages: [kk, ru, en]")
    return menus


def copied_tree(folder: Path) -> Path:
    """A folder to run `main.py` in, on a copy of the data files that can be edited."""
    tree = folder / "komek"
    copied_menus(tree)
    return tree


def edit(path: Path, old: str, new: str) -> None:
    """Replace what stands in the file exactly once, as an editor saves: all at once."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name} has {text.count(old)} times {old!r}"
    beside = path.with_suffix(".tmp")
    beside.write_text(text.replace(old, new), encoding="utf-8")
    beside.replace(path)


def faults_of(folder: Path) -> list[str]:
    """All faults of the data files, as an operator reads them."""
    try:
        read_menu(folder)
    except BrokenMenu as broken:
        return [str(fault) for fault in broken.faults]
    return []


# --- Services ------------------------------------------------------------------


def until(true: Callable[[], bool], what: str) -> None:
    """Wait for what must come, and not a moment longer."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"not in {PATIENCE:.0f} s: {what}"
        time.sleep(0.02)


@dataclass(frozen=True)
class Server:
    """A running `main.py serve` and what it has printed to a file."""

    process: subprocess.Popen[bytes] | ReadyProcess
    url: str
    output: Path

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def callback(self) -> str:
        """The callback's address, as it was printed; a secret that was set is never printed."""
        found = re.search(r"http://\S+/ussd$", self.said(), re.MULTILINE)
        assert found, self.said()
        return found[0].replace("KOMEK_CALLBACK_SECRET", SECRET)

    def answers(self) -> bool:
        assert self.process.poll() is None, self.said()
        try:
            return HTTP.get(f"{self.url}/healthz").is_success
        except httpx.TransportError:
            return False

    def ready(self) -> dict[str, object]:
        state: dict[str, object] = HTTP.get(f"{self.url}/readyz").json()
        return state

    def hop(self, session: str, text: str = "") -> str:
        form = {"sessionId": session, "phoneNumber": "+77010000000", "text": text}
        reply = HTTP.post(self.callback(), data=form)
        assert reply.status_code == 200, reply.text
        return reply.text


@contextmanager
def serving(tree: Path, *arguments: str, **settings: str) -> Iterator[Server]:
    """Run `main.py serve` on a free port until the block ends; it answers when entered."""
    with starting(tree, *arguments, **settings) as server:
        until(server.answers, "the service answers")
        yield server


@contextmanager
def serving_soon(tree: Path, **settings: str) -> Iterator[Server]:
    """As `serving`, by a process that has everything imported: see `ready_process.py`."""
    with _run(ReadyProcess, tree, [], settings) as server:
        until(server.answers, "the service answers")
        yield server


@contextmanager
def starting(tree: Path, *arguments: str, **settings: str) -> Iterator[Server]:
    """Run `main.py serve` on a free port until the block ends; it may not answer yet."""
    with _run(_from_nothing, tree, arguments, settings) as server:
        yield server


Process = subprocess.Popen[bytes] | ReadyProcess
Begin = Callable[[list[str], Path, Mapping[str, str], Path], Process]
"""Takes arguments, folder, environment, and the file that the output goes to."""


def _from_nothing(
    arguments: list[str], folder: Path, environment: Mapping[str, str], output: Path
) -> subprocess.Popen[bytes]:
    """As a person starts it."""
    with output.open("wb") as written:
        return subprocess.Popen(
            [sys.executable, MAIN, *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
        )


@contextmanager
def _run(
    begin: Begin, tree: Path, arguments: Iterable[str], settings: Mapping[str, str]
) -> Iterator[Server]:
    port, output = free_port(), tree / "output.txt"
    output.write_bytes(b"")
    served = ["serve", "--port", str(port), *arguments]
    process = begin(served, tree, environment(tree, settings), output)
    try:
        yield Server(process, f"http://127.0.0.1:{port}", output)
    finally:
        process.terminate()
        process.wait(PATIENCE)
