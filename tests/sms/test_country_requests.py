"""How many people asked about a country: counted once each, told of from eleven on."""

from dataclasses import astuple
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from menus.model import Menu
from runtime.settings import Settings
from sms import country_requests
from sms.bootstrap import content_of
from sms.country_requests import (
    COUNT_ASKER_LUA,
    COUNTRY_SECONDS,
    CountryRequests,
    asker_of,
    months_until,
    person_of,
)
from sms.gateways.port import Inbound
from sms.outbox.outbox import Outbox
from sms.series.calendar import Calendar
from sms.series.subscriptions import Subscriptions
from sms.text_handler import TextHandler
from sms.unknown_words import UnknownWords
from tests.support.outboxes import GATEWAY, NUMBER, OTHER, SEAL
from ussd.sessions import HopRecord, Sessions

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


async def ask(redis: Redis, country: str, people: int, now: datetime = NOW) -> None:
    """So many numbers ask, each of them twice."""
    count = redis.register_script(f"{COUNT_ASKER_LUA} count_asker(unpack(ARGV))")
    for n in [*range(people)] * 2:
        await count(args=[*astuple(asker_of(SEAL, country, f"+7701{n:07}", now))])


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
    assert await redis.hgetall("sms:countries:2026-11") == {"TR": "1"}
    sessions = Sessions(redis, SEAL, lambda: NOW)
    for n, number in enumerate((NUMBER, OTHER, OTHER, None)):
        place = ("ru", "embassy_abroad")
        await sessions.record(HopRecord(f"s{n}", number, 4, place, "TR"), "v")
        await sessions.record(HopRecord(f"s{n}", number, 5, place), "v")
    assert await redis.hgetall("sms:countries:2026-11") == {"TR": "2"}
    assert await redis.ttl("sms:countries:2026-11") == COUNTRY_SECONDS
    keys = [key async for key in redis.scan_iter("sms:askers:*")]
    assert keys == ["sms:askers:2026-11:TR"]


async def test_who_asked_is_kept_until_the_month_is_over(redis: Redis) -> None:
    await ask(redis, "TR", 1, datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    assert await redis.ttl("sms:askers:2026-12:TR") == 1800 + 3600
    await ask(redis, "TR", 2, datetime(2026, 12, 1, tzinfo=UTC))
    assert await redis.ttl("sms:askers:2026-12:TR") <= 1800 + 3600


async def test_no_more_people_are_kept_than_a_thousand(redis: Redis) -> None:
    await redis.sadd("sms:askers:2026-11:TR", *range(country_requests.MOST_PEOPLE - 1))
    await ask(redis, "TR", 3)
    assert await redis.scard("sms:askers:2026-11:TR") == country_requests.MOST_PEOPLE
    assert await redis.hgetall("sms:countries:2026-11") == {"TR": "1000"}


async def test_a_number_is_forgotten(redis: Redis) -> None:
    requests = CountryRequests(redis, SEAL)
    for country, people in (("TR", 12), ("KR", 1), ("AE", 0)):
        await ask(redis, country, people)
        await ask(redis, country, people, NOW - timedelta(days=31))
    await redis.pfadd("sms:country:2026-11:TR", "kept by an earlier version")
    told = await requests.people(["TR", "KR", "AE"], NOW)
    assert await requests.forget("+77010000000", NOW) == 4
    assert await requests.forget("+77010000000", NOW) == 0
    assert await requests.people(["TR", "KR", "AE"], NOW) == told
    keys = {key async for key in redis.scan_iter("sms:*")}
    assert keys == {
        f"sms:{key}"
        for key in (
            "askers:2026-10:TR",
            "askers:2026-11:TR",
            "countries:2026-10",
            "countries:2026-11",
        )
    }
