"""The load: 32 connections that each post the next form as soon as one is answered.

wrk makes it where it can be had.  Elsewhere a generator of our own does, which
takes more of the core that it shares with Redis.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import cast

import uvloop

CONNECTIONS = 32
_INSTALL_SECONDS = 10
_SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True, slots=True)
class Target:
    port: int
    path: str


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a round.  Milliseconds; `bad` is what was not answered with 2xx."""

    requests: int
    seconds: float
    p50: float
    p99: float
    bad: int

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


Generator = Callable[[Target, Path, float], Load]
"""Posts the lines of a file to a target for some seconds."""


def generator() -> tuple[Generator, str]:
    """The generator to use here, and its name."""
    if shutil.which("wrk") or _installed():
        return by_wrk, "wrk"
    print("wrk is missing (Debian: apt-get install wrk): using benchmarks/load.py", file=sys.stderr)
    return by_python, "benchmarks/load.py"


def _installed() -> bool:
    """Whether wrk could be installed, which only root on Debian tries."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return False
    print("installing wrk", file=sys.stderr)
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "wrk"]):
        try:
            subprocess.run(command, capture_output=True, timeout=_INSTALL_SECONDS, check=True)
        except subprocess.SubprocessError:
            return False
    return shutil.which("wrk") is not None


def by_wrk(target: Target, bodies: Path, seconds: float) -> Load:
    url = f"http://127.0.0.1:{target.port}{target.path}"
    # wrk takes whole seconds only.
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-s", str(_SCRIPT)]
    done = subprocess.run(
        ["wrk", *options, url, "--", str(bodies)],  # noqa: S607
        capture_output=True,
        text=True,
        timeout=seconds + 20,
        check=True,
    )
    result = next(line for line in done.stdout.splitlines() if line.startswith("result "))
    return Load(**json.loads(result.removeprefix("result ")))


def by_python(target: Target, bodies: Path, seconds: float) -> Load:
    return uvloop.run(_post_all(target, bodies.read_text("utf-8").splitlines(), seconds))


async def _post_all(target: Target, bodies: list[str], seconds: float) -> Load:
    requests = cycle(_request(target, body) for body in bodies)
    loop = asyncio.get_running_loop()
    callers = [Caller(requests) for _ in range(CONNECTIONS)]
    began = time.perf_counter()
    for caller in callers:
        await loop.create_connection(lambda caller=caller: caller, "127.0.0.1", target.port)  # type: ignore[misc]
    await asyncio.sleep(seconds)
    took = time.perf_counter() - began
    for caller in callers:
        caller.hang_up()
    waits = sorted(wait for caller in callers for wait in caller.waits)
    bad = sum(caller.bad for caller in callers)
    return Load(len(waits), took, _percentile(waits, 50), _percentile(waits, 99), bad)


def _request(target: Target, body: str) -> bytes:
    head = [
        f"POST {target.path} HTTP/1.1",
        f"Host: 127.0.0.1:{target.port}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*head, "", body]).encode()


def _percentile(waits: list[float], percent: int) -> float:
    return 1000 * waits[min(len(waits) - 1, len(waits) * percent // 100)] if waits else 0.0


class Caller(asyncio.Protocol):
    """One connection.  Every answer is taken to carry a Content-Length."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        self._requests = requests
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._posted = 0.0
        self.waits: list[float] = []
        self.bad = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by type
        self._post(self._transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._transport and _is_whole(self._received):
            self.waits.append(time.perf_counter() - self._posted)
            self.bad += not _is_screen(self._received)
            self._received = b""
            self._post(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.bad += self._transport is not None

    def hang_up(self) -> None:
        transport, self._transport = self._transport, None
        if transport:
            transport.abort()

    def _post(self, transport: asyncio.Transport) -> None:
        self._posted = time.perf_counter()
        transport.write(next(self._requests))


def _is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    _, _, length = head.lower().partition(b"content-length: ")
    return bool(end) and len(body) >= int(length.partition(b"\r\n")[0] or 0)


def _is_screen(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.startswith(b"HTTP/1.1 2") and body.startswith((b"CON ", b"END "))
