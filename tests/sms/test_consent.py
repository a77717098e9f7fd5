"""What a caller agrees to on a screen: sent once, or said not to be; over real HTTP."""

import asyncio
import base64
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from runtime.encryption import Seal
from runtime.settings import Settings
from sms.consent import Consent, ConsentHandler
from sms.outbox.outbox import Caps, Outbox
from sms.requests import DialableRequest, Digest, Embassy, NodeRequest, Series
from sms.series.calendar import Calendar
from sms.series.subscriptions import Subscriptions
from tests.support.outboxes import GATEWAY
from tests.support.own_redis import OwnRedis, on_own_redis
from tests.support.patience import PATIENCE
from tests.support.service import new_number, new_session
from tests.support.workers import Gateway, working
from ussd.engine import play, show, show_not_sent
from ussd.gateways.africastalking import answers_of, reply
from ussd.screens import Screens

KEY = b"k" * 32
SEAL = Seal(KEY)
WISHES: dict[str, DialableRequest] = {
    "3*3*2*1": Digest("en"),
    "3*4*2*1*8*1*1": Embassy("en", ("US",), words_given=True, finds="abroad"),
    "3*4*2*1*Korea*1*1*1": Embassy("en", ("KR",), words_given=True, finds="abroad"),
    "2*4*2*2*узбекистан*1*1": Embassy("ru", ("UZ",), words_given=True, finds="here"),
    "3*3*1*1*2*1*2*1*1*1*1*2*1*1*1": NodeRequest("en", "checklist", "1212111121"),
    "3*4*3*1*1": NodeRequest("en", "abroad"),
    "1*4*3*1*1": NodeRequest("kk", "abroad"),
}
"""What is agreed to, by the answers that lead there."""


@pytest.fixture(scope="module")
def own(processes: None) -> Iterator[OwnRedis]:
    """The service without a worker: what is queued stays queued."""
    with on_own_redis(KOMEK_DATA_KEY=base64.b64encode(KEY).decode()) as own:
        yield own


@pytest.fixture
def house(own: OwnRedis) -> Iterator["House"]:
    """Its Redis may be hurt; it is well again for the next test."""
    yield House(own)
    own.heal()


class House:
    """The service, its Redis, and what waits in the outbox."""

    def __init__(self, own: OwnRedis) -> None:
        self.own = own
        self.service = own.service
        self.url = own.url
        self.redis = own.redis

    def told(self, session: str, text: str, number: str) -> str:
        """All hops of a dialogue; the last screen."""
        answers = answers_of(text)
        for heard in range(len(answers)):
            self.service.hop(session, "*".join(answers[:heard]), number)
        return self.service.hop(session, text, number)

    def queued(self, number: str) -> list[str]:
        """The texts that wait for a number."""
        ids = [key.split(":")[2] for key in self.redis.scan_iter("sms:message:*", count=1000)]
        index = SEAL.index(number)
        held = {id_: self.redis.hgetall(f"sms:message:{id_}") for id_ in ids}
        return [
            SEAL.open(fields["text"], f"{id_} text")
            for id_, fields in held.items()
            if fields.get("index") == index and fields["state"] == "queued"
        ]

    def subscribed(self, number: str) -> bool:
        return bool(self.redis.exists(f"sms:series:{SEAL.index(number)}"))


def done(screens: Screens, text: str) -> str:
    return reply(show(screens, play(screens, answers_of(text))))


def not_sent(screens: Screens, text: str) -> str:
    return reply(show_not_sent(screens, play(screens, answers_of(text))))


# --- Once -------------------------------------------------------------------------


@pytest.mark.parametrize("text", WISHES)
def test_one_text_is_queued_however_often_the_hop_is_repeated(
    house: House, screens: Screens, text: str
) -> None:
    session, number = new_session(), new_number()
    question, _, _ = text.rpartition("*")
    assert house.told(session, question, number) == done(screens, question)
    assert house.queued(number) == [], "asked, and not agreed yet"
    assert {house.service.hop(session, text, number) for _ in range(5)} == {done(screens, text)}
    assert house.queued(number) == [screens.message_for(WISHES[text])]


