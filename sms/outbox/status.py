"""The outbox as others see it: what waits, for how many people, who sends, what went wrong.

Nothing outside this package names a key of the outbox.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from runtime.encryption import INDEX_DIGITS
from runtime.partitions import Partition, Partitions, partitions_on
from sms.outbox.counts import counts_key
from sms.outbox.messages import BLANK, Queue
from sms.outbox.outbox import Outbox, own_state
from sms.outbox.scripts import CAPS, GROUP
from sms.outbox.worker import WorkerConfig

ENOUGH = 500
"""People of a queue who are looked at, to see that they are enough."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that sends, and for how many seconds it has not asked for work."""

    name: str
    idle: float

    @property
    def alive(self) -> bool:
        """Whether its messages are still left to it."""
        return self.idle < WorkerConfig().lease


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """Messages that wait or are being sent, by queue; those that are to be tried again; the
    workers, the one that asked last first; which caps of the service were met within the hour;
    how many messages could not be read within the last days.
    """

    waiting: Mapping[Queue, int]
    later: int
    workers: tuple[Worker, ...]
    caps_met: Mapping[str, bool]
    set_aside: int

    @property
    def worker_alive(self) -> bool:
        return any(each.alive for each in self.workers)


async def read_outbox_status(redis: Redis, outbox: Outbox) -> OutboxStatus:
    """Ask Redis.  Raises `RedisError` when it does not answer."""
    partitions = outbox.partitions

    def alarm(cap: str) -> str:
        return partitions.shared.key(f"sms:alarm:{cap}")

    return OutboxStatus(
        waiting=await outbox.waiting(),
        later=sum([int(await redis.zcard(each.key("sms:later"))) for each in partitions.all]),
        workers=await _workers(redis, partitions),
        caps_met={cap: bool(await redis.exists(alarm(cap))) for cap in CAPS},
        set_aside=await outbox.set_aside_count(),
    )


async def first_in_line(
    redis: Redis, queue: Queue, partitions: Partitions | None = None
) -> str | None:
    """The entry that waits longest, or is being sent; None where nothing waits.  Raises
    `RedisError`.
    """
    pipe = redis.pipeline(transaction=False)
    for each in (partitions or partitions_on(redis)).all:
        pipe.xrange(each.key(f"sms:queue:{queue}"), count=1)
    entries = [found[0][0] for found in await pipe.execute() if found]
    return min(entries, key=_time_of, default=None)


def _time_of(entry: str) -> tuple[int, int]:
    milliseconds, _, number = entry.partition("-")
    return int(milliseconds), int(number)


async def read_counts(
    redis: Redis, now: datetime, partitions: Partitions | None = None
) -> dict[str, int]:
    """What was counted on this day (UTC) so far: see `sms/outbox/counts.py`.  Raises
    `RedisError`.
    """
    key, counts = counts_key(now.astimezone(UTC).date()), Counter[str]()
    pipe = redis.pipeline(transaction=False)
    for each in (partitions or partitions_on(redis)).all:
        pipe.hgetall(each.key(key))
    for found in await pipe.execute():
        counts.update({str(what): int(count) for what, count in found.items()})
    return dict(counts)


async def people_waiting(redis: Redis, queue: Queue, partitions: Partitions | None = None) -> int:
    """At least so many people have a message in the queue.  Raises `RedisError`."""
    people = 0
    for each in (partitions or partitions_on(redis)).all:
        if people < ENOUGH:
            people += await _people_waiting_in(redis, each, queue)
    return people


async def _people_waiting_in(redis: Redis, partition: Partition, queue: Queue) -> int:
    found = await redis.xrevrange(partition.key(f"sms:queue:{queue}"), count=ENOUGH)
    entries = cast(list[tuple[str, dict[str, str]]], found)
    pipe, people = redis.pipeline(transaction=False), 0
    for _, fields in entries:
        if people < ENOUGH:
            people += int(fields.get("size", 1))
            pipe.hmget(partition.key(f"sms:message:{fields['id']}"), ["index", "apart"])
    return len({index for each in await pipe.execute() for index in _waiting(*each)})


def _waiting(indexes: str | None, apart: str | None) -> Iterator[str]:
    """The indexes of the people of a message who are not apart."""
    for place, start in enumerate(range(0, len(indexes or ""), INDEX_DIGITS), 1):
        index = str(indexes)[start : start + INDEX_DIGITS]
        if index != BLANK and not own_state(apart, place):
            yield index


async def _workers(redis: Redis, partitions: Partitions) -> tuple[Worker, ...]:
    idle: dict[str, float] = {}
    for partition, queue in product(partitions.all, Queue):
        for each in await _consumers(redis, partition.key(f"sms:queue:{queue}")):
            name, seconds = str(each["name"]), int(each["idle"]) / 1000
            idle[name] = min(seconds, idle.get(name, seconds))
    return tuple(sorted((Worker(*each) for each in idle.items()), key=lambda each: each.idle))


async def _consumers(redis: Redis, stream: str) -> list[dict[str, Any]]:
    """None before the first worker came."""
    try:
        return list(await redis.xinfo_consumers(stream, GROUP))
    except ResponseError:
        return []
