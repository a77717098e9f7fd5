"""Texts and dialled sessions through a real Kannel, to an SMSC and back.

Both programs of Kannel, the service and the SMSC are started once; the worker runs here, so
that it can be less patient than a real one.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from menus.model import Menu
from runtime.settings import Settings
from sms.bootstrap import content_of
from sms.encoding import SEPTETS, measure
from sms.gateways import kannel_client
from sms.gateways.kannel import KANNEL
from sms.gateways.kannel_client import KannelGateway
from sms.gateways.port import (
    Accepted,
    GatewayError,
    NotSent,
    Outbound,
    Rejected,
    Result,
)
from sms.outbox.counts import counts_key
from sms.outbox.messages import MessageKind, Outgoing
from sms.outbox.outbox import Outbox
from sms.states import State
from tests.support.fake_gateway import API_KEY
from tests.support.kannel import PASSWORD, World, need_kannel, world_on
from tests.support.outboxes import SEAL
from tests.support.patience import PATIENCE
from tests.support.service import (
    ANY_AGE,
    SECRET,
    new_number,
    new_session,
)
from tests.support.smsc import (
    ITS_SESSION_INFO,
    NO_SUCH_NUMBER,
    OK,
    SHORT_CODE,
    SILENT,
    THROTTLED,
    USSD_SERVICE_OP,
    Submitted,
)
from tests.support.workers import UNLIMITED, until, working
from tests.ussd.test_conversations import END, FILES, turns

SETTINGS = Settings.model_validate({"contacts_oldest_days": ANY_AGE})


@pytest.fixture(scope="module")
def world(redis_url: str) -> Iterator[World]:
    need_kannel()
    with world_on(f"{redis_url}?db=9") as world:
        yield world


@pytest.fixture
async def all_well(world: World, redis: Redis) -> World:
    """On an empty database, and everybody does as they should."""
    world.smsc.behave = lambda _each: OK
    world.relay.ways.clear()
    return world


@dataclass
class Post:
    """The outbox of the service, and a gateway to it."""

    redis: Redis
    outbox: Outbox
    gateway: KannelGateway

    async def owe(self, *numbers: str, kind: MessageKind = MessageKind.REPLY) -> None:
        """Queue a text for each, by its number."""
        now = datetime.now(UTC)
        ends = now + timedelta(minutes=15)
        texts = [Outgoing(each, each, "Call 112.", kind, ends, "kannel") for each in numbers]
        await self.outbox.put_all(texts, now)

    async def send(self, number: str, text: str = "Call 112.") -> Result:
        [result] = (await self.gateway.send(Outbound((number,), text, (uuid4().hex,)))).values()
        return result


@pytest.fixture
async def post(all_well: World, redis: Redis) -> AsyncIterator[Post]:
    """With a worker that sends."""
    gateway, outbox = all_well.gateway(), Outbox(redis, SEAL, UNLIMITED)
    async with working(outbox, {"kannel": gateway}):  # type: ignore[dict-item]
        yield Post(redis, outbox, gateway)
    await gateway.aclose()


async def when(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not done():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


# --- Texts


LONG = "Қауіпсіз + & ғ\n екінші жол. " * 20
TEXTS = {
    "every septet": "".join(SEPTETS),
    "Kazakh": "Қауіпсіз + & ғ\nекінші  жол ",
    "Russian": "Вас удерживают? Звоните 112.",
    "Uzbek": "Oʻzbekiston gʻamxoʻrlik: 112 ga qoʻngʻiroq qiling",
    "emoji": "😀 112",
    "long, GSM-7": "Call [112] or write ~ {now}. " * 30,
    "long, UCS-2": LONG[:500],
}


@pytest.mark.parametrize("name", TEXTS)
async def test_the_same_letters_arrive(post: Post, all_well: World, name: str) -> None:
    number, text = new_number(), TEXTS[name]
    assert isinstance(await post.send(number, text), Accepted)
    [arrived] = await asyncio.to_thread(all_well.smsc.wait_for, number)
    assert arrived == text
    parts = [each for each in all_well.smsc.submitted if each.to == number]
    assert len(parts) == measure(text).segments
    assert {each.sender for each in parts} == {SHORT_CODE}


ASKED = {
    "Kazakh": "КӨМЕК",
    "Russian": "ПОМОЩЬ",
    "Uzbek": "yordam kerak, pasportimni olib qoʻyishdi",
    "with signs": "HELP & + ?  =",
    "long": "Меня держат взаперти и не отдают паспорт. " * 6,
    "a country": "ПОСОЛЬСТВО ТУРЦИЯ",
}


@pytest.mark.parametrize("name", ASKED)
async def test_a_text_gets_the_same_reply_as_by_another_gateway(
    post: Post, all_well: World, menu: Menu, name: str
) -> None:
    number, text = new_number(), ASKED[name]
    await asyncio.to_thread(all_well.smsc.text, text, number)
    [arrived] = await asyncio.to_thread(all_well.smsc.wait_for, number)
    assert arrived == content_of(SETTINGS, menu).preview(text, number)


async def test_a_text_is_answered_once_whatever_becomes_of_our_answer(
    post: Post, all_well: World
) -> None:
    """We answer 500, hang, die, or our answer is lost, twice for one of them; all come back."""
    numbers, troubles = [new_number() for _ in range(4)], ["error", "hang", "drop", "lose", "lose"]
    before = len(all_well.relay.seen)

    def posts() -> list[str]:
        return [each for each in all_well.relay.seen[before:] if "/sms?" in each]

    all_well.relay.ways += troubles
    for number in numbers:
        await asyncio.to_thread(all_well.smsc.text, "HELP", number)
    await when(lambda: len(posts()) == len(numbers) + len(troubles))
    for number in numbers:
        await asyncio.to_thread(all_well.smsc.wait_for, number)
    assert len({*posts()}) == len(numbers), "Kannel repeats a text by the same id"
    assert [len(all_well.smsc.texts(number)) for number in numbers] == [1] * len(numbers)


# --- What becomes of a text


@dataclass(frozen=True)
class Fate:
    """What the SMSC does, and in which state that leaves the message."""

    answers: tuple[int, ...]
    receipt: str
    state: State


FATES = {
    "taken": Fate((OK,), "", State.ACCEPTED),
    "delivered": Fate((OK,), "DELIVRD", State.DELIVERED),
    "not delivered": Fate((OK,), "UNDELIV", State.FAILED),
    "expired": Fate((OK,), "EXPIRED", State.FAILED),
    "under way": Fate((OK,), "ENROUTE", State.ACCEPTED),
    "refused": Fate((NO_SUCH_NUMBER,), "", State.FAILED),
    "throttled": Fate((THROTTLED, OK), "DELIVRD", State.DELIVERED),
}


@pytest.mark.parametrize("name", FATES)
async def test_what_the_smsc_does_settles_the_message(
    post: Post, all_well: World, name: str
) -> None:
    """By our own id: no report names a number."""
    number, fate = new_number(), FATES[name]
    answers = iter(fate.answers)
    all_well.smsc.behave = lambda each: next(answers, OK) if each.to == number else OK
    await post.owe(number)
    await asyncio.to_thread(all_well.smsc.wait_for, number, len(fate.answers))
    if fate.receipt:
        last = all_well.smsc.submitted[-1]
        await asyncio.to_thread(all_well.smsc.report, last, fate.receipt)
    await until(post.outbox, number, fate.state)
    assert len(all_well.smsc.texts(number)) == len(fate.answers)
    assert number[1:] not in "".join(all_well.relay.seen)


async def test_a_silent_smsc_leaves_it_with_kannel_and_a_full_queue_is_no_error(
    post: Post, all_well: World
) -> None:
    """And once the link is cut, Kannel itself sends again what was not answered: one text."""
    numbers = tuple(new_number() for _ in range(130))
    all_well.smsc.behave = lambda _each: SILENT
    results = await post.gateway.send(Outbound(numbers, "x", tuple(uuid4().hex for _ in numbers)))
    kinds = [type(each) for each in results.values()]
    assert {*kinds} == {Accepted, NotSent}
    waiting = [each for each in results.values() if isinstance(each, NotSent)]
    assert {each.error for each in waiting} == {None}
    all_well.smsc.behave = lambda _each: OK
    all_well.smsc.cut()
    assert isinstance(await post.send(new_number()), NotSent | Accepted)
    all_well.smsc.open()
    taken = [number for number, each in results.items() if isinstance(each, Accepted)]
    for number in taken:
        await asyncio.to_thread(all_well.smsc.wait_for, number)
    times = [len(all_well.smsc.texts(number)) for number in taken]
    assert sum(each - 1 for each in times) <= 1, "max-pending-submits = 1"
    assert not [number for number in numbers if number not in taken and all_well.smsc.texts(number)]


async def test_the_series_goes_at_the_pace_of_kannels_queue(
    post: Post, all_well: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which holds 60; the SMSC takes its time."""
    monkeypatch.setattr(kannel_client, "PAUSE_SECONDS", 0.05)

    def slowly(_each: Submitted) -> int:
        time.sleep(0.004)
        return OK

    all_well.smsc.behave = slowly
    numbers = [new_number() for _ in range(200)]
    await post.owe(*numbers, kind=MessageKind.SERIES)
    for number in numbers:
        await until(post.outbox, number, State.ACCEPTED)
    for number in numbers:
        await asyncio.to_thread(all_well.smsc.wait_for, number)
    assert [len(all_well.smsc.texts(number)) for number in numbers] == [1] * len(numbers)
    counts = await post.redis.hgetall(counts_key(datetime.now(UTC).date()))
    assert not [what for what in counts if str(what).startswith("trouble")], counts


