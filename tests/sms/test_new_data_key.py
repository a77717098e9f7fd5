"""A data key follows another while messages, series, consents and sessions are under way."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from cli.forget import forget_number
from menus.model import Menu
from runtime.encryption import DataKey, Seal
from sms.outbox.forgetting import forget_messages
from sms.outbox.messages import MessageKind, Outgoing, Queue
from sms.outbox.outbox import Act, BatchPut, Caps, Outbox, Outcome, PutResult
from sms.states import State
from tests.sms.test_series import SeriesTrial, number
from tests.support.identifiers import everything, lines_about
from tests.support.outboxes import GATEWAY, NUMBER, OTHER, begin, claim, put, put_batch, told
from tests.support.visitor import Visitor
from ussd.answers import Answers, SessionName
from ussd.sessions import HopRecord, Sessions

OLD, NEW = b"o" * 32, b"n" * 32
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
BEFORE, AFTER = MIDNIGHT - timedelta(minutes=1), MIDNIGHT + timedelta(minutes=1)


@dataclass
class Clock:
    """Before or after the new key is used."""

    now: datetime = BEFORE
    keys: Sequence[DataKey] = field(default=(DataKey(OLD), DataKey(NEW, MIDNIGHT)))

    @property
    def seal(self) -> Seal:
        return Seal(lambda: self.keys, lambda: self.now)

    def strikes(self) -> None:
        self.now = AFTER


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox(redis: Redis, clock: Clock) -> Outbox:
    return Outbox(redis, clock.seal, Caps(replies_a_number=100))


# --- The outbox -----------------------------------------------------------------------


async def test_what_waits_is_sent_to_whom_it_is_for(outbox: Outbox, clock: Clock) -> None:
    await put(outbox, "k")
    clock.strikes()
    [begun] = await begin(outbox, await claim(outbox))
    assert (begun.to, begun.text) == ({1: NUMBER}, "text of k")


async def test_a_request_that_is_repeated_is_answered_once(outbox: Outbox, clock: Clock) -> None:
    await put(outbox, "k")
    nothing = Act("return nil")
    await outbox.put_chosen("consent", nothing, {}, BEFORE)
    clock.strikes()
    assert await put(outbox, "k") is PutResult.ALREADY
    assert await outbox.put_chosen("consent", nothing, {}, AFTER) is PutResult.ALREADY
    assert await outbox.state_of("k") is State.QUEUED
    assert await put(outbox, "another") is PutResult.QUEUED
    assert await put(outbox, "another") is PutResult.ALREADY


async def test_a_report_by_the_number_settles_what_is_in_doubt(
    outbox: Outbox, clock: Clock
) -> None:
    await put(outbox, "k")
    claimed = await claim(outbox)
    await begin(outbox, claimed)
    await outbox.settle([Outcome(claimed[0], State.UNKNOWN)], BEFORE)
    clock.strikes()
    await outbox.report(told(State.DELIVERED), GATEWAY, AFTER)
    assert await outbox.state_of("k") is State.DELIVERED


async def test_one_of_a_batch_is_forgotten_and_the_others_are_sent_to(
    outbox: Outbox, redis: Redis, clock: Clock
) -> None:
    """Queued under the one key, and once more, as nobody was texted, under the other."""
    assert await put_batch(outbox, [NUMBER, OTHER], BEFORE, seal=clock.seal) == BatchPut(2, 0)
    clock.strikes()
    [begun] = await begin(outbox, await claim(outbox, Queue.SERIES), BEFORE)
    again = [
        Outcome(begun.claimed, State.QUEUED, due=AFTER, place=place, msisdn=msisdn)
        for place, msisdn in begun.to.items()
    ]
    await outbox.settle(again, BEFORE)
    for each in clock.seal.apart():
        await forget_messages(redis, each, NUMBER, AFTER, clock.seal)
    await outbox.requeue_due(AFTER)
    [begun] = await begin(outbox, await claim(outbox, Queue.SERIES), AFTER)
    assert begun.to == {2: OTHER}
    for seal in clock.seal.apart():
        assert lines_about(await everything(redis), seal, NUMBER, AFTER) == []


# --- The series -----------------------------------------------------------------------


@pytest.fixture
def series(redis: Redis, menu: Menu, clock: Clock) -> SeriesTrial:
    trial = SeriesTrial(redis, menu)
    trial.use(clock.seal)
    return trial


async def test_a_series_goes_on_each_tip_once_and_moves_under_the_new_key(
    series: SeriesTrial, clock: Clock
) -> None:
    tips = series.tips("ru")
    await series.begin(number(1), "ru")
    for day in range(60):
        if day == 3:
            clock.strikes()
        await series.run()
        series.now += timedelta(days=1)
        if day == 6:
            keys = await series.redis.keys("sms:series:*")
            assert f"sms:series:{Seal(NEW).index(number(1))}" in keys
            assert f"sms:series:{Seal(OLD).index(number(1))}" not in keys
            clock.keys = [DataKey(NEW)]  # the former one is gone
    clock.keys = Clock().keys  # to read what was queued first
    assert [text for _, text in await series.queued()] == tips
    assert await series.redis.keys("sms:series:*") == []


@pytest.mark.parametrize("by_act", [True, False])
async def test_stop_ends_it_also_for_what_waits_in_the_outbox(
    series: SeriesTrial, clock: Clock, by_act: bool
) -> None:
    await series.begin(number(1), "ru")
    await series.run()
    clock.strikes()
    assert await series.subscriptions.runs(number(1))
    if by_act:
        assert await series.act(series.subscriptions.stop_act(number(1)), "stopped") == "stopped"
    else:
        await series.subscriptions.stop(number(1))
    assert await series.queued() == []
    assert not await series.subscriptions.runs(number(1))
    series.now += timedelta(days=7)
    assert (await series.run()).queued == 0


async def test_yes_follows_a_question_from_before(series: SeriesTrial, clock: Clock) -> None:
    assert await series.ask(number(1), "ru") == "asked"
    clock.strikes()
    assert await series.confirm(number(1)) == "ru"
    assert await series.ask(number(1), "ru") == "already"


async def test_who_has_it_gets_no_second_one(series: SeriesTrial, clock: Clock) -> None:
    await series.begin(number(1), "ru")
    clock.strikes()
    assert await series.confirm(number(1)) == "already ru"
    assert await series.ask(number(1), "kk") == "already"
    await series.begin(number(1), "kk")
    assert (await series.run()).queued == 1
    assert [text for _, text in await series.queued()] == series.tips("ru")[:1]


# --- Sessions and counts --------------------------------------------------------------

WHO = SessionName("+77010000001", "kannel centre 1")


async def test_a_dialled_session_goes_on(redis: Redis, clock: Clock) -> None:
    answers = Answers(redis, clock.seal)
    await answers.begin(WHO, "hop-1", ("2",))
    clock.strikes()
    heard = await answers.add(WHO, "hop-2", ("1",))
    assert heard
    assert heard.answers == ("2", "1")
    assert await answers.add(WHO, "hop-2", ("1",)) == heard, "the same hop again"
    assert await answers.leave(WHO) == "hop-1"
    await answers.delete(WHO)
    assert await answers.add(WHO, "hop-3", ("1",)) is None


async def test_nobody_counts_twice(redis: Redis, clock: Clock) -> None:
    """In a day: it ends when the new key is used; in a month: its first key counts."""
    sessions = Sessions(redis, clock.seal, lambda: clock.now)
    for n in range(2):
        hop = HopRecord(f"session-{n}", NUMBER, 3, ("ru", "embassy_abroad"), "KR")
        await sessions.record(hop, "v")
        clock.strikes()
    assert await redis.scard(f"ussd:callers:{BEFORE.date()}") == 1
    assert await redis.scard(f"ussd:callers:{AFTER.date()}") == 1
    assert await redis.scard("sms:askers:2026-11:KR") == 1


async def test_a_number_is_forgotten_under_both_keys(redis: Redis, menu: Menu) -> None:
    """By the real clock, as everything does it."""
    now = datetime.now(UTC)
    known = [DataKey(OLD), DataKey(NEW, now - timedelta(seconds=1))]
    before, after = Seal(OLD), Seal(lambda: known)
    await Visitor(redis, before, menu, NUMBER).do_everything(("SERIES", "YES"))
    assert lines_about(await everything(redis), before, NUMBER, now)
    counts = await forget_number(redis, after, NUMBER)
    assert counts["series"] == 1
    assert counts["messages"] > 1
    for seal in (before, Seal(NEW)):
        left = lines_about(await everything(redis), seal, NUMBER, now)
        assert [each.split()[0].split(":")[1] for each in left] in ([], ["forgotten"])


async def test_late_reports_leave_nothing_of_who_was_forgotten_before(
    outbox: Outbox, redis: Redis, clock: Clock
) -> None:
    await forget_messages(redis, Seal(OLD), NUMBER, BEFORE)
    clock.strikes()
    await outbox.report(told(State.DELIVERED, "late"), GATEWAY, AFTER)
    assert await redis.keys("sms:early*") == []


async def test_who_was_texted_before_is_no_new_number(redis: Redis, clock: Clock) -> None:
    await put(Outbox(redis, clock.seal, Caps()), "k")
    clock.strikes()
    strict = Outbox(redis, clock.seal, Caps(new_numbers_share=0.0))
    tomorrow = Outgoing("b", NUMBER, "text", MessageKind.REPLY, AFTER + timedelta(minutes=9))
    assert await strict.put(tomorrow, AFTER) is PutResult.QUEUED
    stranger = Outgoing("c", OTHER, "text", MessageKind.REPLY, AFTER + timedelta(minutes=9))
    assert await strict.put(stranger, AFTER) is PutResult.CAPPED
