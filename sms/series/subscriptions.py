"""Who asked for the series of tips, how far they are, and what is due.

A subscription is asked for, then confirmed; it ends by itself after the last tip,
or at once when the person says so.  Redis holds the number sealed, under a keyed
index, for as long as the subscription lasts and no longer.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from redis.asyncio import Redis

from runtime.encryption import CannotOpen, Seal
from sms.series.calendar import Calendar

ANSWER_WITHIN = timedelta(hours=24)
"""For the confirmation.  Who answers later is asked again."""
KEPT = timedelta(days=60)
"""From the last tip sent.  A series that nobody runs for so long is forgotten."""
STOP_KEPT = timedelta(days=7)
"""For a tip that waits in the outbox just then; it names nobody."""
ONCE = timedelta(hours=48)
"""For which a consent is recognised, as long as the wish for a text is."""
AT_ONCE = 1000
"""Subscriptions read in one round trip: many, so that many of them share a text."""

_DUE = "sms:series:due"

# With a fourth key: the same consent, heard again after STOP, begins nothing.
_BEGIN = """
if KEYS[4] and not redis.call('SET', KEYS[4], '', 'NX', 'EX', ARGV[6]) then return 0 end
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('DEL', KEYS[3])
redis.call('HSET', KEYS[1], 'to', ARGV[1], 'language', ARGV[2], 'next', 0, 'begun', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[5])
return 1
"""

# Only who is still at this tip moves on, so a second run moves nobody twice.
_MOVE_ON = """
if redis.call('HGET', KEYS[1], 'next') ~= ARGV[1] then return 0 end
if tonumber(ARGV[1]) + 1 >= tonumber(ARGV[2]) then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], ARGV[4])
  return 1
end
redis.call('HINCRBY', KEYS[1], 'next', 1)
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[5])
return 1
"""


@dataclass(frozen=True, slots=True)
class DueTip:
    """One message that is due: which of a language's tips, and to whom."""

    index: str
    msisdn: str
    language: str
    number: int
    begun: str

    @property
    def key(self) -> str:
        """Names this tip of this series for good: it is put in the outbox once."""
        return f"series:{self.index}:{self.begun}:{self.number}"


class Subscriptions:
    """The subscriptions in Redis.  Every method may be called again after a crash."""

    def __init__(self, redis: Redis, seal: Seal, calendar: Calendar) -> None:
        self._redis = redis
        self._seal = seal
        self._calendar = calendar
        self._begin = redis.register_script(_BEGIN)
        self._move_on = redis.register_script(_MOVE_ON)

    async def ask(self, msisdn: str, language: str) -> None:
        """Note that somebody asked; nothing is sent before they confirm."""
        await self._redis.set(_asked(self._seal.index(msisdn)), language, ex=ANSWER_WITHIN)

    async def confirm(self, msisdn: str, now: datetime) -> str | None:
        """Begin the series for who asked; its language, or None if nobody did."""
        asked = _asked(self._seal.index(msisdn))
        language = await self._redis.get(asked)
        if language is None:
            return None
        await self.begin(msisdn, str(language), now)
        await self._redis.delete(asked)
        return str(language)

    async def begin(self, msisdn: str, language: str, now: datetime, once: str = "") -> bool:
        """Begin the series with the first tip; False if it is under way already.

        `once` names a consent that may be heard again: for `ONCE` it begins one series.
        """
        index = self._seal.index(msisdn)
        first = self._calendar.first_from(now).timestamp()
        sealed = self._seal.seal(msisdn, index)
        lives = int(KEPT.total_seconds()), int(ONCE.total_seconds())
        args: list[str | float] = [sealed, language, first, index, *lives]
        keys = [_series(index), _DUE, _stopped(index)]
        keys += [f"sms:once:{self._seal.index(once)}"] if once else []
        return bool(await self._begin(keys=keys, args=args))

    async def runs(self, msisdn: str) -> bool:
        """Whether this person gets the series now."""
        return bool(await self._redis.exists(_series(self._seal.index(msisdn))))

    async def bring_forward(self, msisdn: str, now: datetime) -> bool:
        """Let the next tip be due now; False if this person gets no series."""
        index = self._seal.index(msisdn)
        await self._redis.zadd(_DUE, {index: now.timestamp()}, xx=True)
        return await self.runs(msisdn)

    async def stop(self, msisdn: str) -> None:
        """End it and forget the number.  Nothing of it is sent after this."""
        index = self._seal.index(msisdn)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(_series(index), _asked(index))
            pipe.zrem(_DUE, index)
            pipe.set(_stopped(index), "", ex=STOP_KEPT)
            await pipe.execute()

    async def still_wanted(self, indexes: Sequence[str]) -> Collection[str]:
        """Those of the people who have not said stop: asked at the moment of sending."""
        stopped = await self._redis.mget([_stopped(index) for index in indexes])
        return [index for index, said in zip(indexes, stopped, strict=True) if said is None]

    async def waiting(self, until: datetime) -> int:
        """How many have a tip due by then."""
        return int(await self._redis.zcount(_DUE, "-inf", until.timestamp()))

    async def due(self, now: datetime) -> list[DueTip]:
        """What is due now, longest due first, at most `AT_ONCE`; nothing outside the
        calendar's hours.
        """
        if not self._calendar.allows(now):
            return []
        indexes = await self._redis.zrangebyscore(_DUE, "-inf", now.timestamp(), 0, AT_ONCE)
        async with self._redis.pipeline(transaction=False) as pipe:
            for index in indexes:
                pipe.hgetall(_series(str(index)))
            held = await pipe.execute()
        found = {str(index): fields for index, fields in zip(indexes, held, strict=True)}
        tips = {index: self._tip(index, fields) for index, fields in found.items()}
        if lost := [index for index, tip in tips.items() if tip is None]:
            await self._redis.zrem(_DUE, *lost)
        return [tip for tip in tips.values() if tip]

    async def move_on(self, moves: Sequence[tuple[DueTip, int]], now: datetime) -> None:
        """After tips stand in the outbox: each person's next one, or the end of the
        series, which has so many tips.
        """
        following, kept = self._calendar.next_after(now).timestamp(), int(KEPT.total_seconds())
        async with self._redis.pipeline(transaction=False) as pipe:
            for tip, tips in moves:
                args: list[str | float] = [tip.number, tips, following, tip.index, kept]
                await self._move_on(keys=[_series(tip.index), _DUE], args=args, client=pipe)
            await pipe.execute()

    def _tip(self, index: str, held: Mapping[str, str]) -> DueTip | None:
        """None when the series ended meanwhile, or was sealed with another key."""
        try:
            msisdn = self._seal.open(held.get("to", ""), index)
        except CannotOpen:
            return None
        return DueTip(index, msisdn, held["language"], int(held["next"]), held["begun"])


def _series(index: str) -> str:
    return f"sms:series:{index}"


def _stopped(index: str) -> str:
    return f"sms:stopped:{index}"


def _asked(index: str) -> str:
    return f"sms:asked:{index}"
