"""Load shedding: what comes behind too many is answered at once, with less, so that those before
it are answered.  How much was shed is counted for the day, of all processes.

    shed:DATE    how many, by what was shed    48 h

A count moves only while thousands of others are under way, so it tells of no single person.
"""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date
from enum import StrEnum

from redis.asyncio import Redis

from runtime.clock import utc_today
from runtime.log_limit import LimitedLog
from runtime.redis_client import REDIS_ERRORS

REPORT_SECONDS = 10.0
COUNTS_SECONDS = 48 * 3600


class Shed(StrEnum):
    """`UNREAD`: requests answered unread, callers with the numbers and texts with 503.
    `UNRECORDED`: hops answered rightly, and not counted.
    """

    UNREAD = "unread"
    UNRECORDED = "unrecorded"


class Bound:
    """At most `most` at a time in this process; `log` tells of what comes beyond them.

    Who asks enters it, unless it `sheds`.  `uncounted`: what it shed and Redis was not told yet.
    """

    def __init__(self, most: int, what: Shed, log: LimitedLog) -> None:
        self.what = what
        self.uncounted = 0
        self._most = most
        self._log = log
        self._under_way = 0

    def sheds(self) -> bool:
        """Whether one more is too many; then that is noted."""
        if self._under_way < self._most:
            return False
        self.uncounted += 1
        self._log.note()
        return True

    def __enter__(self) -> None:
        self._under_way += 1

    def __exit__(self, *_: object) -> None:
        self._under_way -= 1


async def report_shed(redis: Redis, bounds: Iterable[Bound], stop: asyncio.Event) -> None:
    """Every `REPORT_SECONDS`, and at the end, tell Redis what this process shed.  What it does not
    take waits here.
    """
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), REPORT_SECONDS)
        with suppress(*REDIS_ERRORS):
            for bound in bounds:
                await _report(redis, bound)


async def read_shed(redis: Redis, day: date) -> Mapping[Shed, int]:
    """How much all processes shed on a day (UTC).  Raises `REDIS_ERRORS`."""
    counts = await redis.hgetall(_key(day))
    return {what: int(counts.get(what, 0)) for what in Shed}


async def _report(redis: Redis, bound: Bound) -> None:
    if many := bound.uncounted:
        key = _key(utc_today())
        await redis.hincrby(key, bound.what, many)
        bound.uncounted -= many
        await redis.expire(key, COUNTS_SECONDS)


def _key(day: date) -> str:
    return f"shed:{day}"
