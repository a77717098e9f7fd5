"""Words that were texted and not understood, once enough people have sent the same.

Until `MIN_PEOPLE` different numbers have sent a word in a month, Redis holds keyed hashes of
the word and of the numbers only, both of them other ones each month.  The word itself is
written when the number comes that makes it enough.

    sms:words:MONTH          the hashes of words, at most `MOST_WORDS`         62 days
    sms:word:MONTH:WORD      who sent it, as hashes, at most `MOST_SENDERS`    62 days
    sms:known-words:MONTH    the words, with how many sent each              400 days
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from redis.asyncio import Redis

from runtime.encryption import Seal
from runtime.suppression import MIN_PEOPLE, in_steps

MOST_WORDS = 5000
MOST_SENDERS = 200
LONGEST = 40
MOST_PARTS = 3
HASHES_SECONDS = 62 * 24 * 3600
WORDS_SECONDS = 400 * 24 * 3600

_PARTS = re.compile(r"[^\W_]+(?:['’ʼ-][^\W_]+)*")

_HEARD = f"""
local words, senders, known = KEYS[1], KEYS[2], KEYS[3]
local word, sender, readable = ARGV[1], ARGV[2], ARGV[3]
if redis.call('SISMEMBER', words, word) == 0 then
  if redis.call('SCARD', words) >= {MOST_WORDS} then return end
  redis.call('SADD', words, word)
  redis.call('EXPIRE', words, {HASHES_SECONDS}, 'NX')
end
if redis.call('SCARD', senders) >= {MOST_SENDERS} then return end
if redis.call('SADD', senders, sender) == 0 then return end
redis.call('EXPIRE', senders, {HASHES_SECONDS}, 'NX')
local people = redis.call('SCARD', senders)
if people >= {MIN_PEOPLE} then
  redis.call('HSET', known, readable, people)
  redis.call('EXPIRE', known, {WORDS_SECONDS}, 'NX')
end
"""


@dataclass(frozen=True, slots=True)
class UnknownWord:
    """`people`: at least so many sent it in that month, in steps; `most`: or many more."""

    month: str
    word: str
    people: int

    @property
    def most(self) -> bool:
        return self.people >= in_steps(MOST_SENDERS)


class UnknownWords:
    """Both methods raise `RedisError` when Redis does not answer."""

    def __init__(self, redis: Redis, seal: Seal) -> None:
        self._redis = redis
        self._seal = seal
        self._heard = redis.register_script(_HEARD)

    async def heard(self, text: str, msisdn: str, now: datetime) -> None:
        """Count that this number sent these words, if they may be kept at all."""
        readable = countable(text)
        if readable is None:
            return
        month = month_of(now)
        word = self._seal.index(f"word {month} {readable}")
        sender = self._seal.index(f"word sender {month} {msisdn}")
        keys = [f"sms:words:{month}", f"sms:word:{month}:{word}", f"sms:known-words:{month}"]
        await self._heard(keys=keys, args=[word, sender, readable])

    async def known(self, months: list[str]) -> list[UnknownWord]:
        """The words that enough people sent, by month, most people first."""
        pipe = self._redis.pipeline(transaction=False)
        for month in months:
            pipe.hgetall(f"sms:known-words:{month}")
        found = await pipe.execute()
        return [
            word
            for month, words in zip(months, found, strict=True)
            for word in _of_month(month, words)
        ]


def _of_month(month: str, words: Mapping[str, str]) -> list[UnknownWord]:
    made = [UnknownWord(month, word, _lowered(int(people))) for word, people in words.items()]
    return sorted(made, key=lambda each: (-each.people, each.word))


def _lowered(people: int) -> int:
    """This grows while somebody looks, so it is told in steps."""
    return max(MIN_PEOPLE, in_steps(people))


def month_of(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m}"


def countable(text: str) -> str | None:
    """The words as they are compared; `None` for what could name or be a person's own:
    anything with a digit, long texts, more than `MOST_PARTS` words.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    parts = _PARTS.findall(plain)
    joined = " ".join(parts)
    if not parts or len(parts) > MOST_PARTS or len(joined) > LONGEST:
        return None
    if any(char.isnumeric() for char in plain) or "@" in plain or "/" in plain:
        return None
    return joined
