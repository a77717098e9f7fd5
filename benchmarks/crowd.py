"""More at once than a process takes: `python benchmarks/crowd.py`.

A crowd of hops, and one of texts with calls among them, each in one moment, while Redis is well
and while it is frozen; with lower bounds, with those of `main.py` and with none.  Then what the
two bounds cost a hop that comes alone.
"""

import argparse
import asyncio
import logging
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from timeit import timeit
from typing import cast

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.calls import TURNS, Tally, call_at, hop, text
from benchmarks.servers import machine
from benchmarks.trials.worlds import World, world
from runtime.callbacks import MOST_UNDER_WAY
from runtime.http_server import allow_descriptors
from runtime.load_shedding import Bound, Shed
from runtime.log_limit import LimitedLog
from tests.support.outbox_trials import number
from ussd.sessions import MOST_ASKING

NONE = 10**9
BOUNDS = ((200, 512), (MOST_ASKING, MOST_UNDER_WAY), (NONE, NONE))
OTHER_BOUNDS = Path(__file__).with_name("other_bounds.py")
ALONE_HOPS = 1_000_000
CALLS_SECOND = 20
"""Of those who call while a crowd texts."""


@contextmanager
def frozen(on: World, is_frozen: bool) -> Iterator[None]:
    """Redis answers nobody within the block, if it is to be frozen."""
    pid = on.redis_pid()
    if is_frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def crowd_of_hops(on: World, many: int) -> str:
    tally, began = Tally(), time.perf_counter()
    await asyncio.gather(*(hop(on.port, random.choice(TURNS), tally) for _ in range(many)))
    return f"all answered in {time.perf_counter() - began:.2f} s: {tally}"


async def crowd_of_texts(on: World, many: int) -> str:
    calls = asyncio.create_task(call_at(on.port, CALLS_SECOND, 4))
    await asyncio.sleep(1)
    answered = await asyncio.gather(*(text(on.port, f"in{n}", number(n)) for n in range(many)))
    came = ", ".join(f"{times} x {status}" for status, times in sorted(Counter(answered).items()))
    return f"{came}; calls meanwhile: {await calls}"


async def compare(many: int) -> None:
    print("| in one moment | Redis | bounds (asking, under way) | came out | shed |")
    print("|---|---|---|---|---|")
    for what, crowd in (("hops", crowd_of_hops), ("texts", crowd_of_texts)):
        for is_frozen in (False, True):
            for asking, under_way in BOUNDS:
                program = (str(OTHER_BOUNDS), str(asking), str(under_way))
                with world(program=program) as on:
                    await hop(on.port, TURNS[0], Tally())
                    with frozen(on, is_frozen):
                        came = await crowd(on, many)
                    memory = on.process.memory_info().rss / 1e6
                    await until_counted()
                    key = next(on.redis.scan_iter("shed:*"), "none")
                    shed = cast(dict[str, str], on.redis.hgetall(key))
                bounds = "none" if asking == NONE else f"{asking}, {under_way}"
                redis = "frozen" if is_frozen else "well"
                told = ", ".join(f"{times} {how}" for how, times in shed.items()) or "0"
                print(f"| {many} {what} | {redis} | {bounds} | {came}; {memory:.0f} MB | {told} |")


async def until_counted() -> None:
    """What was shed is told every 10 s."""
    await asyncio.sleep(11)


def cost_alone() -> str:
    bound = Bound(MOST_UNDER_WAY, Shed.UNREAD, LimitedLog(logging.getLogger("bench"), "%d"))

    def through() -> None:
        if not bound.sheds():
            with bound:
                pass

    seconds = 2 * timeit(through, number=ALONE_HOPS) / ALONE_HOPS
    return f"Both bounds cost a hop that comes alone {seconds * 1e6:.2f} µs."


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--many", type=int, default=5000, help="in one moment")
    many = options.parse_args().many
    allow_descriptors()
    print(f"{machine()}\n")
    asyncio.run(compare(many))
    print(f"\n{cost_alone()}")


if __name__ == "__main__":
    main()