def test_twenty_hops_at_once_queue_one_text(house: House, screens: Screens) -> None:
    session, number = new_session(), new_number()
    house.told(session, "3*3*2", number)
    with ThreadPoolExecutor(20) as pool:
        hops = pool.map(lambda _: house.service.hop(session, "3*3*2*1", number), range(20))
        assert set(hops) == {done(screens, "3*3*2*1")}
    assert len(house.queued(number)) == 1


def test_what_is_answered_later_sends_nothing_again(house: House, screens: Screens) -> None:
    """The answers up to the consent are played each time; so is consent a second time."""
    session, number = new_session(), new_number()
    house.told(session, "3*3*2*1", number)
    for text in ("3*3*2*1*x", "3*3*2*1*x*0", "3*3*2*1*x*0*2", "3*3*2*1*x*0*2*1"):
        assert house.service.hop(session, text, number) == done(screens, text)
    assert len(house.queued(number)) == 1
    another = "3*3*2*1*x*0*2*1*0*3*1*1"
    house.told(session, another, number)
    assert len(house.queued(number)) == 2, "another page is another wish"


def test_going_back_from_the_question_sends_nothing(house: House) -> None:
    session, number = new_session(), new_number()
    house.told(session, "3*3*2*0*0*4*5*0*2*1*8*1*00", number)
    assert house.queued(number) == []
    assert not house.subscribed(number)


def test_the_series_begins_once_and_not_again_after_stop(house: House, screens: Screens) -> None:
    session, number = new_session(), new_number()
    house.told(session, "3*4*5", number)
    assert not house.subscribed(number)
    for _ in range(3):
        assert house.service.hop(session, "3*4*5*1", number) == done(screens, "3*4*5*1")
    assert house.subscribed(number)
    assert house.redis.zscore("sms:series:due", SEAL.index(number)) is not None
    assert house.queued(number) == [], "the first tip comes in its hours"
    _stop(house.url, number)
    assert house.service.hop(session, "3*4*5*1", number) == done(screens, "3*4*5*1")
    assert not house.subscribed(number)
    assert house.told(new_session(), "3*4*5*1", number) == done(screens, "3*4*5*1")
    assert house.subscribed(number), "who asks anew, means it"


def _stop(url: str, number: str) -> None:
    async def stop() -> None:
        async with AsyncRedis.from_url(url, decode_responses=True) as redis:
            await Subscriptions(redis, SEAL, _calendar()).stop(number)

    asyncio.run(stop())


def _calendar() -> Calendar:
    settings = Settings.model_validate({})
    return Calendar(settings.zone, weekends=True, every_days=2)


# --- Not at all -------------------------------------------------------------------


def test_consent_that_is_dialled_has_seen_no_question(house: House, screens: Screens) -> None:
    session, number, text = new_session(), new_number(), "3*3*2*1"
    for _ in range(3):
        assert house.service.hop(session, text, number) == not_sent(screens, text)
    assert house.queued(number) == []
    for text in ("3*3*2*1*0", "3*3*2*1*0*2", "3*3*2*1*0*2*1"):
        assert house.service.hop(session, text, number) == done(screens, text)
    assert len(house.queued(number)) == 1, "asked on a screen"


def test_a_wrong_key_does_not_make_it_said_or_sent(house: House, screens: Screens) -> None:
    session, number = new_session(), new_number()
    for text in ("3*3*2*1", "3*3*2*1*x", "3*3*2*1*x*1"):
        assert house.service.hop(session, text, number) == not_sent(screens, text)
    assert house.queued(number) == []
    assert house.service.hop(session, "3*3*2*1*x*1*0", number) == done(screens, "3*3*2*1*x*1*0")


def test_a_question_that_is_dialled_can_be_agreed_to(house: House, screens: Screens) -> None:
    session, number = new_session(), new_number()
    assert house.service.hop(session, "3*3*2", number) == done(screens, "3*3*2")
    assert house.service.hop(session, "3*3*2*1", number) == done(screens, "3*3*2*1")
    assert len(house.queued(number)) == 1


def test_a_number_over_its_cap_is_told_whom_to_call(house: House, screens: Screens) -> None:
    number, text = new_number(), "3*3*2*1"
    last = [house.told(new_session(), text, number) for _ in range(5)]
    assert last == [done(screens, text)] * 3 + [not_sent(screens, text)] * 2
    assert len(house.queued(number)) == 3


