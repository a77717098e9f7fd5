"""Two gateways at once: what came by the one leaves by it, and is reported on by it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from menus.model import Menu
from runtime.settings import SIMULATOR, Settings
from sms.bootstrap import content_of
from sms.consent import Consent, ConsentHandler
from sms.country_requests import CountryRequests
from sms.gateways.port import Inbound
from sms.outbox.messages import MessageKind, Outgoing
from sms.outbox.outbox import Caps, Outbox, Outcome, Rate, Wait
from sms.requests import Digest, Series
from sms.series.calendar import ALMATY, Calendar
from sms.series.run import run_due
from sms.series.subscriptions import Subscriptions
from sms.states import State
from sms.text_handler import TextHandler, key_of
from sms.unknown_words import UnknownWords
from tests.support.outbox_trials import number
from tests.support.outboxes import FAST, NOW, NUMBER, SEAL, SOON, claim, told
from tests.support.service import ANY_AGE
from tests.support.workers import UNLIMITED, Gateway, until, until_empty, working

SETTINGS = Settings.model_validate({"contacts_oldest_days": ANY_AGE})
CALENDAR = Calendar()
NOON = datetime(2026, 11, 16, 12, tzinfo=ALMATY)
FIRST, SECOND = "first", "second"


@pytest.fixture
def caps() -> Caps:
    return UNLIMITED


@dataclass
class Two:
    """Two gateways and what SMS does for them."""

    redis: Redis
    outbox: Outbox
    menu: Menu
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    gateways: dict[str, Gateway] = field(
        default_factory=lambda: {FIRST: Gateway(), SECOND: Gateway()}
    )

    @property
    def subscriptions(self) -> Subscriptions:
        return Subscriptions(self.redis, SEAL, CALENDAR)

    @property
    def answering(self) -> TextHandler:
        return TextHandler(
            content=lambda: content_of(SETTINGS, self.menu),
            outbox=self.outbox,
            subscriptions=self.subscriptions,
            unknown_words=UnknownWords(self.redis, SEAL),
            country_requests=CountryRequests(self.redis, SEAL),
            now=lambda: self.now,
        )

    async def send_all(self) -> dict[str, list[str]]:
        """Whom each gateway has texted, once nothing waits."""
        async with working(self.outbox, self.gateways, now=lambda: self.now):
            await until_empty(self.outbox)
        return {name: sorted(gateway.texted) for name, gateway in self.gateways.items()}


@pytest.fixture
def two(redis: Redis, outbox: Outbox, menu: Menu) -> Two:
    return Two(redis, outbox, menu)


async def test_a_reply_leaves_by_the_gateway_that_its_text_came_in_by(two: Two) -> None:
    for n in range(20):
        gateway = (FIRST, SECOND)[n % 2]
        await two.answering.handle(Inbound(f"text-{n}", number(n), "TIPS"), gateway)
    assert await two.send_all() == {
        FIRST: [number(n) for n in range(0, 20, 2)],
        SECOND: [number(n) for n in range(1, 20, 2)],
    }


async def test_the_same_id_of_two_gateways_is_two_texts(two: Two) -> None:
    for gateway in (FIRST, SECOND, FIRST, SECOND):
        await two.answering.handle(Inbound("text-1", NUMBER, "TIPS"), gateway)
    assert await two.send_all() == {FIRST: [NUMBER], SECOND: [NUMBER]}
    keys = [key_of(Inbound("text-1", NUMBER, ""), gateway) for gateway in (FIRST, SECOND)]
    assert {await two.outbox.state_of(key) for key in keys} == {State.ACCEPTED}


async def test_a_series_leaves_by_the_gateway_that_it_was_confirmed_or_agreed_to_by(
    two: Two,
) -> None:
    two.now = NOON
    consents = ConsentHandler(two.outbox, two.subscriptions, lambda: two.now)
    for n in range(12):
        gateway, session = (FIRST, SECOND)[n % 2], f"session-{n}"
        if n < 6:
            await two.answering.handle(Inbound(f"ask-{n}", number(n), "SERIES"), FIRST)
            await two.answering.handle(Inbound(f"yes-{n}", number(n), "YES"), gateway)
        else:
            assert await consents.fulfil(Consent(session, number(n), Series("en"), ""), gateway)
    await two.send_all()
    for each in two.gateways.values():
        each.calls.clear()
    await run_due(two.subscriptions, two.outbox, two.menu, CALENDAR, lambda: two.now)
    assert await two.send_all() == {
        FIRST: [number(n) for n in range(0, 12, 2)],
        SECOND: [number(n) for n in range(1, 12, 2)],
    }
    assert [len(each.calls) for each in two.gateways.values()] == [1, 1], "one text"
    assert all(call.bulk for each in two.gateways.values() for call in each.calls)


async def test_what_is_agreed_to_leaves_by_the_gateway_that_was_dialled_by(two: Two) -> None:
    consents = ConsentHandler(two.outbox, two.subscriptions, lambda: two.now)
    for n, gateway in enumerate((FIRST, SECOND)):
        consent = Consent(f"session-{n}", number(n), Digest("en"), "words")
        assert await consents.fulfil(consent, gateway)
    assert await two.send_all() == {FIRST: [number(0)], SECOND: [number(1)]}


async def test_what_waits_for_a_gateway_that_is_gone_leaves_by_the_first(two: Two) -> None:
    for n, gateway in enumerate(("gone", "", SECOND)):
        await two.outbox.put(message(n, gateway, two.now), two.now)
    assert await two.send_all() == {FIRST: [number(0), number(1)], SECOND: [number(2)]}
    assert await two.outbox.state_of_sent(FIRST, f"g{number(0)}") is State.ACCEPTED


async def test_what_was_asked_for_in_the_simulator_leaves_by_no_other_gateway(two: Two) -> None:
    for kind in (MessageKind.REPLY, MessageKind.SERIES):
        each = Outgoing(str(kind), NUMBER, "x", kind, two.now + timedelta(minutes=15), SIMULATOR)
        await two.outbox.put(each, two.now)
    assert await two.send_all() == {FIRST: [], SECOND: []}
    for kind in (MessageKind.REPLY, MessageKind.SERIES):
        await until(two.outbox, str(kind), State.EXPIRED)


async def test_a_gateway_that_is_slow_or_at_its_rate_holds_up_no_other(outbox: Outbox) -> None:
    """One call each of a rate that is used up by the first call."""
    slow = Rate(0.001, 1)
    await outbox.put_all([message(n, (FIRST, FIRST, SECOND)[n], NOW) for n in range(3)], NOW)
    began = [
        await outbox.begin(each, "w", slow, [FIRST, SECOND], NOW) for each in await claim(outbox)
    ]
    assert [isinstance(each, Wait) for each in began] == [False, True, False]


@pytest.mark.parametrize("state", [State.ACCEPTED, State.UNKNOWN])
@pytest.mark.parametrize("early", [False, True])
async def test_a_report_of_the_one_settles_nothing_of_the_other(
    outbox: Outbox, state: State, early: bool
) -> None:
    """Both call their message `g`, and both messages are to one number."""
    for gateway in (FIRST, SECOND):
        await outbox.put(Outgoing(gateway, NUMBER, "x", MessageKind.REPLY, SOON, gateway), NOW)
    claimed = await claim(outbox)
    for each in claimed:
        assert await outbox.begin(each, "w", FAST, [FIRST, SECOND], NOW)
    if early:
        await outbox.report(told(State.DELIVERED), SECOND, NOW)
    id_ = "g" if state is State.ACCEPTED else ""
    await outbox.settle([Outcome(each, state, gateway_id=id_) for each in claimed], NOW)
    if not early:
        await outbox.report(told(State.DELIVERED), SECOND, NOW)
    assert await outbox.state_of(FIRST) is state
    assert await outbox.state_of(SECOND) is State.DELIVERED
    await outbox.report(told(State.FAILED), FIRST, NOW)
    assert await outbox.state_of(FIRST) is State.FAILED
    assert await outbox.state_of(SECOND) is State.DELIVERED


async def test_a_gateway_that_hangs_lets_the_other_send(two: Two) -> None:
    two.gateways[FIRST].seconds = 1.0
    for n, gateway in enumerate((FIRST, SECOND)):
        await two.outbox.put(message(n, gateway, two.now), two.now)
    async with working(two.outbox, two.gateways):
        await until(two.outbox, "1", State.ACCEPTED)
        assert await two.outbox.state_of("0") is State.SENDING


def message(n: int, gateway: str, now: datetime) -> Outgoing:
    expires_at = now + timedelta(minutes=15)
    return Outgoing(str(n), number(n), "Call 112.", MessageKind.REPLY, expires_at, gateway)
