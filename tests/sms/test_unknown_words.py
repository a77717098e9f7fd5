"""Words that were not understood: hidden until enough people have sent the same."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from runtime.small_counts import MIN_PEOPLE
from sms import unknown_words
from sms.outbox.outbox import Outbox
from sms.unknown_words import UnknownWord, UnknownWords, countable
from tests.support.outboxes import NUMBER, OTHER, SEAL, chosen_by

NOVEMBER = datetime(2026, 11, 22, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)
MONTHS = ["2026-11", "2026-12"]
Sent = Callable[..., Awaitable[None]]


@pytest.fixture
def words(redis: Redis) -> UnknownWords:
    return UnknownWords(redis, SEAL)


@pytest.fixture
def sent(words: UnknownWords, outbox: Outbox) -> Sent:
    """Lets people send a text that is not understood, and is not answered."""

    async def send(text: str, people: range, now: datetime = NOVEMBER) -> None:
        for n in people:
            act = words.count_act(text, f"+7701666{n:04}", now)
            await outbox.put_chosen(uuid4().hex, act, {}, now)

    return send


async def test_a_word_is_hidden_until_eleven_people_sent_it(
    words: UnknownWords, sent: Sent, redis: Redis
) -> None:
    for _ in range(3):
        await sent("Hepl!", range(MIN_PEOPLE - 1))
    assert await words.known(MONTHS) == []
    assert "hepl" not in await everything(redis)
    await sent("HEPL", range(MIN_PEOPLE - 1, MIN_PEOPLE))
    assert await words.known(MONTHS) == [UnknownWord("2026-11", "hepl", MIN_PEOPLE)]


async def test_how_many_is_told_in_steps(words: UnknownWords, sent: Sent) -> None:
    said = []
    for n in range(45):
        await sent("hepl", range(n, n + 1))
        said += [each.people for each in await words.known(MONTHS)]
    assert said == [11] * 9 + [20] * 20 + [40] * 6


async def test_people_of_two_months_are_not_added(words: UnknownWords, sent: Sent) -> None:
    await sent("hepl", range(6))
    await sent("hepl", range(6, 12), DECEMBER)
    assert await words.known(MONTHS) == []


async def test_the_hashes_of_two_months_tell_nothing_together(
    words: UnknownWords, sent: Sent, redis: Redis
) -> None:
    await sent("hepl", range(3))
    await sent("hepl", range(3), DECEMBER)
    november = await redis.smembers("sms:words:2026-11")
    assert november
    assert not november & await redis.smembers("sms:words:2026-12")
    senders = [await redis.smembers(key) async for key in redis.scan_iter("sms:word:*")]
    assert len(senders) == 2
    assert not senders[0] & senders[1]


async def test_memory_is_bounded_and_every_key_ends(
    words: UnknownWords, sent: Sent, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = unknown_words._COUNT_ACT.replace(str(unknown_words.MOST_WORDS), "5")
    monkeypatch.setattr(unknown_words, "_COUNT_ACT", script)
    for letter in "abcdefghij":
        await sent(f"odd{letter}", range(2))
    assert await redis.scard("sms:words:2026-11") == 5
    keys = [key async for key in redis.scan_iter("*")]
    assert len([key for key in keys if key.startswith("sms:word")]) == 6
    for key in keys:
        assert 0 < await redis.ttl(key) <= 31 * 24 * 3600 + 3600


async def everything(redis: Redis) -> str:
    shown = ""
    async for key in redis.scan_iter("*"):
        kind = await redis.type(key)
        read = {"set": redis.smembers, "hash": redis.hgetall, "string": redis.get}[str(kind)]
        shown += f"{key!s}{await read(key)!r}"
    return shown


@pytest.mark.parametrize("text", ["hepl", "+77015550101"])
async def test_a_number_is_answered_twice_an_hour(
    words: UnknownWords, outbox: Outbox, text: str
) -> None:
    def sends(number: str) -> Awaitable[list[str]]:
        return chosen_by(outbox, words.count_act(text, number, NOVEMBER), ["unknown"])

    assert [await sends(NUMBER) for _ in range(4)] == [["unknown"], ["unknown"], [], []]
    assert await sends(OTHER) == ["unknown"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Hepl!", "hepl"),
        ("  КАК\tдела? ", "как дела"),
        ("<script>", "script"),
        ("=1+1", None),
        ("+77015550101", None),
        ("８７０１", None),
        ("write to me@mail.kz", None),
        ("http://x", None),
        ("they took me to the farm", None),
        ("x" * 41, None),
        ("...", None),
        ("", None),
    ],
)
def test_what_may_be_kept(text: str, word: str | None) -> None:
    assert countable(text) == word


async def test_who_sent_a_word_is_forgotten_and_how_many_stays(
    words: UnknownWords, sent: Sent, redis: Redis
) -> None:
    number = "+77016660000"
    await sent("hepl", range(MIN_PEOPLE))
    await sent("only mine", range(1))
    await sent("hepl", range(1), DECEMBER)
    assert await words.forget(number, DECEMBER) == 3
    assert await words.forget(number, DECEMBER) == 0
    assert await words.known(MONTHS) == [UnknownWord("2026-11", "hepl", MIN_PEOPLE)]
    assert await redis.scard("sms:words:2026-11") == 1
    assert await redis.exists("sms:words:2026-12") == 0
