"""What Komek and Kannel do together when one of them is killed, counted, and how fast a dialled
hop is through Kannel; `python benchmarks/kannel.py`.

Real programs, a real Redis-compatible server, and an SMSC in this process.
"""

import asyncio
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from redis.asyncio import Redis

from runtime.embedded_redis import embedded_redis
from sms.outbox.messages import MessageKind, Outgoing
from sms.outbox.outbox import Outbox
from sms.states import State
from tests.support.kannel import World, world_on
from tests.support.outboxes import SEAL
from tests.support.worker_process import connect
from tests.support.workers import UNLIMITED
from tests.ussd.test_conversations import FILES, turns

SEED = 20261125
KILLS, TEXTS = 100, 1000
DEADLINE_SECONDS = 180.0
WAITING = {State.QUEUED, State.SENDING}
WORKER = Path(__file__).resolve().parents[1] / "tests" / "support" / "kannel_worker.py"


def number(trial: int, n: int) -> str:
    """Numbers in a range that no network uses."""
    return f"+770{trial}{n:07}"


async def main() -> None:
    random.seed(SEED)
    print(f"seed {SEED}, {datetime.now(UTC):%Y-%m-%d}, Python {sys.version.split()[0]}")
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="komek-"))
        url = f"{stack.enter_context(embedded_redis(Path(folder)))}?db=9"
        world = stack.enter_context(world_on(url, 10_000))
        print_hops(world)
        await killed_worker(world, url, 1)
        for trial, name in enumerate(("smsbox", "bearerbox"), 2):
            await killed_program(world, url, trial, name)
        await link_cut(world, url, 4, 1.0)
        await link_cut(world, url, 5, 60.0)


def print_hops(world: World) -> None:
    """Through Kannel, both ways; and the part of it that is Komek's and the relay's."""
    before, seconds = len(world.relay.seconds), []
    for n, file in enumerate(FILES):
        for hop, turn in enumerate(turns(file.read_text(encoding="utf-8"))):
            begins = turn.line.startswith("dial")
            typed = f"*384*55*{turn.text}#".replace("**", "*") if begins else turn.line
            typed = "*384*55#" if begins and not turn.text else typed
            began = time.perf_counter()
            world.smsc.hop(1 if begins else 18, typed, number(0, n), bytes([43, hop]))
            seconds.append(time.perf_counter() - began)
    ours = world.relay.seconds[before:]
    for what, each in (("a hop through Kannel", seconds), ("of that, Komek", ours)):
        p50, p95 = statistics.median(each), statistics.quantiles(each, n=20)[18]
        print(f"{what:40} {len(each):5} hops, p50 {p50 * 1000:5.1f} ms, p95 {p95 * 1000:5.1f} ms")


async def owe(redis: Redis, outbox: Outbox, trial: int) -> None:
    now = datetime.now(UTC)
    ends = now + timedelta(minutes=15)
    texts = (number(trial, n) for n in range(TEXTS))
    owed = [Outgoing(to, to, f"Call 112. {to}", MessageKind.REPLY, ends, "kannel") for to in texts]
    await outbox.put_all(owed, now)
    keys = [key async for key in redis.scan_iter("sms:cap:*")]
    await redis.delete(*keys)  # those of the service would hold back its replies


async def settled(outbox: Outbox, trial: int) -> Counter[State | None]:
    """The states, when no message is on its way any more and no report comes."""
    deadline, before = time.monotonic() + DEADLINE_SECONDS, Counter[State | None]()
    while True:
        states = Counter([await outbox.state_of(number(trial, n)) for n in range(TEXTS)])
        if states == before and not WAITING & {*states}:
            return states
        assert time.monotonic() < deadline, states
        before = states
        await asyncio.sleep(2.0)


def started(world: World, redis_url: str) -> subprocess.Popen[str]:
    """A worker as a process of its own, at work."""
    ask = world.ask
    process = subprocess.Popen(
        [sys.executable, str(WORKER), redis_url, ask.url, ask.password, ask.reports],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    process.stdout.readline()
    return process


async def killed_worker(world: World, redis_url: str, trial: int) -> None:
    async with connect(redis_url) as redis:
        outbox = Outbox(redis, SEAL, UNLIMITED)
        await owe(redis, outbox, trial)
        for _ in range(KILLS):
            worker = started(world, redis_url)
            await asyncio.sleep(random.uniform(0.0, 0.06))
            worker.kill()
            worker.wait()
        worker = started(world, redis_url)
        states = await settled(outbox, trial)
        worker.kill()
        worker.wait()
    tell(world, trial, f"{KILLS} kill -9 of our worker", states)


async def killed_program(world: World, redis_url: str, trial: int, name: str) -> None:
    """Twice while texts go out and come in."""

    def kill() -> None:
        world.kannel.kill(name)
        if name == "bearerbox":
            world.kannel.kill("smsbox")  # it ends by itself, a little later
        world.kannel.start()

    await under_load(world, redis_url, trial, f"{name} killed twice", kill)


async def link_cut(world: World, redis_url: str, trial: int, seconds: float) -> None:
    def cut() -> None:
        world.smsc.cut()
        time.sleep(seconds)
        world.smsc.open()

    await under_load(world, redis_url, trial, f"link down twice for {seconds:.0f} s", cut)


async def under_load(
    world: World, redis_url: str, trial: int, what: str, trouble: Callable[[], None]
) -> None:
    phones = [number(trial, TEXTS + n) for n in range(50)]
    async with connect(redis_url) as redis:
        outbox = Outbox(redis, SEAL, UNLIMITED)
        worker = started(world, redis_url)
        await owe(redis, outbox, trial)
        coming = asyncio.create_task(asyncio.to_thread(come_in, world, phones))
        for _ in range(2):
            await asyncio.sleep(1.0)
            await asyncio.to_thread(trouble)
        await coming
        states = await settled(outbox, trial)
        worker.kill()
        worker.wait()
    tell(world, trial, what, states)
    answered = Counter(len(world.smsc.texts(phone)) for phone in phones)
    print(f"{'  50 texts in meanwhile, replies to each':40} {dict(answered)}")


def come_in(world: World, phones: list[str]) -> None:
    """Each text until Kannel says that it has it, as an SMSC does."""
    for phone in phones:
        while True:
            try:
                world.smsc.text("HELP", phone)
                break
            except Exception:
                time.sleep(0.2)
        time.sleep(0.05)


def tell(world: World, trial: int, what: str, states: Counter[State | None]) -> None:
    arrived = Counter(len(world.smsc.texts(number(trial, n))) for n in range(TEXTS))
    print(f"{what:40} times each arrived: {dict(sorted(arrived.items()))}")
    print(f"{'':40} states: { {str(state): count for state, count in states.items()} }")


if __name__ == "__main__":
    asyncio.run(main())
