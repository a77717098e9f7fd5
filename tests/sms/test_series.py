"""The series of tips on real Redis, by a clock of ours: once each, in order, to the end."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from redis.asyncio import Redis

from menus.model import Menu
from runtime.encryption import Seal
from sms.outbox.messages import Queue
from sms.outbox.outbox import Caps, Outbox
from sms.series.calendar import ALMATY, Calendar
from sms.series.run import Run, run_due
from sms.series.subscriptions import Subscriptions
from tests.support.workers import Gateway, until_empty, working

MONDAY_NOON = datetime(2026, 11, 16, 12, tzinfo=ALMATY)
CALENDAR = Calendar()


class Publisher:
    """Subscriptions and an outbox on one Redis, and the hands of a clock."""

    def __init__(self, redis: Redis, menu: Menu, caps: Caps | None = None) -> None:
        self.redis = redis
        self.seal = Seal(b"k" * 32)
        self.subscriptions = Subscriptions(redis, self.seal, CALENDAR)
        self.outbox = Outbox(redis, self.seal, caps or Caps())
        self.menu = menu
        self.now = MONDAY_NOON

    async def run(self) -> Run:
        return await run_due(self.subscriptions, self.outbox, self.menu, CALENDAR, lambda: self.now)

    async def queued(self) -> list[tuple[str, str]]:
        """Who is owed which text, in the order of the queue."""
        claimed = await self.outbox.claim(Queue.SERIES, "reader", 1000)  # the first opens the queue
        claimed += await self.outbox.claim(Queue.SERIES, "reader", 1000)
        return [(index, text) for _, index, text in await self.outbox.peek(claimed)]


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        await redis.flushall()
        yield redis


@pytest.fixture
def desk(redis: Redis, menu: Menu) -> Publisher:
    return Publisher(redis, menu)


def number(n: int) -> str:
    return f"+7701{n:07}"


async def test_nothing_is_sent_before_the_person_confirms(desk: Publisher) -> None:
    await desk.subscriptions.ask(number(1), "ru")
    assert await desk.run() == Run()
    assert await desk.subscriptions.confirm(number(1), desk.now) == "ru"
    assert await desk.run() == Run(queued=1)


async def test_consent_without_a_question_begins_nothing(desk: Publisher) -> None:
    assert await desk.subscriptions.confirm(number(1), desk.now) is None
    assert await desk.run() == Run()


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
async def test_each_tip_comes_once_in_order_and_then_it_ends(
    desk: Publisher, language: str
) -> None:
    tips = desk.menu.languages[language].sms.tips
    await desk.subscriptions.begin(number(1), language, desk.now)
    for _ in range(60):
        await desk.run()
        await desk.run()
        desk.now += timedelta(days=1)
    assert [text for _, text in await desk.queued()] == [tip.strip() for tip in tips]
    assert not await desk.subscriptions.runs(number(1))
    assert await desk.subscriptions.waiting(desk.now) == 0
    assert await desk.redis.keys("sms:series:*") == []


async def test_nothing_comes_at_night_or_on_days_off(desk: Publisher) -> None:
    await desk.subscriptions.begin(number(1), "ru", desk.now)
    for hours in (9, 20, 24 * 5, 24 * 6):  # Monday 21:00, Tuesday 08:00, Saturday, Sunday
        desk.now = MONDAY_NOON + timedelta(hours=hours)
        assert await desk.run() == Run()


async def test_who_begins_at_night_gets_the_first_in_the_morning(desk: Publisher) -> None:
    desk.now = MONDAY_NOON + timedelta(hours=11)
    await desk.subscriptions.begin(number(1), "ru", desk.now)
    assert await desk.run() == Run()
    desk.now = MONDAY_NOON + timedelta(hours=21)
    assert await desk.run() == Run(queued=1)


async def test_stop_ends_it_at_once_also_for_what_waits_in_the_outbox(desk: Publisher) -> None:
    await desk.subscriptions.begin(number(1), "ru", desk.now)
    await desk.run()
    index = desk.seal.index(number(1))
    assert await desk.subscriptions.still_wanted([index]) == [index]
    await desk.subscriptions.stop(number(1))
    assert await desk.subscriptions.still_wanted([index]) == []
    desk.now += timedelta(days=7)
    assert await desk.run() == Run()


async def test_who_stopped_can_begin_again_from_the_first_tip(desk: Publisher) -> None:
    await desk.subscriptions.begin(number(1), "ru", desk.now)
    await desk.run()
    await desk.subscriptions.stop(number(1))
    desk.now += timedelta(minutes=5)
    assert await desk.subscriptions.begin(number(1), "ru", desk.now)
    assert await desk.run() == Run(queued=1)
    first = desk.menu.languages["ru"].sms.tips[0].strip()
    assert [text for _, text in await desk.queued()] == [first, first]


async def test_to_begin_twice_is_to_begin_once(desk: Publisher) -> None:
    assert await desk.subscriptions.begin(number(1), "ru", desk.now)
    assert not await desk.subscriptions.begin(number(1), "kk", desk.now)
    assert await desk.run() == Run(queued=1)


class Crash(Exception):
    """The process ends here."""


async def test_a_run_that_is_killed_between_any_two_steps_skips_and_repeats_nobody(
    desk: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The outbox has the tips, and the people have not moved on: the worst moment."""
    await begun(desk, range(50))

    async def crash(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as killed:
        killed.setattr(desk.subscriptions, "move_on", crash)
        for _ in range(3):
            with pytest.raises(Crash):
                await desk.run()
    assert (await desk.run()).queued == 0, "all of it stood in the outbox already"
    texts = await desk.queued()
    assert len(texts) == 50
    assert set(Counter(index for index, _ in texts).values()) == {1}


async def test_a_series_that_another_key_sealed_holds_up_nobody(
    desk: Publisher, menu: Menu
) -> None:
    await desk.subscriptions.begin(number(1), "ru", desk.now)
    other = Subscriptions(desk.redis, Seal(b"o" * 32), CALENDAR)
    await other.begin(number(2), "ru", desk.now)
    assert await desk.run() == Run(queued=1)


async def test_over_the_cap_of_the_day_the_rest_waits_for_the_next_run(
    redis: Redis, menu: Menu
) -> None:
    desk = Publisher(redis, menu, Caps(series_a_day=10))
    for n in range(15):
        await desk.subscriptions.begin(number(n), "ru", desk.now)
    assert await desk.run() == Run(queued=10, held_back=5)
    desk.now += timedelta(days=1)
    assert await desk.run() == Run(queued=5)


async def test_every_key_is_forgotten_some_day_and_none_names_a_number(desk: Publisher) -> None:
    await desk.subscriptions.ask(number(1), "ru")
    await desk.subscriptions.confirm(number(1), desk.now)
    await desk.subscriptions.ask(number(2), "ru")
    await desk.subscriptions.begin(number(3), "ru", desk.now)
    await desk.subscriptions.stop(number(3))
    await desk.run()
    for key in await desk.redis.keys("*"):
        assert await desk.redis.ttl(key) > 0, key
        assert "7701" not in key


async def test_people_with_the_same_tip_share_a_call_whoever_began_between_them(
    desk: Publisher,
) -> None:
    """Three languages and two tips, all mixed: six texts, and takes of a hundred."""
    gateway = Gateway()
    await begun(desk, range(240))
    await desk.run()
    desk.now += CALENDAR.every_days * timedelta(days=1)
    await begun(desk, range(240, 300))
    async with working(desk.outbox, gateway, now=lambda: desk.now):
        await until_empty(desk.outbox)  # the first tip is too late by now
        assert gateway.calls == []
    assert await desk.run() == Run(queued=300)
    async with working(desk.outbox, gateway, now=lambda: desk.now):
        await until_empty(desk.outbox)
    assert sorted(gateway.texted) == [number(n) for n in range(300)]
    assert len({call.text for call in gateway.calls}) == 6
    assert len(gateway.calls) <= 6 + 2, "a call for each text, and one more where a claim ends"


async def begun(desk: Publisher, people: range) -> None:
    """Subscriptions to the languages in turn."""
    for n in people:
        await desk.subscriptions.begin(number(n), ("kk", "ru", "en")[n % 3], desk.now)


async def test_the_next_tip_can_be_brought_forward(desk: Publisher) -> None:
    await desk.subscriptions.begin(number(1), "en", desk.now)
    await desk.run()
    desk.now += timedelta(hours=1)
    assert await desk.run() == Run()
    assert await desk.subscriptions.bring_forward(number(1), desk.now)
    assert await desk.run() == Run(queued=1)
    tips = desk.menu.languages["en"].sms.tips
    assert [text for _, text in await desk.queued()] == list(tips[:2])
    assert not await desk.subscriptions.bring_forward(number(2), desk.now)
    assert await desk.run() == Run()
