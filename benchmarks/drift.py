"""What a hop and a message cost while the load drifts: `python benchmarks/drift.py`.

Four processes of one service, which answer and send, on one Redis and a stand-in for the gateway.
Hops come at a rate that rises and falls again, then texts, each answered by an SMS.  Of each step
the processor time of the four and of Redis is told, less what they take while nobody comes: where
that is the same for one at any rate, the cost of the service is linear.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil

from benchmarks.calls import call_at
from benchmarks.servers import machine
from benchmarks.trials.processes import text_at, workers_of
from benchmarks.trials.worlds import World, until_sent, world

PROCESSES = 4
HOPS = (25, 50, 100, 200, 300, 200, 100, 50, 25)
TEXTS = (2, 4, 8, 4, 2)
"""A second, in each step.  Of messages no gateway is sent more than 10 calls a second (`Rate`)."""
CALM_SECONDS = 10.0
"""After each step, so that what was begun in it is finished."""


@dataclass(frozen=True, slots=True)
class Step:
    """`each`: seconds of processors for one."""

    rate: int
    many: int
    each: float
    came: str


class Meter:
    """The processor time of the processes and of their Redis."""

    def __init__(self, on: World) -> None:
        self._all = [*workers_of(on.process), psutil.Process(on.redis_pid())]
        assert len(self._all) == PROCESSES + 1
        self._idle = 0.0

    def used(self) -> float:
        """Seconds so far."""
        return sum(sum(each.cpu_times()[:2]) for each in self._all)

    async def watch_idle(self) -> None:
        """Remember what they take in a second in which nobody comes."""
        before, began = self.used(), time.monotonic()
        await asyncio.sleep(2 * CALM_SECONDS)
        self._idle = (self.used() - before) / (time.monotonic() - began)

    async def cost_of(self, work: Awaitable[str]) -> tuple[float, str]:
        """Seconds of processors that the work took beyond that, and what came of it."""
        before, began = self.used(), time.monotonic()
        came = await work
        await asyncio.sleep(CALM_SECONDS)
        return self.used() - before - self._idle * (time.monotonic() - began), came


async def drift(
    meter: Meter, rates: Iterable[int], seconds: float, come: Callable[[int], Awaitable[str]]
) -> list[Step]:
    steps = list[Step]()
    for rate in rates:
        cost, came = await meter.cost_of(come(rate))
        many = int(rate * seconds)
        steps.append(Step(rate, many, cost / many, came))
    return steps


def told(what: str, steps: list[Step]) -> None:
    """The table, and how far the cost of one strays from that of all."""
    mean = sum(each.each * each.many for each in steps) / sum(each.many for each in steps)
    print(f"| {what}/s | {what} | µs of processors each | of the mean | came out |")
    print("|---|---|---|---|---|")
    for step in steps:
        share = f"{step.each / mean:.2f}"
        print(f"| {step.rate} | {step.many} | {step.each * 1e6:.0f} | {share} | {step.came} |")
    print(f"\nMean: {mean * 1e6:.0f} µs.\n")


async def measure(seconds: float) -> None:
    with world("--workers", str(PROCESSES), KOMEK_WORKER="true") as on:

        async def hops(rate: int) -> str:
            return str(await call_at(on.port, rate, seconds))

        async def texts(rate: int) -> str:
            before = len(on.gateway.sent)
            taken, refused = await text_at(on.port, rate, seconds, first=before)
            sent = await until_sent(on.gateway, {*range(before + len(taken))}, CALM_SECONDS)
            twice = sum(many > 1 for many in sent.values())
            return f"{len(sent) - before} sent, {refused} refused, {twice} twice"

        await call_at(on.port, 50, CALM_SECONDS)  # each has read its menu and its words
        await text_at(on.port, 5, CALM_SECONDS, first=10**6)
        await asyncio.sleep(CALM_SECONDS)
        on.gateway.sent.clear()
        meter = Meter(on)
        await meter.watch_idle()
        told("hops", await drift(meter, HOPS, seconds, hops))
        told("messages", await drift(meter, TEXTS, seconds, texts))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=20.0, help="of each step")
    seconds = options.parse_args().seconds
    print(f"{machine()}\n\n{PROCESSES} processes, steps of {seconds:.0f} s.\n")
    asyncio.run(measure(seconds))


if __name__ == "__main__":
    main()
