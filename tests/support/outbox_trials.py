"""What the outbox does when everything goes wrong, counted.

Real workers, killed; a real Redis-compatible server; a real HTTP gateway that takes,
hangs and refuses.  Each trial returns counts: `benchmarks/outbox.py` runs them at
length, the tests a short version of each.
"""

import asyncio
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from redis.asyncio import Redis

from runtime.embedded_redis import embedded_redis
from runtime.encryption import Seal
from sms.gateways.africastalking import report_of
from sms.outbox.messages import MessageKind, Outgoing
from sms.outbox.outbox import Caps, Outbox, PutResult
from sms.states import State
from tests.support.fake_gateway import FakeGateway, fake_gateway
from tests.support.outboxes import GATEWAY, put_batch, states
from tests.support.patience import PATIENCE
from tests.support.worker_process import KEY, connect

WORKER = Path(__file__).with_name("worker_process.py")
UNLIMITED = Caps(10**9, 600, 10**9, 10**9, 10**9)
DEADLINE_SECONDS = 240.0
LONG_ENOUGH = timedelta(hours=2)
ON_ITS_WAY = {State.QUEUED, State.SENDING}


@dataclass(frozen=True, slots=True)
class Count:
    """One line of the table: what was counted, and what it must be."""

    what: str
    number: int
    wanted: str
    holds: bool


