"""How many people asked about a country, by texting or by dialling: it orders the calls.

A person counts once a month for a country.  Who asked is kept, as keyed hashes that are other
ones each month, only until that month is over: an estimate (HyperLogLog) would be smaller, but
whoever has the key can try a number on it as well as on a set, and nobody can be taken out.

    sms:askers:MONTH:CODE    who asked about a country, at most `MOST_PEOPLE`   until an hour
                             after the month
    sms:countries:MONTH      how many asked, by country                             124 days
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from redis.asyncio import Redis

from runtime.encryption import Seal
from runtime.partitions import WHOLE, Partition, Partitions, partitions_on
from runtime.small_counts import in_steps_of_people
from sms.outbox import Act
from sms.unknown_words import month_of, month_start, seconds_of_month

COUNTRY_SECONDS = 124 * 24 * 3600
MOST_PEOPLE = 1000
"""Of a country and month, in a partition; whoever comes after them is not counted."""
MONTHS = 3
"""So many are told of: the present one and those before."""

COUNT_ASKER_LUA = f"""
local function count_asker(askers, counts, country, person, seconds)
  if redis.call('SCARD', askers) >= {MOST_PEOPLE} then return end
  if redis.call('SADD', askers, person) == 0 then return end
  redis.call('EXPIRE', askers, seconds, 'NX')
  redis.call('HSET', counts, country, redis.call('SCARD', askers))
  redis.call('EXPIRE', counts, {COUNTRY_SECONDS}, 'NX')
end
"""

# The body of an act: see `Act` in `sms/outbox/outbox.py`.
_COUNT_ACT = f"""
{COUNT_ASKER_LUA}
count_asker(args.askers, args.counts, args.country, args.person, args.seconds)
return 'reply'
"""


@dataclass(frozen=True, slots=True)
class Asker:
    """A person who asks about a country, as the scripts take them: the keys of who asked and
    of how many; the country, the keyed hash, and for how many seconds it is kept.
    """

    askers: str
    counts: str
    country: str
    person: str
    seconds: int


class CountryRequests:
    """Who asked about which country, in Redis."""

    def __init__(self, redis: Redis, seal: Seal, partitions: Partitions | None = None) -> None:
        self._redis = redis
        self._seal = seal
        self._partitions = partitions or partitions_on(redis)

    def count_act(self, country: str, msisdn: str, now: datetime) -> Act:
        """Counts that this number asked about the country.  Chooses `reply`."""
        partition = self._partitions.of(self._seal, msisdn)
        return Act(_COUNT_ACT, asdict(asker_of(self._seal, country, msisdn, now, partition)))

    async def people(self, countries: Iterable[str], now: datetime) -> Mapping[str, int]:
        """Of each country, at least so many people in the last months; a month in which
        fewer than `MIN_PEOPLE` asked counts as none.  Raises `RedisError`.
        """
        months = [await self._asked_in(moment) for moment in months_until(now)]
        return {
            code: sum(in_steps_of_people(int(counts.get(code, 0))) for counts in months)
            for code in countries
        }

    async def _asked_in(self, month: datetime) -> Mapping[str, int]:
        """How many people asked, by country: whoever asks does so in one partition."""
        pipe, people = self._redis.pipeline(transaction=False), Counter[str]()
        for each in self._partitions.all:
            pipe.hgetall(each.key(_counts_key(month)))
        for counts in await pipe.execute():
            people.update({str(country): int(many) for country, many in counts.items()})
        return people

    async def forget(self, msisdn: str, now: datetime) -> int:
        """Forget that this number asked; about how many countries.  How many people asked
        stays as it was.  Raises `RedisError`.
        """
        pipe, key = (
            self._redis.pipeline(transaction=False),
            self._partitions.of(self._seal, msisdn).key,
        )
        for moment in months_until(now)[:2]:
            person = person_of(self._seal, msisdn, moment)
            for country in await self._redis.hkeys(key(_counts_key(moment))):
                pipe.srem(key(_askers_key(str(country), moment)), person)
        async for estimate in self._redis.scan_iter("sms:country:*", 1000):
            await self._redis.delete(estimate)  # of an earlier version; nobody reads it
        return sum(await pipe.execute())


def asker_of(
    seal: Seal, country: str, msisdn: str, now: datetime, partition: Partition = WHOLE
) -> Asker:
    return Asker(
        askers=partition.key(_askers_key(country, now)),
        counts=partition.key(_counts_key(now)),
        country=country,
        person=person_of(seal, msisdn, now),
        seconds=seconds_of_month(now),
    )


def _askers_key(country: str, moment: datetime) -> str:
    return f"sms:askers:{month_of(moment)}:{country}"


def _counts_key(moment: datetime) -> str:
    return f"sms:countries:{month_of(moment)}"


def person_of(seal: Seal, msisdn: str, moment: datetime) -> str:
    """A number as it is counted in a month."""
    return seal.index(f"country {month_of(moment)} {msisdn}", month_start(moment))


def months_until(now: datetime) -> list[datetime]:
    """A moment in each of the last months, the present one first."""
    moments = [now]
    while len(moments) < MONTHS:
        moments.append(moments[-1].replace(day=1) - timedelta(days=1))
    return moments
