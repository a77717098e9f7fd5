"""How many people asked about a country, by texting or by dialling: it orders the calls.

A person counts once a month for a country.  Redis holds an estimate of how many there are
(HyperLogLog), made of keyed hashes that are other ones each month: neither a number nor a
hash can be read back.

    sms:country:MONTH:CODE    who asked about a country, as an estimate    124 days
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from redis.asyncio import Redis

from runtime.encryption import Seal
from runtime.suppression import in_steps_of_people
from sms.outbox import Act
from sms.unknown_words import month_of

COUNTRY_SECONDS = 124 * 24 * 3600
MONTHS = 3
"""So many are told of: the present one and those before."""

# The body of an act: see `Act` in `sms/outbox/outbox.py`.
_COUNT_ACT = f"""
redis.call('PFADD', args.key, args.person)
redis.call('EXPIRE', args.key, {COUNTRY_SECONDS}, 'NX')
return 'reply'
"""


class CountryRequests:
    """Who asked about which country, in Redis."""

    def __init__(self, redis: Redis, seal: Seal) -> None:
        self._redis = redis
        self._seal = seal

    def counting(self, country: str, msisdn: str, now: datetime) -> Act:
        """Counts that this number asked about the country.  Chooses `reply`."""
        person = person_of(self._seal, msisdn, now)
        return Act(_COUNT_ACT, {"key": country_key(country, now), "person": person})

    async def people(self, countries: Iterable[str], now: datetime) -> Mapping[str, int]:
        """Of each country, at least so many people in the last months; a month in which
        fewer than `MIN_PEOPLE` asked counts as none.  Raises `RedisError`.
        """
        codes = [*countries]
        pipe = self._redis.pipeline(transaction=False)
        for code in codes:
            for moment in months_until(now):
                pipe.pfcount(country_key(code, moment))
        counts = [in_steps_of_people(int(count)) for count in await pipe.execute()]
        return {code: sum(counts[n * MONTHS : (n + 1) * MONTHS]) for n, code in enumerate(codes)}


def country_key(country: str, moment: datetime) -> str:
    return f"sms:country:{month_of(moment)}:{country}"


def person_of(seal: Seal, msisdn: str, moment: datetime) -> str:
    """A number as it is counted in a month."""
    return seal.index(f"country {month_of(moment)} {msisdn}")


def months_until(now: datetime) -> list[datetime]:
    """A moment in each of the last months, the present one first."""
    moments = [now]
    while len(moments) < MONTHS:
        moments.append(moments[-1].replace(day=1) - timedelta(days=1))
    return moments
