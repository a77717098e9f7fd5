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
from collections.abc import AsyncIterator, Iterator
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
from tests.support.outboxes import GATEWAY
from tests.support.patience import PATIENCE
from tests.support.worker_process import KEY, connect

WORKER = Path(__file__).with_name("worker_process.py")
UNLIMITED = Caps(10**9, 600, 10**9, 10**9, 10**9)
DEADLINE_SECONDS = 240.0
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

    async def owe(self, many: int, lasts: timedelta = timedelta(minutes=15)) -> None:
        """Queue a reply for each of so many numbers."""
        for n in range(many):
            now = datetime.now(UTC)
            put = await self.outbox.put(reply(n, now + lasts), now)
            assert put is PutResult.QUEUED

    async def states(self, many: int) -> Counter[State | None]:
        return Counter([await self.outbox.state_of(str(n)) for n in range(many)])

    async def until_settled(self, many: int) -> Counter[State | None]:
        """The states, when no message is on its way any more."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while ON_ITS_WAY & {*(states := await self.states(many))}:
            assert time.monotonic() < deadline, states
            await asyncio.sleep(0.2)
        return states

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
            yield Trial(redis, url, gateway, Outbox(redis, Seal(KEY), UNLIMITED))


async def killed(kills: int, replies: int) -> list[Count]:
    """Workers are killed one after the other, at random moments of their work."""
    async with trial() as on:
        on.gateway.latency = lambda: random.uniform(0, 0.02)
        await on.owe(replies)
        for _ in range(kills):
            with on.worker(lease=2.0, maintain_every=0.2, replies_at_once=4):
                await asyncio.sleep(random.uniform(0, 0.12))
        with on.worker(lease=2.0, maintain_every=0.2, replies_at_once=4):
            before = await on.until_settled(replies)
        await on.report_all()
        after = await on.states(replies)
        return _after_kills(on, kills, replies, before, after)


def _after_kills(
    on: Trial,
    kills: int,
    replies: int,
    before: Counter[State | None],
    after: Counter[State | None],
) -> list[Count]:
    texted = on.gateway.times()
    twice = sum(times > 1 for times in texted.values())
    never_taken = replies - len(texted)
    in_flight = kills * 4
    left = after[State.UNKNOWN] + after[State.ACCEPTED]
    return [
        Count(f"kill -9 of the worker over {replies} replies", kills, "", True),
        Count("numbers texted twice", twice, "0", twice == 0),
        Count("accepted", before[State.ACCEPTED], "", True),
        Count(
            "unknown (in flight at a kill)",
            before[State.UNKNOWN],
            f"≤ {in_flight}",
            before[State.UNKNOWN] <= in_flight,
        ),
        Count("in no final or explained state", before[None], "0", before[None] == 0),
        Count(
            "delivered or failed by reports",
            after[State.DELIVERED] + after[State.FAILED],
            f"{len(texted)} (taken by the gateway)",
            after[State.DELIVERED] + after[State.FAILED] == len(texted),
        ),
        Count(
            "still unknown, all of which the gateway never got",
            left,
            str(never_taken),
            left == never_taken,
        ),
    ]


async def hung(sends: int, read: float = 1.0) -> list[Count]:
    """The gateway takes every message and does not answer."""
    async with trial() as on:
        on.gateway.mode, on.gateway.hang_seconds = "hang", read + 0.5
        await on.owe(sends)
        with on.worker(read=read, maintain_every=0.2, replies_at_once=16) as worker:
            before = await on.until_settled(sends)
            on.gateway.mode = "accept"
            await asyncio.sleep(1.0)  # time to send again, if anything would
            worker.send_signal(signal.SIGTERM)
            worker.wait(PATIENCE)
        await on.report_all()
        after = await on.states(sends)
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
            states = await on.until_settled(replies)
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
