"""How fast the series goes out, against a bare loop; `python benchmarks/digest.py`.

Every subscriber is due at a Monday noon in Almaty: one run queues all their tips, and a
worker, a process of its own as in `compose.yaml`, hands them to a real HTTP gateway, another
process, in bulk calls.  A bare loop then makes the same calls through the same client, one
after the other, and again as many at once as the worker does.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil
from redis.asyncio import Redis

from benchmarks.load import Target
from benchmarks.servers import free_port, machine, running, seconds_to_first_answer
from menus.model import Menu
from runtime.embedded_redis import embedded_redis
from runtime.encryption import Seal
from sms.gateways.africastalking_client import AfricasTalkingGateway
from sms.gateways.port import Outbound
from sms.outbox.messages import Queue
from sms.outbox.outbox import Caps, Outbox, PutResult, Rate
from sms.outbox.worker import WorkerConfig, run_worker
from sms.series.calendar import ALMATY, Calendar
from sms.series.run import run_due
from sms.series.scripts import STOPPED
from sms.series.subscriptions import Subscriptions
from tests.support.menus_read import read_menu
from tests.support.trees import MENUS
from tests.support.worker_process import KEY, connect

SUBSCRIBERS = 100_000
MOST_SECONDS = 900.0
AT_ONCE = 50
"""Subscriptions begun at the same time, before anything is measured."""
CONFIG = WorkerConfig(Rate(1e6, 10**6))
GATEWAY = "bench"
NOON = datetime(2026, 11, 16, 12, tzinfo=ALMATY)


def processor_seconds() -> float:
    """Of this process, of Redis and of the gateway, so far."""
    me = psutil.Process()
    return sum(sum(each.cpu_times()[:2]) for each in (me, *me.children(recursive=True)))


def noon() -> datetime:
    return NOON


def number(n: int) -> str:
    """Numbers that no network uses, and none that the gateway reads a code in."""
    return f"+77{n // 10_000:05}0{n % 10_000:04}"


@dataclass
class Load:
    """Subscribers who are due, and what sends to them."""

    redis: Redis
    outbox: Outbox
    subscriptions: Subscriptions
    worker: psutil.Process
    address: str
    megabytes: float = 0.0

    async def subscribe(self, many: int, languages: Sequence[str]) -> None:
        for start in range(0, many, AT_ONCE):
            begun = [
                self._begin(number(n), languages[n % len(languages)])
                for n in range(start, min(start + AT_ONCE, many))
            ]
            assert {*await asyncio.gather(*begun)} == {PutResult.NOTHING}

    async def _begin(self, msisdn: str, language: str) -> PutResult:
        act = self.subscriptions.begin_act(msisdn, language, GATEWAY, NOON)
        return await self.outbox.put_chosen(f"begin {msisdn}", act, {}, NOON)

    async def send_all(self, menu: Menu) -> float:
        """Queue and send all that is due; the seconds it took, `MOST_SECONDS` at most."""
        began = time.monotonic()
        with suppress(TimeoutError):
            async with asyncio.timeout(MOST_SECONDS):
                await run_due(self.subscriptions, self.outbox, menu, Calendar(), noon)
                print(f"all queued after {time.monotonic() - began:.1f} s")
                while (await self.outbox.waiting())[Queue.SERIES]:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        return time.monotonic() - began

    async def watch_memory(self) -> None:
        """Keep the most that this process or the worker has held, until cancelled."""
        while True:
            held = max(each.memory_info().rss for each in (psutil.Process(), self.worker))
            self.megabytes = max(self.megabytes, held / 1e6)
            await asyncio.sleep(0.1)

    def calls(self) -> list[Outbound]:
        """What the gateway was asked for."""
        with urllib.request.urlopen(f"{self.address}/fake/calls", timeout=60) as answer:
            return [
                Outbound(tuple(form["to"].split(",")), form["message"])
                for form in json.load(answer)
            ]

    async def bare(self, calls: Iterable[Outbound], at_once: int) -> float:
        """Make these calls and nothing else; the seconds it took."""
        gateway, left = client(self.address), iter(calls)
        began = time.monotonic()

        async def loop() -> None:
            for outbound in left:
                await gateway.send(outbound)

        await asyncio.gather(*(loop() for _ in range(at_once)))
        return time.monotonic() - began


def client(address: str) -> AfricasTalkingGateway:
    return AfricasTalkingGateway("sandbox", "right", address)


async def work(url: str, address: str) -> None:
    """Send what is queued until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with connect(url, 60.0) as redis:
        outbox = Outbox(redis, Seal(KEY), unwanted=STOPPED)
        await run_worker(outbox, {GATEWAY: client(address)}, stop, config=CONFIG, now=noon)


