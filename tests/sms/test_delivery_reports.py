"""What the outbox knows of its messages afterwards: reports, and what Redis keeps."""

import logging
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from runtime.encryption import Seal
from sms.outbox.counts import COUNTS_SECONDS, counts_key
from sms.outbox.messages import MessageKind
from sms.outbox.outbox import Outbox, Outcome
from sms.outbox.scripts import MOST_EARLY, MOST_NAMELESS
from sms.states import State
from tests.support.outboxes import (
    GATEWAY,
    NOW,
    NUMBER,
    OTHER,
    SOON,
    begin,
    brought_to,
    claim,
    put,
    told,
)

# --- Reports


@pytest.mark.parametrize(
    ("reports", "end"),
    [
        pytest.param([State.DELIVERED], State.DELIVERED, id="delivered"),
        pytest.param([State.FAILED], State.FAILED, id="failed"),
        pytest.param([State.ACCEPTED], State.ACCEPTED, id="under way"),
        pytest.param([State.DELIVERED] * 3, State.DELIVERED, id="repeated"),
        pytest.param([State.DELIVERED, State.ACCEPTED], State.DELIVERED, id="out of order"),
        pytest.param([State.FAILED, State.DELIVERED], State.FAILED, id="the first end stays"),
        pytest.param([None, State.DELIVERED], State.DELIVERED, id="an unknown word"),
    ],
)
@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("named", [False, True])
async def test_reports_of_an_accepted_message(
    outbox: Outbox, reports: list[State | None], end: State, early: bool, named: bool
) -> None:
    number = NUMBER if named else ""
    if early:
        await put(outbox, "k")
        claimed = await claim(outbox)
        await begin(outbox, claimed)
    else:
        await brought_to(outbox, State.ACCEPTED)
    for each in reports:
        await outbox.report(told(each, number=number), GATEWAY, NOW)
    if early:
        assert await outbox.state_of("k") is State.SENDING
        await outbox.settle([Outcome(claimed[0], State.ACCEPTED, gateway_id="g")], NOW)
    assert await outbox.state_of("k") is end
    assert await outbox.state_of_sent(GATEWAY, "g") is end


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("end", [State.DELIVERED, State.FAILED, State.ACCEPTED])
async def test_a_report_settles_an_unknown_message_by_its_number(
    outbox: Outbox, end: State, early: bool
) -> None:
    await put(outbox, "k")
    claimed = await claim(outbox)
    await begin(outbox, claimed)
    if early:
        await outbox.report(told(end), GATEWAY, NOW)
    await outbox.settle([Outcome(claimed[0], State.UNKNOWN)], NOW)
    await outbox.report(told(State.DELIVERED, "of another", OTHER), GATEWAY, NOW)
    if not early:
        assert await outbox.state_of("k") is State.UNKNOWN
        await outbox.report(told(end), GATEWAY, NOW)
    assert await outbox.state_of("k") is end
    await outbox.report(told(State.DELIVERED), GATEWAY, NOW)
    assert await outbox.state_of("k") is (State.DELIVERED if end is State.ACCEPTED else end)


async def test_two_unknown_messages_to_a_number_are_settled_by_two_reports(
    outbox: Outbox,
) -> None:
    await brought_to(outbox, State.UNKNOWN, "first")
    await brought_to(outbox, State.UNKNOWN, "second")
    for _ in range(2):
        await outbox.report(told(State.DELIVERED, "g1"), GATEWAY, NOW)
    states = {await outbox.state_of("first"), await outbox.state_of("second")}
    assert states == {State.DELIVERED, State.UNKNOWN}
    await outbox.report(told(State.FAILED, "g2"), GATEWAY, NOW)
    states = {await outbox.state_of("first"), await outbox.state_of("second")}
    assert states == {State.DELIVERED, State.FAILED}


async def test_a_report_of_an_earlier_message_does_not_settle_a_later_one(
    outbox: Outbox,
) -> None:
    await outbox.report(told(State.DELIVERED, "old"), GATEWAY, NOW - timedelta(minutes=5))
    await brought_to(outbox, State.UNKNOWN)
    assert await outbox.state_of("k") is State.UNKNOWN


async def test_an_accepted_message_without_a_name_is_settled_by_its_number(
    outbox: Outbox,
) -> None:
    await brought_to(outbox, State.ACCEPTED, gateway_id="")
    await outbox.report(told(State.DELIVERED), GATEWAY, NOW)
    assert await outbox.state_of("k") is State.DELIVERED


