"""A text or a hop that is interrupted anywhere and comes again, as gateways let them come
again: it has the same effect and the same reply as one that nothing disturbed.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as NoConnection

from menus.live import LiveMenu
from menus.model import Menu
from menus.versions import VersionStore
from runtime.settings import Settings
from sms.bootstrap import content_of
from sms.consent import ConsentHandler
from sms.country_requests import CountryRequests
from sms.gateways.port import Inbound
from sms.outbox.outbox import Outbox
from sms.series.calendar import Calendar
from sms.series.subscriptions import Subscriptions
from sms.text_handler import TextHandler
from sms.unknown_words import UnknownWords
from tests.support.interruptions import Ended, EndsAt, FailingRedis, When
from tests.support.menus_read import read_menu
from tests.support.outboxes import GATEWAY, NOW, NUMBER, SEAL
from tests.support.service import ANY_AGE
from ussd.gateways.africastalking import answers_of, reply
from ussd.hop import Dialogue, Hop
from ussd.screens import Screens
from ussd.sessions import Sessions

SETTINGS = Settings.model_validate({"contacts_oldest_days": ANY_AGE})
TEXTS: dict[str, list[str]] = {
    "a screen": ["HELP"],
    "an embassy": ["ПОСОЛЬСТВО ТУРЦИЯ"],
    "the digest": ["TIPS"],
    "the series": ["SERIES"],
    "the series that was asked for in another language": ["SERIES", "КЕҢЕСТЕР"],
    "the series that runs": ["SERIES", "YES", "SERIES"],
    "yes": ["SERIES", "YES"],
    "yes in another language": ["SERIES", "ДА"],
    "yes twice": ["SERIES", "YES", "YES"],
    "yes to nothing": ["YES"],
    "yes after stop": ["SERIES", "STOP", "YES"],
    "stop": ["SERIES", "YES", "STOP"],
    "stop before yes": ["SERIES", "STOP"],
    "stop of nothing": ["STOP"],
    "words without meaning": ["lorem ipsum"],
    "the last that are answered": ["lorem ipsum", "dolor"],
    "too many of them": ["lorem ipsum", "dolor", "sit amet"],
    "over the cap": ["TIPS", "TIPS", "TIPS", "TIPS"],
    "yes over the cap": ["TIPS", "TIPS", "SERIES", "YES"],
    "stop over the cap": ["SERIES", "YES", "TIPS", "STOP"],
    "an emergency over the cap": ["TIPS", "TIPS", "TIPS", "HELP"],
}
"""Texts of one number in their order; the last one is interrupted."""
DIALS = {
    "the digest": "3*3*2*1",
    "the series": "3*4*5*1",
    "an embassy": "2*4*2*2*узбекистан*1*1",
    "a screen": "1*4*3*1*1",
    "nothing": "3*3*2*0",
}
"""Answers, of which each is a hop."""
LONGEST = 100


@pytest.fixture
async def failing(redis_url: str) -> AsyncIterator[FailingRedis]:
    """A client of the database of `redis`, which is told where to fail."""
    client = FailingRedis.from_url(f"{redis_url}?db=9", decode_responses=True)
    assert isinstance(client, FailingRedis)
    async with client:
        yield client.fail_at(LONGEST, When.BEFORE)


# --- Texts


def answering(redis: Redis, menu: Menu) -> TextHandler:
    return TextHandler(
        content=lambda: content_of(SETTINGS, menu),
        outbox=Outbox(redis, SEAL),
        subscriptions=Subscriptions(redis, SEAL, Calendar()),
        unknown_words=UnknownWords(redis, SEAL),
        country_requests=CountryRequests(redis, SEAL),
        now=lambda: NOW,
    )


async def texted(redis: Redis, menu: Menu, texts: list[str]) -> Inbound:
    """All but the last were answered; the last is to be."""
    await redis.flushdb()
    inbound = [Inbound(f"text-{n}", NUMBER, text) for n, text in enumerate(texts)]
    for each in inbound[:-1]:
        await answering(redis, menu).handle(each, GATEWAY)
    return inbound[-1]


async def undisturbed(redis: Redis, menu: Menu, texts: list[str]) -> list[Any]:
    await answering(redis, menu).handle(await texted(redis, menu, texts), GATEWAY)
    return await snapshot(redis)


@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS)
async def test_a_text_whose_call_to_redis_failed(
    redis: Redis, failing: FailingRedis, menu: Menu, texts: list[str], when: When
) -> None:
    expected = await undisturbed(redis, menu, texts)
    for call in range(1, LONGEST):
        last = await texted(redis, menu, texts)
        try:
            await answering(failing.fail_at(call, when), menu).handle(last, GATEWAY)
        except NoConnection:
            await answering(redis, menu).handle(last, GATEWAY)
        else:
            break
        assert await snapshot(redis) == expected, f"call {call} failed"
    assert 1 < call < LONGEST
    assert await snapshot(redis) == expected


@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS)
async def test_a_text_whose_process_ended(redis: Redis, menu: Menu, texts: list[str]) -> None:
    expected = await undisturbed(redis, menu, texts)
    for wait in range(LONGEST):
        last = await texted(redis, menu, texts)
        try:
            await EndsAt(answering(redis, menu).handle(last, GATEWAY), wait)
        except Ended:
            await answering(redis, menu).handle(last, GATEWAY)
        else:
            break
        assert await snapshot(redis) == expected, f"wait {wait} was the last"
    assert 0 < wait < LONGEST


@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS)
async def test_a_text_that_comes_again_when_it_was_answered(
    redis: Redis, menu: Menu, texts: list[str]
) -> None:
    expected = await undisturbed(redis, menu, texts)
    for _ in range(3):
        await answering(redis, menu).handle(
            Inbound(f"text-{len(texts) - 1}", NUMBER, texts[-1]), GATEWAY
        )
    assert await snapshot(redis) == expected


@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS)
async def test_a_text_that_comes_ten_times_at_once(
    redis: Redis, menu: Menu, texts: list[str]
) -> None:
    expected = await undisturbed(redis, menu, texts)
    last, phones = await texted(redis, menu, texts), answering(redis, menu)
    await asyncio.gather(*(phones.handle(last, GATEWAY) for _ in range(10)))
    assert await snapshot(redis) == expected


async def test_what_comes_again_late_undoes_nothing_that_was_asked_for_since(
    redis: Redis, menu: Menu
) -> None:
    """A STOP whose answer to the gateway was lost; then the person begins anew."""
    for n, text in enumerate(["SERIES", "YES", "STOP", "SERIES", "YES"]):
        await answering(redis, menu).handle(Inbound(f"text-{n}", NUMBER, text), GATEWAY)
    expected = await snapshot(redis)
    await answering(redis, menu).handle(Inbound("text-2", NUMBER, "STOP"), GATEWAY)
    assert await snapshot(redis) == expected
    assert await Subscriptions(redis, SEAL, Calendar()).runs(NUMBER)


# --- Hops

Dial = Callable[[Redis], Dialogue]


@pytest.fixture
def dialogue_on(menu: Menu, screens: Screens, tmp_path: Path) -> Dial:
    live = LiveMenu(SETTINGS.menus_dir, read_menu, VersionStore(tmp_path, read_menu), menu)

    def dialogue(redis: Redis) -> Dialogue:
        subscriptions = Subscriptions(redis, SEAL, Calendar())
        consents = ConsentHandler(Outbox(redis, SEAL), subscriptions, lambda: NOW)
        sessions = Sessions(redis, SEAL, lambda: NOW)
        return Dialogue(live, sessions, lambda _menu: screens, consents.fulfil)

    return dialogue


def hops(text: str) -> list[Hop]:
    answers = answers_of(text)
    return [Hop("ATUid_1", answers[:n], NUMBER) for n in range(len(answers) + 1)]


async def dialled(redis: Redis, text: str, hop: Callable[[Hop], Awaitable[str]]) -> list[Any]:
    """Each screen, and what Redis holds in the end."""
    await redis.flushdb()
    return [await hop(each) for each in hops(text)] + await snapshot(redis)


@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("text", DIALS.values(), ids=DIALS)
async def test_a_hop_whose_call_to_redis_failed(
    redis: Redis, failing: FailingRedis, dialogue_on: Dial, text: str, when: When
) -> None:
    async def hop(each: Hop) -> str:
        before = failing.failed
        screen = await dialogue_on(failing).answer(each)
        repeats = failing.failed and not before
        return reply(await dialogue_on(redis).answer(each) if repeats else screen)

    expected = await dialled(redis, text, hop)
    for call in range(1, LONGEST):
        failing.fail_at(call, when)
        assert await dialled(redis, text, hop) == expected, f"call {call} failed"
        if not failing.failed:
            break
    assert len(hops(text)) < call < LONGEST


@pytest.mark.parametrize("text", DIALS.values(), ids=DIALS)
async def test_a_hop_whose_process_ended(redis: Redis, dialogue_on: Dial, text: str) -> None:
    async def hop(each: Hop) -> str:
        return reply(await dialogue_on(redis).answer(each))

    async def ended(each: Hop) -> str:
        for wait in range(LONGEST):
            try:
                await EndsAt(dialogue_on(redis).answer(each), wait)
            except Ended:
                screen = await hop(each)
            else:
                break
        assert 0 < wait < LONGEST
        return screen

    assert await dialled(redis, text, ended) == await dialled(redis, text, hop)


# --- What Redis holds


async def snapshot(redis: Redis) -> list[Any]:
    """Everything, without the names that chance gives; sealed texts are opened."""
    keys = [str(key) async for key in redis.scan_iter("*")]
    return sorted([await _held(redis, key) for key in keys], key=repr)


async def _held(redis: Redis, key: str) -> Any:
    assert await redis.ttl(key) > 0, key
    if key.startswith("sms:message:"):
        return await _message(redis, key)
    if key.startswith("sms:key:"):
        return key, bool(await redis.get(key))
    read: dict[str, Callable[[], Awaitable[Any]]] = {
        "string": lambda: redis.get(key),
        "hash": lambda: redis.hgetall(key),
        "set": lambda: redis.smembers(key),
        "zset": lambda: redis.zrange(key, 0, -1, withscores=True),
        "stream": lambda: redis.xlen(key),
    }
    return key, _without_chance(key, await read[str(await redis.type(key))]())


async def _message(redis: Redis, key: str) -> Any:
    fields, id_ = await redis.hgetall(key), key.rsplit(":", 1)[1]
    opened = [SEAL.open(str(fields.pop(name)), f"{id_} {name}") for name in ("to", "text")]
    return "sms:message", *opened, {**fields, "entry": ""}


def _without_chance(key: str, held: Any) -> Any:
    if key.startswith("sms:cap:number:"):
        return len(held)
    if key.startswith("sms:series:") and "to" in held:
        return {**held, "to": SEAL.open(held["to"], key.rsplit(":", 1)[1]), "begun": ""}
    if key.startswith("ussd:counts:"):
        return {what: count for what, count in held.items() if what != "repeated hops"}
    return held
