"""Who asked for the series of tips, how far they are, and what is due.

A subscription is asked for, then confirmed; it ends by itself after the last tip,
or at once when the person says so.  Redis holds the number sealed, under a keyed
index, for as long as the subscription lasts and no longer.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from redis.asyncio import Redis

from runtime.encryption import CannotOpen, Seal
from runtime.partitions import WHOLE, Partition, Partitions, partitions_on
from runtime.replication import ReplicatedScripts
from sms.outbox import Act
from sms.series import scripts
from sms.series.calendar import Calendar

AT_ONCE = 1000
"""Subscriptions read in one round trip: many, so that many of them share a text."""


@dataclass(frozen=True, slots=True)
class DueTip:
    """One message that is due: which of a language's tips, to whom, and by which gateway.
    `index`: by which the subscription is found; `todays`: of the number, under the data key in
    use.  `begun`: the random name of the subscription.  `former_key`: as version 0.1.0 named the
    tip in the outbox, where that version began the subscription.
    """

    index: str
    todays: str
    msisdn: str
    language: str
    number: int
    begun: str
    gateway: str
    former_key: str = ""


class Subscriptions:
    """The subscriptions in Redis.  Every method may be called again after a crash."""

    def __init__(
        self,
        redis: Redis,
        seal: Seal,
        calendar: Calendar,
        replicas: int = 0,
        partitions: Partitions | None = None,
    ) -> None:
        self._redis = redis
        self.partitions = partitions or partitions_on(redis)
        self._replicated = ReplicatedScripts(redis, replicas)
        self._seal = seal
        self._calendar = calendar
        self._stop = redis.register_script(scripts.STOP)
        self._due_now = redis.register_script(scripts.DUE_NOW)
        self._move_on = redis.register_script(scripts.MOVE_ON)

    def ask_act(self, msisdn: str, language: str) -> Act:
        """Notes that this person asked; nothing is sent before they confirm.  Chooses
        `asked`, or `already` if the series runs.
        """
        indexes = self._seal.indexes(msisdn)
        return Act(scripts.ASK_ACT, {"indexes": indexes, "language": language})

    def confirm_act(
        self, msisdn: str, languages: Collection[str], gateway: str, now: datetime
    ) -> Act:
        """Begins the series that this person asked for, if they did, by this gateway.
        Chooses its language, one of `languages`; `already` and the language, if it runs; or
        `not asked`.
        """
        offered = dict.fromkeys(languages, True)
        subscriber = self._subscriber(msisdn, gateway, now)
        return Act(scripts.CONFIRM_ACT, {**subscriber, "languages": offered})

    def begin_act(self, msisdn: str, language: str, gateway: str, now: datetime) -> Act:
        """Begins the series with the first tip, unless it runs already.  Chooses nothing."""
        subscriber = self._subscriber(msisdn, gateway, now)
        return Act(scripts.BEGIN_ACT, {**subscriber, "language": language})

    def stop_act(self, msisdn: str) -> Act:
        """Ends the series and forgets the number: nothing of it is sent after this.
        Chooses `stopped`.
        """
        return Act(scripts.STOP_ACT, {"indexes": self._seal.indexes(msisdn)})

    async def stop(self, msisdn: str) -> None:
        """The same, where nothing is answered."""
        partition = self.partitions.of(self._seal, msisdn)
        await self._replicated.run(self._stop, self._seal.indexes(msisdn), partition)

    async def forget(self, msisdn: str) -> None:
        """Forget the number, also that it said STOP.  A tip that waits in the outbox would then
        be sent: `stop`, and let the outbox forget, before.
        """
        partition = self.partitions.of(self._seal, msisdn)
        for index in self._seal.indexes(msisdn):
            await self._redis.zrem(partition.key(scripts.DUE), index)
            of_number = (f"sms:series:{index}", f"sms:asked:{index}", f"sms:stopped:{index}")
            await self._redis.delete(*map(partition.key, of_number))

    async def runs(self, msisdn: str) -> bool:
        """Whether this person gets the series now."""
        partition = self.partitions.of(self._seal, msisdn)
        series = [partition.key(f"sms:series:{each}") for each in self._seal.indexes(msisdn)]
        return bool(await self._redis.exists(*series))

    async def bring_forward(self, msisdn: str, now: datetime) -> bool:
        """Let the next tip be due now; False if this person gets no series."""
        soon = dict.fromkeys(self._seal.indexes(msisdn), now.timestamp())
        due = self.partitions.of(self._seal, msisdn).key(scripts.DUE)
        await self._redis.zadd(due, soon, xx=True)
        return await self.runs(msisdn)

    async def waiting(self, until: datetime) -> int:
        """How many have a tip due by then."""
        pipe = self._redis.pipeline(transaction=False)
        for each in self.partitions.all:
            pipe.zcount(each.key(scripts.DUE), "-inf", until.timestamp())
        return sum(await pipe.execute())

    async def due(self, now: datetime, partition: Partition = WHOLE) -> list[DueTip]:
        """What is due now in a partition, longest due first, at most `AT_ONCE`; nothing outside the
        calendar's hours.
        """
        if not self._calendar.allows(now):
            return []
        found = await self._due_now(keys=partition.declared, args=[now.timestamp(), AT_ONCE])
        tips = {index: self._tip(index, *held) for index, *held in found}
        if lost := [index for index, tip in tips.items() if tip is None]:
            await self._redis.zrem(partition.key(scripts.DUE), *lost)
        return [tip for tip in tips.values() if tip]

    def move_on_act(self, tips: Sequence[DueTip], many: int, now: datetime) -> Act:
        """Moves each person on to the next tip, or to the end of the series, which has so many.
        `tips`: one that is the same for all.  Chooses those who were still at it.
        """
        return Act(
            scripts.MOVE_ON_ACT,
            {
                "people": [self._at(tip) for tip in tips],
                "tip": str(tips[0].number),
                "tips": many,
                "following": self._calendar.next_after(now).timestamp(),
            },
        )

    async def move_on(
        self, tips: Sequence[DueTip], many: int, now: datetime, partition: Partition = WHOLE
    ) -> None:
        """The same, where nothing is sent."""
        args = json.dumps(self.move_on_act(tips, many, now).args)
        await self._move_on(keys=partition.declared, args=[args])

    def _at(self, tip: DueTip) -> list[str]:
        """Whose series it is, and where it stands from now on, if another data key is used."""
        series = [tip.index, tip.begun]
        if tip.todays == tip.index:
            return series
        return [*series, tip.todays, self._seal.seal(tip.msisdn, tip.todays)]

    def _subscriber(
        self, msisdn: str, gateway: str, now: datetime
    ) -> dict[str, str | Sequence[str]]:
        first = self._calendar.first_from(now).timestamp()
        indexes = self._seal.indexes(msisdn)
        return {
            "indexes": indexes,
            "sealed": self._seal.seal(msisdn, indexes[0]),
            "gateway": gateway,
            "first": str(first),
            "begun": uuid4().hex,
        }

    def _tip(self, index: str, *held: str | None) -> DueTip | None:
        """None when the series ended meanwhile, or was sealed with another key."""
        *found, cut = held
        sealed, language, gateway, number, begun = (each or "" for each in found)
        try:
            msisdn = self._seal.open(sealed, index)
        except CannotOpen:
            return None
        todays = index if self._seal.has_one_key else self._seal.index(msisdn)
        former_key = f"series:{index}:{begun}:{number}" if cut is None else ""
        return DueTip(index, todays, msisdn, language, int(number), begun, gateway, former_key)