@pytest.mark.parametrize(
    ("number", "kept"),
    [
        pytest.param(NUMBER, MOST_EARLY, id="a number that we texted"),
        pytest.param("", MOST_NAMELESS, id="no number"),
        pytest.param(OTHER, 0, id="a number that we did not text"),
    ],
)
async def test_forged_reports_leave_little(
    outbox: Outbox, redis: Redis, number: str, kept: int
) -> None:
    await put(outbox, "k")
    for n in range(MOST_NAMELESS + 100):
        await outbox.report(told(State.DELIVERED, f"g{n}", number), GATEWAY, NOW)
    assert len([key async for key in redis.scan_iter("sms:early:*")]) == kept
    assert await outbox.state_of("k") is State.QUEUED


# --- Reports by our own id


OURS = [
    pytest.param([State.DELIVERED], State.DELIVERED, id="delivered"),
    pytest.param([State.ACCEPTED, State.DELIVERED], State.DELIVERED, id="in two steps"),
    pytest.param([State.FAILED, State.DELIVERED], State.FAILED, id="the first end stays"),
    pytest.param([State.ACCEPTED], State.ACCEPTED, id="under way"),
]


@pytest.mark.parametrize(("reports", "end"), OURS)
@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("state", [State.ACCEPTED, State.UNKNOWN])
async def test_reports_by_our_id_need_no_number(
    outbox: Outbox, reports: list[State], end: State, early: bool, state: State
) -> None:
    await put(outbox, "other")
    await put(outbox, "k")
    claimed = await claim(outbox)
    [*_, ours] = await begin(outbox, claimed)
    told_of = [told(each, ours.claimed.id, number="") for each in reports]
    for each in told_of if early else ():
        await outbox.report(each, GATEWAY, NOW)
    assert await outbox.state_of("k") is State.SENDING
    id_ = ours.claimed.id if state is State.ACCEPTED else ""
    await outbox.settle([Outcome(ours.claimed, state, gateway_id=id_)], NOW)
    for each in () if early else told_of:
        await outbox.report(each, GATEWAY, NOW)
    assert await outbox.state_of("k") is end
    assert await outbox.state_of("other") is State.SENDING


@pytest.mark.parametrize("early", [False, True])
async def test_a_report_by_our_id_settles_what_a_dead_worker_was_sending(
    outbox: Outbox, early: bool
) -> None:
    await put(outbox, "k")
    [begun] = await begin(outbox, await claim(outbox))
    report = told(State.DELIVERED, begun.claimed.id, number="")
    if early:
        await outbox.report(report, GATEWAY, NOW)
    assert await outbox.reclaim(begun.claimed.queue, "another", 0, NOW) == 1
    await outbox.report(report, GATEWAY, NOW)
    assert await outbox.state_of("k") is State.DELIVERED


async def test_an_id_of_ours_is_none_of_another_gateway(outbox: Outbox) -> None:
    await put(outbox, "k")
    [begun] = await begin(outbox, await claim(outbox))
    await outbox.settle([Outcome(begun.claimed, State.UNKNOWN)], NOW)
    report = told(State.DELIVERED, begun.claimed.id, number="")
    await outbox.report(report, "another", NOW)
    assert await outbox.state_of("k") is State.UNKNOWN


# --- What Redis holds


async def test_every_key_ends_by_itself_and_none_shows_a_number_or_a_text(
    outbox: Outbox, redis: Redis
) -> None:
    await brought_to(outbox, State.ACCEPTED, "a")
    await brought_to(outbox, State.UNKNOWN, "b")
    await put(outbox, "c", OTHER, MessageKind.SERIES)
    await put(outbox, "d", OTHER)
    claimed = await claim(outbox)
    await begin(outbox, claimed)
    await outbox.settle([Outcome(claimed[0], State.QUEUED, due=SOON)], NOW)
    await outbox.report(told(State.DELIVERED, "nobody's", OTHER), GATEWAY, NOW)
    shown = ""
    for key in [key async for key in redis.scan_iter("*")]:
        longest = COUNTS_SECONDS if key == counts_key(NOW.date()) else 7 * 24 * 3600
        assert 0 < await redis.ttl(key) <= longest, key
        shown += key
        if await redis.type(key) == "hash":
            shown += str(await redis.hgetall(key))
    assert "555010" not in shown
    assert "text of" not in shown


async def test_another_data_key_opens_nothing(outbox: Outbox, redis: Redis) -> None:
    await put(outbox, "k")
    changed = Outbox(redis, Seal(b"n" * 32))
    [begun] = await begin(changed, await claim(changed))
    assert (begun.to, begun.text) == ({}, "")


async def test_nothing_is_logged_of_a_message(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await brought_to(outbox, State.UNKNOWN)
    assert "555010" not in caplog.text
    assert "text of" not in caplog.text
