"""A service, its Redis and its gateway, to be broken on purpose; and one line of the table."""

import asyncio
import base64
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from redis import Redis

from runtime.embedded_redis import embedded_redis
from runtime.encryption import Seal
from sms.outbox.outbox import Outbox
from tests.support.fake_gateway import API_KEY, FakeGateway, fake_gateway
from tests.support.outbox_trials import Count
from tests.support.phones import KEY
from tests.support.service import REPOSITORY, SECRET, free_port, short_folder
from tests.support.worker_process import connect

PROGRAM = (str(REPOSITORY / "main.py"),)
UNLIMITED = "1000000"
SEAL = Seal(base64.b64decode(KEY))
PATIENCE = 180.0
"""For anything to come: others may work on the same machine."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    done: str
    wanted: str
    came: str
    holds: bool


@dataclass
class World:
    """A service, its Redis and its gateway."""

    port: int
    process: psutil.Process
    redis_url: str
    redis: Redis
    gateway: FakeGateway
    folder: Path
    log: Path

    def redis_pid(self) -> int:
        return int(self.redis.info("server")["process_id"])

    def readiness(self) -> int:
        """What `/readyz` answers; 0 where it does not."""
        with suppress(httpx.TransportError):
            address = f"http://127.0.0.1:{self.port}/readyz"
            return httpx.get(address, timeout=5, trust_env=False).status_code
        return 0

    async def seconds_until(self, status: int) -> float:
        """Until `/readyz` answers so; as long as our patience where it does not."""
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE:
            if await asyncio.to_thread(self.readiness) == status:
                break
            await asyncio.sleep(0.05)
        return time.monotonic() - began

    @property
    def told(self) -> list[str]:
        """The lines of its log."""
        return self.log.read_text("utf-8", "replace").splitlines()


def settings(folder: Path, gateway: FakeGateway, **other: str) -> dict[str, str]:
    """The environment of a service in the folder."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KOMEK_")}
    own = {
        "KOMEK_GATEWAY": "africastalking",
        "KOMEK_CALLBACK_SECRET": SECRET,
        "KOMEK_DATA_KEY": KEY,
        "KOMEK_DATA_DIR": str(folder),
        "KOMEK_AT_USERNAME": "sandbox",
        "KOMEK_AT_API_KEY": API_KEY,
        "KOMEK_AT_URL": gateway.base,
        "KOMEK_CONTACTS_OLDEST_DAYS": "100000",
        "KOMEK_WORKER": "false",
        "KOMEK_REPLIES_A_MINUTE": UNLIMITED,
        "KOMEK_REPLIES_A_DAY": UNLIMITED,
        "NO_PROXY": "127.0.0.1",
    }
    return clean | own | other


@contextmanager
def serving(
    port: int, env: dict[str, str], log: Path, *arguments: str, program: Sequence[str] = PROGRAM
) -> Iterator[psutil.Process]:
    """`serve` of a program, from its first answer; killed with its children when the block ends."""
    command = [sys.executable, *program, "serve", "--port", str(port)]
    with log.open("a") as output:
        child = subprocess.Popen(
            [*command, *arguments], cwd=log.parent, env=env, stdout=output, stderr=output
        )
    process = psutil.Process(child.pid)
    try:
        wait_until_alive(port, child, log)
        yield process
    finally:
        kill_family(process)
        child.wait()


def wait_until_alive(port: int, child: subprocess.Popen[bytes], log: Path) -> None:
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE and child.poll() is None:
        with suppress(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5, trust_env=False)
            return
        time.sleep(0.02)
    raise NotStarted(log.read_text("utf-8", "replace")[-600:])


class NotStarted(Exception):
    """The service ended, or did not answer in time."""


def kill_family(process: psutil.Process) -> None:
    """`kill -9` of a process and all that it has started."""
    with suppress(psutil.NoSuchProcess):
        for each in [*process.children(recursive=True), process]:
            with suppress(psutil.NoSuchProcess):
                each.kill()


@contextmanager
def fake_world(folder: Path, data: Path) -> Iterator[World]:
    """A service that starts its own Redis, if it can; programs in the data's folder come first."""
    with fake_gateway() as gateway:
        port, log, path = free_port(), folder / "log", f"{data.parent}:{os.environ['PATH']}"
        env = settings(data, gateway, PATH=path)
        url = f"unix://{data / 'redis.sock'}"
        with serving(port, env, log) as process, Redis.from_url(url) as redis:
            yield World(port, process, url, redis, gateway, folder, log)


@contextmanager
def world(*arguments: str, program: Sequence[str] = PROGRAM, **other: str) -> Iterator[World]:
    """A service on a Redis that is started again when it dies, as an embedded one is."""
    with short_folder() as folder, fake_gateway() as gateway, ExitStack() as stack:
        url = stack.enter_context(embedded_redis(folder / "redis"))
        redis = stack.enter_context(Redis.from_url(url, decode_responses=True))
        port, log = free_port(), folder / "log"
        env = settings(folder, gateway, KOMEK_REDIS_URL=url, **other)
        process = stack.enter_context(serving(port, env, log, *arguments, program=program))
        yield World(port, process, url, redis, gateway, folder, log)


async def lost_of(url: str, acknowledged: set[int]) -> int:
    """How many of the texts have no reply in the outbox, in whichever state."""
    async with connect(url) as redis:
        outbox = Outbox(redis, SEAL)
        found = [await outbox.state_of(f"in:africastalking:in{n}") for n in acknowledged]
    return found.count(None)


async def until_sent(
    gateway: FakeGateway, owed: set[int], patience: float = PATIENCE
) -> dict[str, int]:
    """How often each number was texted, when all were or our patience is over."""
    began = time.monotonic()
    while len(gateway.times()) < len(owed) and time.monotonic() - began < patience:  # noqa: ASYNC110
        await asyncio.sleep(0.2)
    return gateway.times()


def rows_of(counts: list[Count]) -> list[Row]:
    """The counts of a trial of the outbox; the first says what was done."""
    first, *rest = counts
    done = f"{first.number} x {first.what}"
    return [
        Row(f"{done}: {each.what}", each.wanted, str(each.number), each.holds)
        for each in rest
        if each.wanted
    ]