@dataclass
class Trial:
    """A server, a gateway and an outbox to try."""

    redis: Redis
    redis_url: str
    gateway: FakeGateway
    outbox: Outbox
    seal: Seal

    async def owe(self, many: int, lasts: timedelta = timedelta(minutes=15)) -> None:
        """Queue a reply for each of so many numbers."""
        for n in range(many):
            now = datetime.now(UTC)
            put = await self.outbox.put(reply(n, now + lasts), now)
            assert put is PutResult.QUEUED

    async def owe_batches(self, first: int, sizes: Iterable[int]) -> int:
        """Queue a tip for people from number `first` on; the number after the last one."""
        for size in sizes:
            numbers = [number(n) for n in range(first, first + size)]
            await put_batch(
                self.outbox, numbers, datetime.now(UTC), lasts=LONG_ENOUGH, seal=self.seal
            )
            first += size
        return first

    async def states(self) -> Counter[State]:
        """Of everybody who is owed a message."""
        found = await states(self.redis)
        return Counter(each for several in found.values() for each in several)

    async def until_settled(self) -> Counter[State]:
        """The states, when no message is on its way any more."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while ON_ITS_WAY & {*(found := await self.states())}:
            assert time.monotonic() < deadline, found
            await asyncio.sleep(0.2)
        return found

    async def report_all(self) -> None:
        """Everything that the gateway took is reported, in any order, twice."""
        forms = [form for sent in self.gateway.sent for form in self.gateway.report_forms(sent)] * 2
        random.shuffle(forms)
        for form in forms:
            await self.outbox.report(report_of(form), GATEWAY, datetime.now(UTC))

    @contextmanager
    def worker(self, **options: float) -> Iterator[subprocess.Popen[str]]:
        """A worker that is at work; killed when the block ends, if it still runs."""
        arguments = [self.redis_url, self.gateway.base, json.dumps(options)]
        process = subprocess.Popen(
            [sys.executable, str(WORKER), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert process.stdout
            process.stdout.readline()
            yield process
        finally:
            process.kill()
            process.communicate()


def reply(n: int, expires_at: datetime) -> Outgoing:
    return Outgoing(str(n), number(n), f"Call 112. {n}", MessageKind.REPLY, expires_at)


def number(n: int) -> str:
    """Numbers in a range that no network uses."""
    return f"+7700{n:07}"


@asynccontextmanager
async def trial() -> AsyncIterator[Trial]:
    with (
        tempfile.TemporaryDirectory(prefix="komek-") as folder,
        fake_gateway() as gateway,
        embedded_redis(Path(folder)) as url,
    ):
        async with connect(url) as redis:
            yield Trial(redis, url, gateway, Outbox(redis, Seal(KEY), UNLIMITED), Seal(KEY))


def sizes_of(sends: int) -> list[int]:
    """Of so many batches every tenth is for a hundred, in any order."""
    sizes = [100 if n % 10 == 0 else 1 for n in range(sends)]
    random.shuffle(sizes)
    return sizes


async def killed(kills: int, sends: int, longest: float = 0.12) -> list[Count]:
    """Workers are killed one after the other, at random moments of their work, of which they
    have so many seconds at most.  Half of the messages are replies, half are batches.
    """
    options = {"lease": 2.0, "maintain_every": 0.2, "replies_at_once": 4}
    async with trial() as on:
        on.gateway.latency = lambda: random.uniform(0, 0.02)
        await on.owe(sends // 2, LONG_ENOUGH)
        people = await on.owe_batches(sends // 2, sizes_of(sends - sends // 2))
        for _ in range(kills):
            with on.worker(**options):
                await asyncio.sleep(random.uniform(0, longest))
        with on.worker(**options):
            before = await on.until_settled()
        await on.report_all()
        after = await on.states()
        what = f"kill -9 of the worker over {sends} messages to {people} people"
        return [Count(what, kills, "", True), *_after_kills(on, people, before, after)]


def _after_kills(
    on: Trial, people: int, before: Counter[State], after: Counter[State]
) -> list[Count]:
    texted = on.gateway.times()
    reported = after[State.DELIVERED] + after[State.FAILED]
    return [
        _exactly("numbers texted twice", sum(times > 1 for times in texted.values()), 0),
        Count("accepted", before[State.ACCEPTED], "", True),
        Count("unknown (in flight at a kill)", before[State.UNKNOWN], "", True),
        _exactly("accepted or unknown", before[State.ACCEPTED] + before[State.UNKNOWN], people),
        _exactly(
            "delivered or failed by reports: all whom the gateway took", reported, len(texted)
        ),
        _exactly(
            "still unknown: all whom the gateway never got",
            after[State.UNKNOWN] + after[State.ACCEPTED],
            people - len(texted),
        ),
    ]


async def hung(sends: int, read: float = 1.0) -> list[Count]:
    """The gateway takes every message and does not answer."""
    async with trial() as on:
        on.gateway.mode, on.gateway.hang_seconds = "hang", read + 0.5
        await on.owe(sends)
        with on.worker(read=read, maintain_every=0.2, replies_at_once=16) as worker:
            before = await on.until_settled()
            on.gateway.mode = "accept"
            await asyncio.sleep(1.0)  # time to send again, if anything would
            worker.send_signal(signal.SIGTERM)
            worker.wait(PATIENCE)
        await on.report_all()
        after = await on.states()
        resent = len(on.gateway.sent) - sends
        settled = after[State.DELIVERED] + after[State.FAILED]
        return [
            Count("accepted, then hung", sends, "", True),
            _exactly("unknown", before[State.UNKNOWN], sends),
            _exactly("sent again", resent, 0),
            _exactly("settled by their reports", settled, sends),
        ]


async def refused(replies: int, minutes: float, speed: float) -> list[Count]:
    """The gateway refuses in several ways for so many minutes of a hurried clock.

    Half of the replies live shorter than the outage.
    """
    async with trial() as on:
        ways = ["throttle", "unavailable", "unauthorized"]
        on.gateway.modes = lambda: random.choice(ways)
        began = datetime.now(UTC)
        for n in range(replies):
            ends = began + timedelta(minutes=minutes * (0.5 if n % 2 else 3.0))
            await on.outbox.put(reply(n, ends), began)
        options = {"speed": speed, "began": began.timestamp(), "maintain_every": 0.05}
        with on.worker(**options):
            left = minutes * 60 / speed - (datetime.now(UTC) - began).total_seconds()
            await asyncio.sleep(max(0.0, left))
            refusals, on.gateway.modes = len(on.gateway.calls), None
            recovered = time.monotonic()
            states = await on.until_settled()
            took = int((time.monotonic() - recovered) * speed)
        times = on.gateway.times()
        short = {number(n) for n in range(1, replies, 2)}
        once = sum(times.get(number(n)) == 1 for n in range(0, replies, 2))
        return [
            Count(f"refusals in {minutes:g} minutes, over {replies} replies", refusals, "", True),
            _exactly("unexpired, texted once", once, replies - len(short)),
            _exactly("expired, texted", len(short & times.keys()), 0),
            _exactly("in state expired", states[State.EXPIRED], len(short)),
            Count("seconds from recovery to the last", took, "≤ 120", took <= 120),
        ]


def _exactly(what: str, number: int, wanted: int) -> Count:
    return Count(what, number, str(wanted), number == wanted)