@pytest.mark.parametrize("text", ["3*3*2*1", "3*4*5*1"])
@pytest.mark.parametrize("number", ["+12025550100", "no number", "+77010000000,+77010000001"])
def test_only_a_number_in_the_allowed_countries_is_texted(
    house: House, screens: Screens, number: str, text: str
) -> None:
    assert house.told(new_session(), text, number) == not_sent(screens, text)
    assert house.queued(number) == []
    assert not house.subscribed(number)


@pytest.mark.parametrize("text", ["3*3*2*1", "3*4*5*1", "3*4*2*1*turkey*1*1"])
@pytest.mark.parametrize("trouble", [signal.SIGSTOP, signal.SIGKILL])
def test_without_redis_the_caller_is_told_and_it_is_not_waited_for(
    house: House, screens: Screens, text: str, trouble: signal.Signals
) -> None:
    session, number = new_session(), new_number()
    house.told(session, text.rpartition("*")[0], number)
    house.own.send(trouble)
    said = house.service.hop(session, text, number)
    if trouble is signal.SIGSTOP:
        house.own.send(signal.SIGCONT)
        time.sleep(0.3)
        again = house.service.hop(session, text, number)
        assert again == done(screens, text), "asked again, it is sent"
    assert said == not_sent(screens, text)
    assert number[1:] not in house.service.log.read_text()


def test_the_number_and_the_words_are_in_no_log_and_not_in_redis(house: House) -> None:
    number = new_number()
    house.told(new_session(), "3*4*2*1*turkey*1*1", number)
    assert house.queued(number)
    assert number[1:] not in house.service.log.read_text()
    with Redis.from_url(house.url) as redis:  # some keys hold octets that are no text
        for key in redis.scan_iter(count=1000):
            held = redis.dump(key) if redis.type(key) != b"string" else redis.get(key)
            assert number[1:] not in f"{key!r} {held!r}"


# --- By itself --------------------------------------------------------------------


AGREED = Consent("session-1", "+77015550101", Digest("en"), "the digest")


@pytest.fixture
async def redis(redis_url: str) -> Any:
    async with AsyncRedis.from_url(redis_url, decode_responses=True) as client:
        await client.flushall()
        yield client


def handler(redis: Any, replies_a_minute: int = 60) -> ConsentHandler:
    outbox = Outbox(redis, SEAL, Caps(replies_a_minute=replies_a_minute))
    return ConsentHandler(
        outbox, Subscriptions(redis, SEAL, _calendar()), lambda: datetime.now(UTC)
    )


async def test_a_redis_that_hangs_is_not_waited_for(redis: Any) -> None:
    await redis.execute_command("CLIENT", "PAUSE", str(int(1000 * PATIENCE)), "WRITE")
    assert not await handler(redis).fulfil(AGREED, GATEWAY)
    await redis.execute_command("CLIENT", "UNPAUSE")


async def test_what_failed_may_be_tried_again_and_what_succeeded_is_once(redis: Any) -> None:
    assert not await handler(redis, replies_a_minute=0).fulfil(AGREED, GATEWAY)
    consents = handler(redis)
    assert [await consents.fulfil(AGREED, GATEWAY) for _ in range(3)] == [True, True, True]
    gateway, outbox = Gateway(), Outbox(redis, SEAL)
    async with working(outbox, gateway):
        await asyncio.sleep(0.5)
    assert [(each.to, each.text) for each in gateway.calls] == [((AGREED.msisdn,), AGREED.words)]


def test_neither_number_nor_words_are_shown_by_repr() -> None:
    assert AGREED.msisdn not in repr(AGREED)
    assert AGREED.words not in repr(AGREED)


async def test_each_wish_of_a_contact_is_its_own(redis: Any) -> None:
    consents = handler(redis)
    wishes: list[DialableRequest] = [Digest("en"), Digest("ru"), NodeRequest("en", "firm")]
    for wish in (*wishes, *wishes, Series("en")):
        consent = Consent("session-2", "+77015550102", wish, "words")
        assert await consents.fulfil(consent, GATEWAY)
    assert await redis.xlen("sms:queue:replies") == 3
