"""The figures of finished days, in Redis.

A day's counts are made into figures once, when they change no more and somebody first
asks, and are then forgotten: whoever looks twice, at whichever process, after whichever
change of the menu, sees the same.

    figures:dialled:DATE, figures:texted:DATE    figures in JSON          400 days
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial

from redis.asyncio import Redis

from menus.live import LiveMenu
from runtime.small_counts import MIN_PEOPLE, in_steps
from sms.bootstrap import SmsService
from sms.outbox import COUNTS_SECONDS, SETTLED_DAYS, Outbox, Queue, counts_key, people_waiting
from sms.unknown_words import UnknownWord, UnknownWords, month_of
from ussd.sessions import dialled_key
from web.figures.daily import Counts, Figures, dialled_figures, texted_figures

MARGIN = timedelta(minutes=10)
"""After the end of a day, for clocks that differ and hops that are under way."""
MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Day:
    """What is shown of one day.  `None`: not finished or not settled yet."""

    day: date
    dialled: Figures | None
    texted: Figures | None

    @property
    def all(self) -> Figures:
        return {**(self.dialled or {}), **(self.texted or {})}


@dataclass(frozen=True, slots=True)
class _Source:
    """One of the two kinds of counts: after how many days they are settled, where they
    are, and what they are made into.
    """

    name: str
    settled_days: int
    counts_key: Callable[[date], str]
    figures_of: Callable[[Counts], Figures]

    def key(self, day: date) -> str:
        return f"figures:{self.name}:{day}"

    def is_settled(self, day: date, now: datetime) -> bool:
        ends = datetime.combine(day + timedelta(days=self.settled_days), datetime.min.time(), UTC)
        return now >= ends + MARGIN


class FigureStore:
    """The figures in Redis.  Every method raises `RedisError` when Redis does not answer."""

    @classmethod
    def of(cls, sms: SmsService) -> "FigureStore":
        """Of a service, by what it knows of SMS."""
        return cls(sms.redis, sms.menu, sms.outbox, sms.unknown_words)

    def __init__(
        self, redis: Redis, menu: LiveMenu, outbox: Outbox, unknown_words: UnknownWords
    ) -> None:
        self._redis = redis
        self._partitions = outbox.partitions
        self._menu = menu
        self.outbox = outbox
        self._unknown_words = unknown_words

    async def days(self, count: int, now: datetime) -> list[Day]:
        """The last days before today, newest first."""
        today = now.astimezone(UTC).date()
        days = [today - timedelta(days=n) for n in range(1, min(count, MOST_DAYS) + 1)]
        both = [await self._figures(source, days, now) for source in self._sources()]
        return [Day(day, *two) for day, *two in zip(days, *both, strict=True)]

    async def unknown_words(self, now: datetime) -> list[UnknownWord]:
        """Words not understood, of this month and the eleven before."""
        first = now.astimezone(UTC).replace(day=1)
        months = [month_of(first)]
        while len(months) < 12:
            first = (first - timedelta(days=1)).replace(day=1)
            months.append(month_of(first))
        return await self._unknown_words.known(months)

    async def queues(self) -> dict[Queue, int]:
        """Messages that wait or are being sent now, in steps; 0 also where they are of
        fewer than `MIN_PEOPLE` people.
        """
        waiting = await self.outbox.waiting()
        people = {
            queue: await people_waiting(self._redis, queue, self._partitions) for queue in waiting
        }
        shown = {
            queue: count if people[queue] >= MIN_PEOPLE else 0 for queue, count in waiting.items()
        }
        return {queue: in_steps(count) for queue, count in shown.items()}

    def _sources(self) -> tuple[_Source, _Source]:
        menu = self._menu.current
        nodes = [node for node in menu.nodes if node != "start"]
        of_dialled = partial(dialled_figures, languages=list(menu.all_languages), nodes=nodes)
        return (
            _Source("dialled", 1, dialled_key, of_dialled),
            _Source("texted", SETTLED_DAYS, counts_key, texted_figures),
        )

    async def _figures(
        self, source: _Source, days: Sequence[date], now: datetime
    ) -> list[Figures | None]:
        settled = [day for day in days if source.is_settled(day, now)]
        stored = await self._stored(source, settled)
        found = dict(zip(settled, stored, strict=True))
        made = await self._make(source, [day for day in settled if found[day] is None])
        loaded = {day: json.loads(text) for day, text in (found | made).items() if text}
        return [loaded.get(day) for day in days]

    async def _make(self, source: _Source, days: Sequence[date]) -> dict[date, str]:
        """Make days' figures, in JSON, of their counts.

        Of two processes that do so at once, both show what the first has stored.
        """
        if not days:
            return {}
        counted = {day: await self._counts(source.counts_key(day)) for day in days}
        await self._store(source, {day: counts for day, counts in counted.items() if counts})
        stored = await self._stored(source, days)
        return {day: str(text or "{}") for day, text in zip(days, stored, strict=True)}

    async def _stored(self, source: _Source, days: Sequence[date]) -> list[str | None]:
        """Each may stand in a slot of its own."""
        pipe = self._redis.pipeline(transaction=False)
        for day in days:
            pipe.get(source.key(day))
        found: list[str | None] = await pipe.execute()
        return found

    async def _counts(self, key: str) -> Mapping[str, int]:
        """Of all partitions together."""
        pipe, counts = self._redis.pipeline(transaction=False), Counter[str]()
        for each in self._partitions.all:
            pipe.hgetall(each.key(key))
        for found in await pipe.execute():
            counts.update({str(what): int(count) for what, count in found.items()})
        return counts

    async def _store(self, source: _Source, counted: Mapping[date, Mapping[str, int]]) -> None:
        """Put figures in place of the counts, for each day that has none yet.  The figures are
        there before the first count goes, so no other process makes them of the others.
        """
        setting, deleting = (self._redis.pipeline(transaction=False) for _ in range(2))
        for day, counts in counted.items():
            figures = json.dumps(source.figures_of(counts))
            setting.set(source.key(day), figures, nx=True, ex=COUNTS_SECONDS)
            for each in self._partitions.all:
                deleting.delete(each.key(source.counts_key(day)))
        await setting.execute()
        await deleting.execute()
