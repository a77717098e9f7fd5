"""How far the series has come today, told by the counts of the day (UTC).

A person counts once, by their first tip of the day.  So a series whose hours cross midnight
UTC is told from there on anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from redis.asyncio import Redis

from sms.outbox import UNDER_WAY, MessageKind, read_counts
from sms.series.subscriptions import Subscriptions
from sms.states import State


@dataclass(frozen=True, slots=True)
class Progress:
    """People, by what became of their tip.  `due`: not queued yet; `waiting`: queued, or being
    sent; `not_sent`: refused by the gateway, too late, or no longer wanted.
    """

    due: int = 0
    waiting: int = 0
    sent: int = 0
    unknown: int = 0
    not_sent: int = 0

    @property
    def done(self) -> int:
        return self.sent + self.unknown + self.not_sent

    @property
    def left(self) -> int:
        return self.due + self.waiting


async def read_progress(redis: Redis, subscriptions: Subscriptions, now: datetime) -> Progress:
    """Ask Redis.  Raises `RedisError` when it does not answer."""
    due = await subscriptions.waiting(now)
    return progress_of(await read_counts(redis, now), due)


def progress_of(counts: Mapping[str, int], due: int) -> Progress:
    """`counts`: of a day, as `sms/outbox/counts.py` writes them."""

    def people(*whats: str) -> int:
        return sum(counts.get(f"{MessageKind.SERIES} is {what}", 0) for what in whats)

    return Progress(
        due=due,
        waiting=people(UNDER_WAY),
        sent=people(State.ACCEPTED, State.DELIVERED),
        unknown=people(State.UNKNOWN),
        not_sent=people(State.FAILED, State.EXPIRED),
    )
