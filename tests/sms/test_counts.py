"""What the outbox counts by the way: people, by their first message of a day and kind."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from redis.asyncio import Redis

from sms.gateways.port import GatewayError
from sms.outbox.counts import counts_key, day_of
from sms.outbox.messages import MessageKind, Outgoing, Queue
from sms.outbox.outbox import Outbox, Outcome
from sms.states import State
from tests.support.outboxes import (
    GATEWAY,
    NOW,
    OTHER,
    SEAL,
    SOON,
    begin,
    brought_to,
    claim,
    put,
    told,
)

TODAY = NOW.date()


async def counted(redis: Redis, day: date = TODAY) -> dict[str, int]:
    found = await redis.hgetall(counts_key(day))
    return {str(what): int(count) for what, count in found.items() if count != "0"}


async def test_a_person_counts_once_a_day_and_kind(outbox: Outbox, redis: Redis) -> None:
    for n in range(3):
        await put(outbox, f"k{n}")
    await put(outbox, "k0")
    await put(outbox, "e", kind=MessageKind.EMERGENCY)
    await put(outbox, "o", OTHER)
    assert await counted(redis) == {
        "reply messages": 4,
        "reply segments": 4,
        "reply is under way": 2,
        "reply of 1": 2,
        "emergency messages": 1,
        "emergency segments": 1,
        "emergency is under way": 1,
        "emergency of 1": 1,
    }


async def test_segments_are_counted(outbox: Outbox, redis: Redis) -> None:
    for n, text in enumerate(("ы" * 70, "ы" * 71, "ы" * 700)):
        await outbox.put(Outgoing(f"k{n}", f"+7701555030{n}", text, MessageKind.REPLY, SOON), NOW)
    counts = await counted(redis)
    assert {what: counts[what] for what in counts if " of " in what} == {
        "reply of 1": 1,
        "reply of 2": 1,
        "reply of 4": 1,
    }
    assert counts["reply segments"] == 1 + 2 + 11


@pytest.mark.parametrize("state", [State.ACCEPTED, State.FAILED, State.UNKNOWN])
async def test_a_person_moves_with_their_message(
    outbox: Outbox, redis: Redis, state: State
) -> None:
    await brought_to(outbox, state)
    assert (await counted(redis))[f"reply is {state}"] == 1
    await outbox.report(told(State.DELIVERED), GATEWAY, NOW)
    states = {what for what in await counted(redis) if " is " in what}
    final = state if state is State.FAILED else State.DELIVERED
    assert states == {f"reply is {final}"}


async def test_a_second_message_moves_nobody(outbox: Outbox, redis: Redis) -> None:
    await put(outbox, "first")
    first = await claim(outbox)
    await put(outbox, "second")
    second = await claim(outbox)
    await begin(outbox, second)
    await outbox.settle([Outcome(second[0], State.ACCEPTED, gateway_id="g")], NOW)
    assert (await counted(redis))["reply is under way"] == 1
    await begin(outbox, first)
    await outbox.settle([Outcome(first[0], State.FAILED, "refused", GatewayError.REFUSED)], NOW)
    assert (await counted(redis))["reply is failed"] == 1


async def test_errors_of_the_gateway_are_counted_by_people(outbox: Outbox, redis: Redis) -> None:
    """However often a message meets the same one, and however often that is written."""
    await put(outbox, "k")
    for n in range(3):
        claimed = await claim(outbox)
        await begin(outbox, claimed)
        error = GatewayError.OUT_OF_REACH
        outcome = Outcome(claimed[0], State.QUEUED, "no connection", error, due=NOW)
        await outbox.settle([outcome], NOW + timedelta(seconds=n))
        await outbox.settle([outcome], NOW + timedelta(seconds=n))
        await outbox.requeue_due(NOW + timedelta(seconds=n))
    assert (await counted(redis))["trouble out of reach"] == 1


async def test_a_person_who_gets_several_kinds_meets_an_error_once(
    outbox: Outbox, redis: Redis
) -> None:
    for kind in MessageKind:
        await put(outbox, str(kind), kind=kind)
        queue = Queue.SERIES if kind is MessageKind.SERIES else Queue.REPLIES
        [claimed] = await claim(outbox, queue)
        await begin(outbox, [claimed])
        error = GatewayError.NO_CREDIT
        await outbox.settle([Outcome(claimed, State.FAILED, "no money", error)], NOW)
    assert (await counted(redis))["trouble no credit"] == 1


async def test_a_reason_that_no_gateway_gave_is_no_error_of_it(
    outbox: Outbox, redis: Redis
) -> None:
    await put(outbox, "k")
    [claimed] = await claim(outbox)
    await begin(outbox, [claimed])
    await outbox.settle([Outcome(claimed, State.FAILED, "sealed under another key")], NOW)
    assert not [what for what in await counted(redis) if what.startswith("trouble")]


async def test_who_is_over_a_cap_counts_once(outbox: Outbox, redis: Redis) -> None:
    for n in range(9):
        await put(outbox, f"k{n}")
    assert (await counted(redis))["capped"] == 1


async def test_a_day_that_is_settled_changes_no_more(outbox: Outbox, redis: Redis) -> None:
    """So that what was shown of it yesterday and today cannot be subtracted."""
    await brought_to(outbox, State.ACCEPTED)
    before = await counted(redis)
    late = datetime.combine(TODAY + timedelta(days=3), datetime.min.time(), UTC)
    await outbox.report(told(State.DELIVERED), GATEWAY, late)
    assert await outbox.state_of("k") is State.DELIVERED
    assert await counted(redis) == before


async def test_what_is_kept_names_nobody_and_ends(outbox: Outbox, redis: Redis) -> None:
    await asyncio.gather(*(put(outbox, f"k{n}", f"+770155504{n:02}") for n in range(20)))
    ours = [key async for key in redis.scan_iter("sms:count*")]
    assert sorted(ours) == [f"sms:counted:{day_of(NOW)}", counts_key(TODAY)]
    members = await redis.smembers(f"sms:counted:{day_of(NOW)}")
    assert len(members) == 20
    indexes = {SEAL.index(f"+770155504{n:02}") for n in range(20)}
    assert not members & indexes, "the same person has another name on another day"
    assert 0 < await redis.ttl(ours[0]) <= 400 * 86400
    assert 0 < await redis.ttl(f"sms:counted:{day_of(NOW)}") <= 25 * 3600


def test_days_have_numbers() -> None:
    assert day_of(datetime(1970, 1, 2, 23, 59, tzinfo=UTC)) == 1
    assert counts_key(date(1970, 1, 8)) == "sms:counts:7"
