"""What is remembered of a dialled session, and how little that is.

The answers come with every hop, or from `ussd/answers.py`, so where the caller is need not
be stored.  Of a session Redis holds which version of the menu it began on, how many answers
were dialled with the code and how many have been heard, for `SESSION_SECONDS` from the last
hop: no number, no text.

In the same step the day is counted.  A caller counts once a day, by their first session
of it: where that session is, and at last was, until the day ends.

    ussd:session:ID     menu, heard, dialled; of a session that counts also its day and place
    ussd:counts:DATE    "sessions", "hops", …: all; "at LANGUAGE NODE": callers  400 days
    ussd:callers:DATE   who has been counted, as keyed hashes that differ from day to
                        day and never leave Redis                                25 h

Whoever is shown a country is counted among those who asked about it
(`sms/country_requests.py`).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from redis.asyncio import Redis

from runtime.clock import utc_now
from runtime.encryption import Seal
from runtime.load_shedding import Bound, Shed
from runtime.log_limit import LimitedLog
from runtime.partitions import Partitions, partitions_on
from runtime.redis_client import OutageLog
from sms.country_requests import COUNT_ASKER_LUA, asker_of
from ussd.scripts import Script, Scripts

SESSION_SECONDS = 600
"""Longer than any network keeps a session open (Africa's Talking: 180 s)."""
COUNTS_SECONDS = 400 * 24 * 3600
CALLERS_SECONDS = 25 * 3600
MOST_ASKING = 2000
"""Hops of a process that wait for Redis.  More than that come faster than it answers, or than we
do: they go by their text, so that below `MOST_UNDER_WAY` there is room for their screens.
"""
NO_LANGUAGE = "-"

log = logging.getLogger(__name__)


def dialled_key(day: date) -> str:
    """The key of the counts of a day (UTC)."""
    return f"ussd:counts:{day}"


def place_counted(language: str, node: str) -> str:
    """The field that counts callers at this place.  A place that depends on what was typed
    is counted by its node alone.
    """
    return f"at {language or NO_LANGUAGE} {node}"


@dataclass(frozen=True, slots=True)
class HopRecord:
    """What Redis is told of a hop: how many `answers` so far, and the place (language and
    node) that they lead to on the version in force; if that tells of a country, which.
    """

    session_id: str
    msisdn: str | None = field(repr=False)
    answers: int
    place: tuple[str, str]
    country: str = ""


# One round trip, and atomic: of two equal hops that arrive together, one is new.
# A session that began on another version than this process holds stays where it was
# counted last: the place is known for the version in force only.
_RECORD = Script(
    f"""
local SESSION, COUNTS, CALLERS = {SESSION_SECONDS}, {COUNTS_SECONDS}, {CALLERS_SECONDS}
"""
    + COUNT_ASKER_LUA
    + """
local session, counts, callers, askers, asked_about = unpack(KEYS)
local version, answers, today, caller, place, country, person, seconds = unpack(ARGV)
local function count(what)
  if redis.call('HINCRBY', counts, what, 1) == 1 then
    redis.call('EXPIRE', counts, COUNTS)
  end
end
local menu, heard, dialled, day, at =
  unpack(redis.call('HMGET', session, 'menu', 'heard', 'dialled', 'day', 'at'))
if not heard then
  count('sessions')
  if caller ~= '' and redis.call('SADD', callers, caller) == 1 then
    redis.call('EXPIRE', callers, CALLERS, 'NX')
    day = today
  end
end
if not heard or tonumber(answers) > tonumber(heard) then
  local what = {'heard', answers}
  local function also(name, value) what[#what + 1], what[#what + 2] = name, value end
  if not menu then menu = version; also('menu', menu) end
  if not dialled then dialled = answers; also('dialled', dialled) end
  count('hops')
  if day == today and menu == version and at ~= place then
    if at then redis.call('HINCRBY', counts, at, -1) else also('day', day) end
    redis.call('HINCRBY', counts, place, 1)
    also('at', place)
  end
  redis.call('HSET', session, unpack(what))
  if country then count_asker(askers, asked_about, country, person, seconds) end
else
  count('repeated hops')
end
redis.call('EXPIRE', session, SESSION)
return {menu, dialled or heard}
"""
)

_END = Script("""
if redis.call('SET', KEYS[1], '', 'NX', 'EX', ARGV[2]) then
  if redis.call('HINCRBY', KEYS[2], ARGV[1], 1) == 1 then
    redis.call('EXPIRE', KEYS[2], ARGV[3])
  end
end
return 1
""")


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """What Redis remembers of a session: the `version` of the menu that it began on, and
    how many answers were dialled with the code, so that no screen asked for them; None
    where Redis cannot tell.
    """

    version: str
    dialled: int | None = None


class Sessions:
    """The sessions in Redis, and the count of them by day.

    Redis down, frozen or slow costs a caller at most `REDIS_SECONDS` and nothing
    else: neither `record` nor `end` raises for it.
    """

    def __init__(
        self,
        redis: Redis,
        seal: Seal,
        now: Callable[[], datetime] = utc_now,
        partitions: Partitions | None = None,
    ) -> None:
        self._redis = redis
        self._partitions = partitions or partitions_on(redis)
        self._seal = seal
        self._now = now
        outages = OutageLog(log, "sessions", "hops go by their text")
        self._scripts = Scripts(redis, outages)
        crowd = LimitedLog(log, "sessions: too many hops at once, %d go by their text")
        self.bound = Bound(MOST_ASKING, Shed.UNRECORDED, crowd)

    async def record(self, hop: HopRecord, version: str) -> SessionRecord:
        """Remember that a session has come this far; a repeated hop changes nothing.

        The version is `version` for a new session, and where Redis cannot tell or is not asked,
        since `MOST_ASKING` hops wait for it.
        """
        if self.bound.sheds():
            return SessionRecord(version)
        with self.bound:
            return await self._recorded(hop, version)

    async def _recorded(self, hop: HopRecord, version: str) -> SessionRecord:
        day = self._now().date()
        where = self._partitions.of(self._seal, hop.msisdn or hop.session_id)
        names = f"ussd:session:{hop.session_id}", dialled_key(day), f"ussd:callers:{day}"
        keys = [*map(where.key, names)]
        caller = self._caller(hop.msisdn, day) if hop.msisdn else ""
        args: list[str | int] = [version, hop.answers, str(day), caller, place_counted(*hop.place)]
        if hop.country and hop.msisdn:
            asker = asker_of(self._seal, hop.country, hop.msisdn, self._now(), where)
            keys += [asker.askers, asker.counts]
            args += [asker.country, asker.person, asker.seconds]
        reply = await self._scripts.run(_RECORD, keys, args)
        if not isinstance(reply, list):
            return SessionRecord(version)
        return SessionRecord(str(reply[0]), int(reply[1]))

    async def end(self, session_id: str, status: str) -> bool:
        """Count that a session ended, once however often it is reported.  False: Redis may not
        know of it.
        """
        where = self._partitions.of(self._seal, session_id)  # of the number nothing is said
        keys = [where.key(f"ussd:ended:{session_id}"), where.key(self._counts_key())]
        args: list[str | int] = [f"ended: {status}", SESSION_SECONDS, COUNTS_SECONDS]
        return await self._scripts.run(_END, keys, args) is not None

    async def forget(self, session_id: str) -> bool:
        """Delete a session, as a Redis does that loses its memory; whether there was one."""
        keys = [each.key(f"ussd:session:{session_id}") for each in self._partitions.all]
        return bool(sum([await self._redis.delete(key) for key in keys]))

    async def forget_caller(self, msisdn: str) -> int:
        """Forget that a number called; on how many days it did.  No session leads to a number,
        and each is gone in `SESSION_SECONDS`.  Raises `RedisError`.
        """
        today = self._now().date()
        days = [today, today - timedelta(days=1)]
        where = self._partitions.of(self._seal, msisdn)
        keys = {where.key(f"ussd:callers:{day}"): self._caller(msisdn, day) for day in days}
        return sum([int(await self._redis.srem(key, who)) for key, who in keys.items()])

    def _caller(self, msisdn: str, day: date) -> str:
        """A number as it is counted on a day."""
        return self._seal.index(f"caller {day} {msisdn}")

    def _counts_key(self) -> str:
        return dialled_key(self._now().date())
