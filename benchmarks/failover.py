"""Redis fails over again and again while people call and text: `python benchmarks/failover.py`.

A primary, two replicas and three sentinels on this machine; `main.py serve` and `main.py worker`
as processes of their own; a stand-in for the gateway, which tells who was texted how often.  The
primary is killed, or frozen, at random moments and comes back when another has taken its place.
`--cluster`: three primaries, with a replica each, of which one at random is lost.
`--kills` and `--freezes` (how often), `--replicas` (how many must have what is acknowledged) and
`--seed` change it.  It ends with 1 where something does not
hold.
"""

import argparse
import asyncio
import random
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.calls import TURNS, Tally, hop, text
from benchmarks.servers import machine
from benchmarks.trials.worlds import SEAL, Row, serving, settings, until_sent
from runtime.partitions import partitions_on
from runtime.redis_client import REDIS_ERRORS, connect
from sms.outbox import Outbox
from tests.support.clustered_redis import ClusteredRedis, clustered_redis
from tests.support.fake_gateway import fake_gateway
from tests.support.outbox_trials import number
from tests.support.replicated_redis import ReplicatedRedis, replicated_redis
from tests.support.service import REPOSITORY, free_port, short_folder

SEED = 20261126
KILLS, FREEZES = 20, 10
TEXTERS, CALLERS = 2, 2
WARM_UP_SECONDS = 5.0
Servers = ReplicatedRedis | ClusteredRedis
Loss = Callable[[Servers, int], None]
MOST_SECONDS = 15.0
"""Until a text is taken again."""


@dataclass
class Load:
    """People who call and text without end, and what came of it.

    A gateway repeats a text that was not taken, so each text ends when it is answered 200.
    """

    port: int
    calls: Tally = field(default_factory=Tally)
    taken: set[int] = field(default_factory=set)
    refused: Counter[int] = field(default_factory=Counter)
    last_taken: float = 0.0
    over: bool = False
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(10**7)))

    async def call(self) -> None:
        while not self.over:
            await hop(self.port, random.choice(TURNS), self.calls)
            await asyncio.sleep(0.02)

    async def text(self) -> None:
        while not self.over:
            n = next(self._numbers)
            while (status := await text(self.port, f"in{n}", number(n))) != 200:
                self.refused[status] += 1
                await asyncio.sleep(0.2)
            self.taken.add(n)
            self.last_taken = time.monotonic()
            await asyncio.sleep(0.05)


async def lift_caps(servers: Servers) -> None:
    """Forever: the trial texts more than the service allows in a minute."""
    redis = connect(servers.url, 1.0)
    pattern = partitions_on(redis).shared.key("sms:cap:*")
    while True:
        with suppress(*REDIS_ERRORS):
            if keys := [key async for key in redis.scan_iter(pattern)]:
                await redis.delete(*keys)
        await asyncio.sleep(0.2)


@contextmanager
def working(env: dict[str, str], log: Path) -> Iterator[None]:
    """`main.py worker`, until the block ends."""
    with log.open("a") as output:
        worker = subprocess.Popen(
            [sys.executable, str(REPOSITORY / "main.py"), "worker"],
            cwd=log.parent,
            env=env,
            stdout=output,
            stderr=output,
        )
    try:
        yield
    finally:
        worker.kill()
        worker.wait()


async def lose_primaries(
    servers: Servers, load: Load, losses: list[Loss]
) -> dict[Loss, list[float]]:
    """How long after each loss of the primary a text was taken again, in seconds."""
    seconds: dict[Loss, list[float]] = {loss: [] for loss in losses}
    for loss in losses:
        await asyncio.sleep(random.uniform(0.5, 2.0))
        began = time.monotonic()
        await asyncio.to_thread(loss, servers, a_primary(servers))
        await until_taken(load)
        seconds[loss].append(time.monotonic() - began)
        await asyncio.to_thread(servers.heal)
    return seconds


async def until_taken(load: Load) -> None:
    """A text that was under way before does not count."""
    began = time.monotonic()
    while load.last_taken < began + 0.2 and time.monotonic() < began + 60:  # noqa: ASYNC110
        await asyncio.sleep(0.05)


def a_primary(servers: Servers) -> int:
    if isinstance(servers, ReplicatedRedis):
        return servers.primary()
    return random.choice(servers.primaries())


def kill(servers: Servers, primary: int) -> None:
    """It is started again, as a replica, when another has taken its place."""
    servers.kill(primary)
    servers.wait_for_other_than(primary)
    if isinstance(servers, ReplicatedRedis):
        servers.start(primary, servers.primary())
    else:  # the others tell it whom to follow
        servers.start(primary)


