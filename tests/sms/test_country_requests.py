"""How many people asked about a country: counted once each, told of from eleven on."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from menus.model import Menu
from runtime.settings import Settings
from sms.bootstrap import content_of
from sms.country_requests import (
    COUNTRY_SECONDS,
    CountryRequests,
    country_key,
    months_until,
    person_of,
)
from sms.gateways.gateway import Inbound
from sms.outbox.outbox import Outbox
from sms.series.calendar import Calendar
from sms.series.subscriptions import Subscriptions
from sms.text_handler import TextHandler
from sms.unknown_words import UnknownWords
from tests.support.outboxes import GATEWAY, NUMBER, OTHER, SEAL
from ussd.sessions import HopRecord, Sessions

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url, decode_responses=True)
    async with client:
        await client.flushdb()
        yield client


async def ask(redis: Redis, country: str, people: int, now: datetime = NOW) -> None:
    """So many numbers ask, each of them twice."""
    for n in [*range(people)] * 2:
        await redis.pfadd(country_key(country, now), person_of(SEAL, f"+7701{n:07}", now))


@pytest.mark.parametrize(
    ("people", "told"), [(0, 0), (1, 0), (10, 0), (11, 11), (19, 11), (21, 20), (41, 40)]
)
async def test_people_are_told_of_in_steps_from_eleven_on(
    redis: Redis, people: int, told: int
) -> None:
    await ask(redis, "TR", people)
    assert await CountryRequests(redis, SEAL).people(["TR", "KR"], NOW) == {"TR": told, "KR": 0}


async def test_no_day_of_few_people_is_told_of_by_adding_months(redis: Redis) -> None:
    before = NOW - timedelta(days=31)
    await ask(redis, "TR", 10)
    await ask(redis, "TR", 10, before)
    await ask(redis, "KR", 11, before)
    await ask(redis, "RU", 11, NOW - timedelta(days=123))
    told = await CountryRequests(redis, SEAL).people(["TR", "KR", "RU"], NOW)
    assert told == {"TR": 0, "KR": 11, "RU": 0}


def test_the_months_before() -> None:
    january = datetime(2027, 1, 31, tzinfo=UTC)
    assert [f"{each:%Y-%m}" for each in months_until(january)] == ["2027-01", "2026-12", "2026-11"]


def test_a_number_is_another_one_each_month() -> None:
    later = NOW + timedelta(days=30)
    assert person_of(SEAL, "+77010000000", NOW) != person_of(SEAL, "+77010000000", later)


async def test_who_texts_and_who_dials_is_counted_once(redis: Redis, menu: Menu) -> None:
    """The same person does both, and another one asks by a screen."""
    answering = TextHandler(
        content=lambda: content_of(Settings.model_validate({}), menu),
        outbox=Outbox(redis, SEAL),
        subscriptions=Subscriptions(redis, SEAL, Calendar()),
        unknown_words=UnknownWords(redis, SEAL),
        country_requests=CountryRequests(redis, SEAL),
        now=lambda: NOW,
    )
    for n, text in enumerate(("EMBASSY TURKEY", "ПОСОЛЬСТВО ТУРЦИЯ", "EMBASSY", "HELP")):
        await answering.handle(Inbound(f"text-{n}", NUMBER, text), GATEWAY)
    assert await redis.pfcount(country_key("TR", NOW)) == 1
    sessions = Sessions(redis, SEAL, lambda: NOW)
    for n, number in enumerate((NUMBER, OTHER, OTHER, None)):
        place = ("ru", "embassy_abroad")
        await sessions.record(HopRecord(f"s{n}", number, 4, place, "TR"), "v")
        await sessions.record(HopRecord(f"s{n}", number, 5, place), "v")
    assert await redis.pfcount(country_key("TR", NOW)) == 2
    assert await redis.ttl(country_key("TR", NOW)) == COUNTRY_SECONDS
    keys = [key async for key in redis.scan_iter("sms:country:*")]
    assert keys == [country_key("TR", NOW)]
