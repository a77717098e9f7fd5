"""Words that were texted and not understood: counted, and answered twice an hour.

Words are told of once enough people have sent the same.  Until `MIN_PEOPLE` different
numbers have sent a word in a month, Redis holds keyed hashes of the word and of the
numbers only, both of them other ones each month.  The word itself is written when the
number comes that makes it enough.

    sms:words:MONTH          the hashes of words, at most `MOST_WORDS`         until an
    sms:word:MONTH:WORD      who sent it, as hashes, at most `MOST_SENDERS`    hour after
                                                                               the month
    sms:known-words:MONTH    the words, with how many sent each              400 days
    sms:unknown:INDEX        how many such texts a number has lately sent         1 h
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis

from runtime.encryption import Seal
from runtime.partitions import Partitions, partitions_on
from runtime.small_counts import MIN_PEOPLE, in_steps, in_steps_of_people
from sms.outbox import Act

MOST_WORDS = 5000
MOST_SENDERS = 200
LONGEST = 40
MOST_PARTS = 3
ANSWERED_AN_HOUR = 2
"""Texts of one number: two machines that answer each other fall silent."""
WORDS_SECONDS = 400 * 24 * 3600

_PARTS = re.compile(r"[^\W_]+(?:['’ʼ-][^\W_]+)*")

# The body of an act: see `Act` in `sms/outbox/outbox.py`.
_COUNT_WORD = f"""
local call, SMS = redis.call, KEYS[1]

local function count_word(args)
  local words = SMS .. 'words:' .. args.month
  local senders = SMS .. 'word:' .. args.month .. ':' .. args.word
  local known = SMS .. 'known-words:' .. args.month
  if call('SISMEMBER', words, args.word) == 0 then
    if call('SCARD', words) >= {MOST_WORDS} then return end
    call('SADD', words, args.word)
    call('EXPIRE', words, args.seconds, 'NX')
  end
  if call('SCARD', senders) >= {MOST_SENDERS} then return end
  if call('SADD', senders, args.sender) == 0 then return end
  call('EXPIRE', senders, args.seconds, 'NX')
  local people = call('SCARD', senders)
  if people >= {MIN_PEOPLE} then
    call('HSET', known, args.readable, people)
    call('EXPIRE', known, {WORDS_SECONDS}, 'NX')
  end
end
"""
_COUNT_ACT = f"""
{_COUNT_WORD}
if args.word then count_word(args) end
local texts = SMS .. 'unknown:' .. args.index
local count = call('INCR', texts)
call('EXPIRE', texts, 3600, 'NX')
if count <= {ANSWERED_AN_HOUR} then return 'unknown' end
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
    """What was not understood, in Redis."""

    def __init__(self, redis: Redis, seal: Seal, partitions: Partitions | None = None) -> None:
        self._redis = redis
        self._seal = seal
        self._partitions = partitions or partitions_on(redis)
        self._count_word = redis.register_script(f"{_COUNT_WORD} count_word(cjson.decode(ARGV[1]))")

    async def count_apart(self, text: str, msisdn: str, now: datetime) -> None:
        """On a cluster, count the words before the act, which cannot: they stand where those of
        all numbers do.  May be repeated.  Raises `RedisError`.
        """
        if not self._partitions.one and (readable := countable(text)):
            args = {"seconds": seconds_of_month(now), **self._of_word(readable, msisdn, now)}
            keys = self._partitions.shared.declared
            await self._count_word(keys=keys, args=[json.dumps(args)])

    def count_act(self, text: str, msisdn: str, now: datetime) -> Act:
        """Counts that this number sent these words, if they may be kept at all.  Chooses
        `unknown`; nothing, where the number has had its answers.
        """
        args: dict[str, str | int] = {"index": self._seal.index(msisdn)}
        args["seconds"] = seconds_of_month(now)
        if self._partitions.one and (readable := countable(text)):
            args |= self._of_word(readable, msisdn, now)
        return Act(_COUNT_ACT, args)

    def _of_word(self, readable: str, msisdn: str, now: datetime) -> dict[str, str]:
        """A number and a word as they are counted in a month."""
        month, begun = month_of(now), month_start(now)
        word = self._seal.index(f"word {month} {readable}", begun)
        sender = self._sender(msisdn, month, begun)
        return {"readable": readable, "month": month, "word": word, "sender": sender}

    def _sender(self, msisdn: str, month: str, at: datetime | None = None) -> str:
        return self._seal.index(f"word sender {month} {msisdn}", at)

    async def forget(self, msisdn: str, now: datetime) -> int:
        """Forget that this number sent words; how many.  A word that nobody else sent goes too,
        how many people sent another stays.  Raises `RedisError`.
        """
        partition = self._partitions.of(self._seal, msisdn)
        await self._redis.delete(partition.key(f"sms:unknown:{self._seal.index(msisdn)}"))
        months = {month_of(now - timedelta(days=days)) for days in (0, 20, 40, 60)}  # each once
        return sum([await self._forget_month(msisdn, month) for month in months])

    async def _forget_month(self, msisdn: str, month: str) -> int:
        key = self._partitions.shared.key
        words = [str(word) for word in await self._redis.smembers(key(f"sms:words:{month}"))]
        sender = self._sender(msisdn, month)
        pipe = self._redis.pipeline(transaction=False)
        for word in words:
            pipe.srem(key(f"sms:word:{month}:{word}"), sender)
            pipe.exists(key(f"sms:word:{month}:{word}"))
        answers = await pipe.execute()
        unsent = [word for word, sent in zip(words, answers[1::2], strict=True) if not sent]
        if unsent:
            await self._redis.srem(key(f"sms:words:{month}"), *unsent)
        return sum(answers[::2])

    async def known(self, months: list[str]) -> list[UnknownWord]:
        """The words that enough people sent, by month, most people first.  Raises
        `RedisError` when Redis does not answer.
        """
        pipe = self._redis.pipeline(transaction=False)
        for month in months:
            pipe.hgetall(self._partitions.shared.key(f"sms:known-words:{month}"))
        found = await pipe.execute()
        return [
            word
            for month, words in zip(months, found, strict=True)
            for word in _of_month(month, words)
        ]


def _of_month(month: str, words: Mapping[str, str]) -> list[UnknownWord]:
    told = {word: in_steps_of_people(int(people)) for word, people in words.items()}
    made = [UnknownWord(month, word, people) for word, people in told.items()]
    return sorted(made, key=lambda each: (-each.people, each.word))


def month_of(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m}"


def month_start(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def seconds_of_month(moment: datetime) -> int:
    """From then until an hour after its month (UTC): a process may be behind."""
    following = (month_start(moment) + timedelta(days=32)).replace(day=1)
    return int((following - moment).total_seconds()) + 3600


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
