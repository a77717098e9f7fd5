"""The append-only file of Redis, made anew from what Redis holds now.

What was deleted or has expired stays in that file until then, encrypted numbers too.

    redis:rewritten   that the file was made anew within the day       24 h
"""

import asyncio
import logging
from contextlib import suppress

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from runtime.redis_client import REDIS_ERRORS, OutageLog

EVERY_SECONDS = 24 * 3600
LOOK_SECONDS = 600.0
PATIENCE_SECONDS = 60.0
_REWRITTEN = "redis:rewritten"

log = logging.getLogger(__name__)


async def rewrite(redis: Redis) -> None:
    """Make the file anew, and wait until that is done.  Raises `REDIS_ERRORS`: `TimeoutError`
    after `PATIENCE_SECONDS`, `ResponseError` where the server forbids it.
    """
    async with asyncio.timeout(PATIENCE_SECONDS):
        await _wait_until_idle(redis)  # one under way may hold what was deleted since
        await redis.bgrewriteaof()
        await _wait_until_idle(redis)


async def rewrite_daily(redis: Redis, stop: asyncio.Event) -> None:
    """Make the file anew once a day, until stopped; Redis out of reach is waited for."""
    outages = OutageLog(log, "append-only file")
    while not stop.is_set():
        try:
            await rewrite_if_due(redis)
            outages.note(None)
        except REDIS_ERRORS as error:
            outages.note(error)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK_SECONDS)


async def rewrite_if_due(redis: Redis) -> bool:
    """Begin it, unless a process did within `EVERY_SECONDS`; whether it was due."""
    if not await redis.set(_REWRITTEN, "", nx=True, ex=EVERY_SECONDS):
        return False
    try:
        await redis.bgrewriteaof()
    except ResponseError:  # forbidden, or under way by itself
        log.warning("append-only file: Redis did not make it anew; it keeps what was deleted")
    return True


async def _wait_until_idle(redis: Redis) -> None:
    while _is_busy(await redis.info("persistence")):  # noqa: ASYNC110 (nothing tells of it)
        await asyncio.sleep(0.05)


def _is_busy(info: dict[str, object]) -> bool:
    names = ("aof_rewrite_in_progress", "aof_rewrite_scheduled")
    return any(str(info.get(name, 0)) == "1" for name in names)