def freeze(servers: Servers, primary: int) -> None:
    """When it is back, it does not know that it is the primary no more."""
    servers.send(signal.SIGSTOP, primary)
    servers.wait_for_other_than(primary)
    servers.send(signal.SIGCONT, primary)


async def failed_over(losses: list[Loss], replicas: int, *, cluster: bool) -> list[Row]:
    servers_of = clustered_redis if cluster else replicated_redis
    with servers_of() as servers, fake_gateway() as gateway, short_folder() as folder:
        env = settings(
            folder, gateway, KOMEK_REDIS_URL=servers.url, KOMEK_REDIS_REPLICAS=str(replicas)
        )
        log = folder / "log"
        with serving(port := free_port(), env, log), working(env, log):
            await asyncio.sleep(WARM_UP_SECONDS)
            load = Load(port)
            lifting = asyncio.create_task(lift_caps(servers))
            people = [load.call() for _ in range(CALLERS)] + [load.text() for _ in range(TEXTERS)]
            tasks = [asyncio.create_task(each) for each in people]
            seconds = await lose_primaries(servers, load, losses)
            load.over = True
            await asyncio.gather(*tasks)
            times = await until_sent(gateway, load.taken)
            lifting.cancel()
            unknown = await count_unknown(servers, load, times)
    return rows(load, seconds, times, unknown)


async def count_unknown(servers: Servers, load: Load, times: dict[str, int]) -> tuple[int, int]:
    """Of the taken texts whose number was not texted: how many are known to the outbox, in
    whichever state, and how many are not.
    """
    missing = [n for n in load.taken if number(n) not in times]
    async with connect(servers.url, 5.0) as redis:
        outbox = Outbox(redis, SEAL)
        states = [await outbox.state_of(f"in:africastalking:in{n}") for n in missing]
    return len(states) - states.count(None), states.count(None)


def rows(
    load: Load,
    seconds: dict[Loss, list[float]],
    times: dict[str, int],
    missing: tuple[int, int],
) -> list[Row]:
    twice = sum(many > 1 for many in times.values())
    in_doubt, lost = missing
    good = not (load.calls.failed or load.calls.wrong)
    losses = ", ".join(f"{len(each)} x {loss.__name__}" for loss, each in seconds.items())
    done = f"the primary lost ({losses}), {len(load.taken)} texts taken"
    refused = ", ".join(f"{many} x {status}" for status, many in sorted(load.refused.items()))
    return [
        Row(done, "0 texted twice", f"{twice} texted twice", not twice),
        Row(done, "0 lost", f"{lost} lost, {in_doubt} in doubt and not sent again", not lost),
        Row(f"the same, {len(load.calls.seconds)} hops", "right screens", str(load.calls), good),
        Row("the same", "texts refused while there is none", refused, holds=bool(refused)),
        *(seconds_row(loss.__name__, each) for loss, each in seconds.items()),
    ]


def seconds_row(loss: str, seconds: list[float]) -> Row:
    middle, longest = statistics.median(seconds), max(seconds)
    return Row(
        f"from a {loss} until a text is taken",
        f"≤ {MOST_SECONDS:.0f} s",
        f"{middle:.1f} s at the median, {longest:.1f} s at most",
        longest <= MOST_SECONDS,
    )


async def main() -> bool:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=KILLS)
    options.add_argument("--freezes", type=int, default=FREEZES)
    options.add_argument("--cluster", action="store_true")
    options.add_argument("--replicas", type=int)
    options.add_argument("--seed", type=int, default=SEED)
    chosen = options.parse_args()
    random.seed(chosen.seed)
    print(f"Seed {chosen.seed}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC; {machine()}")
    all_replicas = 1 if chosen.cluster else 2
    replicas = all_replicas if chosen.replicas is None else chosen.replicas
    print(f"KOMEK_REDIS_REPLICAS={replicas} of {all_replicas}\n")
    print("| done | must come out | came out | holds |\n|---|---|---|---|")
    losses: list[Loss] = [*repeat(kill, chosen.kills), *repeat(freeze, chosen.freezes)]
    random.shuffle(losses)
    found = await failed_over(losses, replicas, cluster=chosen.cluster)
    for row in found:
        holds = "yes" if row.holds else "**no**"
        print(f"| {row.done} | {row.wanted} | {row.came} | {holds} |", flush=True)
    return all(row.holds for row in found)


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(main()) else 1)