@asynccontextmanager
async def trial(many: int) -> AsyncIterator[Load]:
    """All of it gone when the block ends."""
    target = Target(free_port(), "/fake/mode")
    command = ["-m", "tests.support.fake_gateway", "--port", str(target.port)]
    with (
        tempfile.TemporaryDirectory(prefix="komek-") as folder,
        running(command, target, Path(folder) / "gateway", None) as server,
        embedded_redis(Path(folder) / "redis") as url,
    ):
        seconds_to_first_answer(server, "mode=accept")
        address, seal = f"http://127.0.0.1:{target.port}", Seal(KEY)
        sender = ["-m", "benchmarks.digest", "--work", url, address]
        with running(sender, target, Path(folder) / "worker", None) as worker:
            async with connect(url, 60.0) as redis:
                outbox = Outbox(redis, seal, Caps(series_a_day=many), unwanted=STOPPED)
                subscriptions = Subscriptions(redis, seal, Calendar())
                yield Load(redis, outbox, subscriptions, worker.process, address)


async def measure(many: int, languages: Sequence[str]) -> bool:
    """Print the figures; whether nobody was skipped or texted twice in the time there was."""
    menu = read_menu(MENUS)
    async with trial(many) as on:
        await on.subscribe(many, languages)
        before = psutil.Process().memory_info().rss / 1e6
        watching = asyncio.create_task(on.watch_memory())
        used = -processor_seconds()
        took = await on.send_all(menu)
        used += processor_seconds()
        watching.cancel()
        calls = on.calls()
        texted = [to for call in calls for to in call.to]
        for line in (
            f"{len(texted)} messages in {len(calls)} calls, {took:.1f} s",
            f"{len(texted) / took:.0f} messages/s, {1e6 * used / len(texted):.0f} µs of processors",
            f"{on.megabytes:.0f} MB at the most, {before:.0f} MB before",
            f"{(await on.redis.info('memory'))['used_memory_peak'] / 1e6:.0f} MB in Redis",
        ):
            print(line)
        for at_once in (1, CONFIG.bulk_calls_at_once):
            before_bare = processor_seconds()
            bare = await on.bare(calls, at_once)
            of_bare = processor_seconds() - before_bare
            rate = f"{len(texted) / bare:.0f} messages/s, {1e6 * of_bare / len(texted):.0f} µs"
            ratios = f"ratio {bare / took:.2f}, of processors {of_bare / used:.2f}"
            print(f"bare loop, {at_once} at once: {bare:.1f} s, {rate}, {ratios}")
    twice, missing = len(texted) - len(set(texted)), many - len(set(texted))
    ended = "" if took < MOST_SECONDS else f" (stopped after {MOST_SECONDS:.0f} s)"
    print(f"texted twice: {twice}; not texted: {missing}{ended}")
    return not twice and (not missing or bool(ended))


def main() -> bool:
    parser = argparse.ArgumentParser(description="The series of tips, measured.")
    parser.add_argument("--subscribers", type=int, default=SUBSCRIBERS)
    parser.add_argument("--languages", default="kk,ru,en", help="in turn, one to a subscriber")
    parser.add_argument("--work", nargs=2, metavar=("REDIS", "GATEWAY"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ["NO_PROXY"] = "127.0.0.1"
    if options.work:
        asyncio.run(work(*options.work))
        return True
    print(f"{machine()}\n{options.subscribers} subscribers, {options.languages}")
    return asyncio.run(measure(options.subscribers, options.languages.split(",")))


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
