"""The outbox from outside: what waits, and who sends."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from sms.outbox.messages import Queue
from sms.outbox.outbox import Outbox
from sms.outbox.scripts import GROUP
from sms.outbox.worker import WorkerConfig


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
class OutboxState:
    """Messages that wait or are being sent, by queue; those that are to be tried again;
    and the workers, the one that asked last first.
    """

    waiting: Mapping[Queue, int]
    later: int
    workers: tuple[Worker, ...]


async def outbox_state(redis: Redis, outbox: Outbox) -> OutboxState:
    """Ask Redis.  Raises `RedisError` when it does not answer."""
    waiting, later = await outbox.waiting(), int(await redis.zcard("sms:later"))
    idle: dict[str, float] = {}
    for queue in Queue:
        for each in await _consumers(redis, queue):
            name, seconds = str(each["name"]), int(each["idle"]) / 1000
            idle[name] = min(seconds, idle.get(name, seconds))
    workers = sorted((Worker(*each) for each in idle.items()), key=lambda each: each.idle)
    return OutboxState(waiting, later, tuple(workers))


async def _consumers(redis: Redis, queue: Queue) -> list[dict[str, Any]]:
    """None before the first worker came."""
    try:
        return list(await redis.xinfo_consumers(f"sms:queue:{queue}", GROUP))
    except ResponseError:
        return []