async def test_a_reply_overtakes_the_series(post: Post, all_well: World) -> None:
    """The SMSC is silent until all wait in Kannel; it has one of the series by then."""
    series, reply = tuple(new_number() for _ in range(10)), new_number()
    all_well.smsc.behave = lambda _each: SILENT
    await post.gateway.send(Outbound(series, "x", bulk=True))
    await post.send(reply)
    all_well.smsc.behave = lambda _each: OK
    await asyncio.to_thread(all_well.smsc.answer)
    for number in (reply, *series):
        await asyncio.to_thread(all_well.smsc.wait_for, number)
    order = [each.to for each in all_well.smsc.submitted if each.to in (reply, *series)]
    assert order.index(reply) == 1


async def test_a_frozen_kannel_is_in_doubt_and_a_report_settles_it(
    post: Post, all_well: World
) -> None:
    number = new_number()
    with all_well.kannel.frozen("bearerbox"):
        await post.owe(number)
        await until(post.outbox, number, State.UNKNOWN)
    await until(post.outbox, number, State.ACCEPTED)
    assert len(all_well.smsc.texts(number)) == 1


REFUSALS: dict[str, tuple[dict[str, str], type[Result], GatewayError]] = {
    "a wrong password": ({"password": "wrong"}, NotSent, GatewayError.ACCOUNT),
    "an unknown user": ({"username": "nobody"}, NotSent, GatewayError.ACCOUNT),
    "no sender": ({"sender": ""}, Rejected, GatewayError.SENDER_ID),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_what_sendsms_refuses(all_well: World, name: str) -> None:
    other, result, error = REFUSALS[name]
    gateway = all_well.gateway(**other)
    results = await gateway.send(Outbound((new_number(),), "x", ("m1",)))
    await gateway.aclose()
    [found] = results.values()
    assert (type(found), getattr(found, "error", None)) == (result, error)


ASKED_BY: dict[str, tuple[dict[str, str], str]] = {
    "all is right": ({}, ""),
    "a wrong password": ({"PASSWORD": "wrong"}, "check KOMEK_KANNEL_USERNAME"),
    "an unknown user": ({"USERNAME": "nobody"}, "check KOMEK_KANNEL_USERNAME"),
    "a wrong path": ({"URL": "/cgi-bin/x"}, "check KOMEK_KANNEL_URL"),
}


@pytest.mark.parametrize("name", ASKED_BY)
async def test_the_account_is_asked_for_without_a_text(
    all_well: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    other, told = ASKED_BY[name]
    before = len(all_well.smsc.submitted)
    own = {"URL": all_well.sendsms, "PASSWORD": PASSWORD, **other}
    if own["URL"].startswith("/"):
        own["URL"] = all_well.sendsms.replace("/cgi-bin/sendsms", own["URL"])
    for setting, value in own.items():
        monkeypatch.setenv(f"KOMEK_KANNEL_{setting}", value)
    trouble = await KANNEL.diagnose(Settings.model_validate({"callback_secret": SECRET}))
    assert told in trouble
    assert bool(told) == bool(trouble)
    assert len(all_well.smsc.submitted) == before


async def test_a_wrong_address_of_sendsms(all_well: World) -> None:
    gateway = all_well.gateway(url=all_well.sendsms.replace("sendsms", "nothing"))
    [found] = (await gateway.send(Outbound((new_number(),), "x"))).values()
    await gateway.aclose()
    assert isinstance(found, NotSent)
    assert "KOMEK_KANNEL_URL" in found.why


async def test_smsbox_away_is_not_sent_and_back_is_sent(post: Post, all_well: World) -> None:
    number = new_number()
    all_well.kannel.kill("smsbox")
    assert isinstance(await post.send(number), NotSent)
    await post.owe(number)
    await until(post.outbox, number, State.QUEUED)
    all_well.kannel.start()
    await until(post.outbox, number, State.ACCEPTED)
    await asyncio.to_thread(all_well.smsc.wait_for, number)
    assert len(all_well.smsc.texts(number)) == 1


# --- Dialled sessions


def play(world: World, file: Path) -> list[tuple[str, str, str]]:
    """What was typed in a conversation, what is written, and what the phone was shown."""
    number, found = new_number(), []
    for hop, turn in enumerate(turns(file.read_text(encoding="utf-8"))):
        begins = turn.line.startswith("dial")
        dialled = f"*384*55*{turn.text}#" if turn.text else "*384*55#"
        session = bytes([0x2B, hop * 2 % 256])
        typed = dialled if begins else turn.line
        shown = world.smsc.hop(1 if begins else 18, typed, number, session)
        ends = shown.tlvs[USSD_SERVICE_OP] == bytes([17])
        assert shown.tlvs[ITS_SESSION_INFO] == session
        found.append((turn.line, turn.screen, f"{shown.text}\n{END}" if ends else shown.text))
    return found


def test_every_conversation_shows_the_same_screens(all_well: World) -> None:
    with ThreadPoolExecutor(24) as pool:  # Kannel's queue holds 60
        played = list(pool.map(lambda file: play(all_well, file), FILES))
    for file, found in zip(FILES, played, strict=True):
        for line, screen, shown in found:
            assert shown == screen, f"{file.name}: after > {line}"


def test_a_hop_that_kannel_repeats_shows_one_screen(all_well: World) -> None:
    ways = ["error", "drop", "lose"]
    numbers, hop = [new_number() for _ in ways], all_well.smsc.hop
    first = {hop(1, "*384*55#", number, b"+\0").text for number in numbers}
    all_well.relay.ways += ways
    with ThreadPoolExecutor(len(ways)) as pool:
        shown = pool.map(lambda number: hop(18, "3", number, b"+\2").text, numbers)
    assert len({*shown} - first) == 1
    assert {hop(18, "0", number, b"+\4").text for number in numbers} == first
    assert all(all_well.smsc.screens[number].empty() for number in numbers)


async def test_the_networks_end_is_answered_by_nothing(all_well: World, redis: Redis) -> None:
    number = new_number()
    await asyncio.to_thread(all_well.smsc.hop, 1, "*384*55#", number, b"+\0")
    [key] = [key async for key in redis.scan_iter("ussd:answers:*")]
    await asyncio.to_thread(all_well.smsc.tell, 129, "", number, b"+\x02")
    async with asyncio.timeout(PATIENCE):
        while await redis.exists(key):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert all_well.smsc.screens[number].empty()


# --- Two gateways, and what is left behind


async def test_each_person_is_answered_by_the_gateway_that_they_came_by(
    all_well: World, redis: Redis
) -> None:
    """A worker of both."""
    from sms.gateways.africastalking_client import AfricasTalkingGateway  # noqa: PLC0415

    kannel, fake = all_well.gateway(), all_well.africastalking
    both = {
        "africastalking": AfricasTalkingGateway("sandbox", API_KEY, fake.base),
        "kannel": kannel,
    }
    one, other = new_number(), new_number()
    async with working(Outbox(redis, SEAL), both):  # type: ignore[arg-type]
        await asyncio.to_thread(all_well.smsc.text, "HELP", one)
        form = {"id": new_session(), "from": other, "text": "HELP"}
        address = f"{all_well.service.base}/africastalking/{SECRET}/sms"
        assert all_well.service.http.post(address, data=form).status_code == 200
        [by_kannel] = await asyncio.to_thread(all_well.smsc.wait_for, one)
        await when(lambda: bool(fake.sent))
    await kannel.aclose()
    [by_africastalking] = fake.sent
    assert (by_africastalking.to, by_africastalking.text) == (other, by_kannel)
    assert all_well.smsc.texts(other) == []


def test_no_log_of_kannel_has_a_number_or_a_text(all_well: World) -> None:
    """The last of the module: all of the above is in the logs."""
    logs = all_well.kannel.logs
    assert "smsbox" in logs
    for submitted in all_well.smsc.submitted:
        assert submitted.to[1:] not in logs
    for secret in (PASSWORD, "Call 112", "ПОМОЩЬ"):
        assert secret not in logs
