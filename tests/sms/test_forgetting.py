"""A number is forgotten: nothing of it is left in the outbox, and nobody is texted twice."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from sms.gateways import GatewayError
from sms.outbox import Forgotten, forget_messages
from sms.outbox.forgetting import LATE_SECONDS
from sms.outbox.messages import MessageKind, Queue
from sms.outbox.outbox import Outbox, Outcome, PutResult
from sms.states import State
from tests.support.identifiers import everything, lines_about
from tests.support.outboxes import (
    GATEWAY,
    NOW,
    NUMBER,
    OTHER,
    SEAL,
    SOON,
    begin,
    brought_to,
    claim,
    put,
    told,
)

Step = Callable[[Outbox], Awaitable[object]]


async def queue(outbox: Outbox) -> None:
    await put(outbox, "k")


async def hold(outbox: Outbox) -> None:
    await put(outbox, "k")
    await claim(outbox)


async def send(outbox: Outbox) -> None:
    await put(outbox, "k")
    await begin(outbox, await claim(outbox))


async def postpone(outbox: Outbox) -> None:
    await put(outbox, "k")
    claimed = await claim(outbox)
    await begin(outbox, claimed)
    why, error = "busy", GatewayError.GATEWAY_FAILED
    await outbox.settle([Outcome(claimed[0], State.QUEUED, why, error, due=SOON)], NOW)


async def queue_tip(outbox: Outbox) -> None:
    await put(outbox, "k", kind=MessageKind.SERIES)


async def report_early(outbox: Outbox) -> None:
    await send(outbox)
    await outbox.report(told(State.DELIVERED, "g"), GATEWAY, NOW)
    await outbox.report(told(State.FAILED, "of nobody"), GATEWAY, NOW)


def settled(state: State, gateway_id: str = "g") -> Step:
    return lambda outbox: brought_to(outbox, state, gateway_id=gateway_id)


async def deliver(outbox: Outbox) -> None:
    await brought_to(outbox, State.ACCEPTED)
    await outbox.report(told(State.DELIVERED), GATEWAY, NOW)


BEFORE: dict[str, Step] = {
    "queued": queue,
    "held by a worker": hold,
    "being sent": send,
    "to be tried again": postpone,
    "a tip": queue_tip,
    "accepted": settled(State.ACCEPTED),
    "accepted without a name": settled(State.ACCEPTED, ""),
    "unknown": settled(State.UNKNOWN),
    "refused": settled(State.FAILED),
    "delivered": deliver,
    "reported early": report_early,
}


async def forget(redis: Redis, number: str = NUMBER) -> Forgotten:
    return await forget_messages(redis, SEAL, number, NOW)


async def left(redis: Redis, number: str = NUMBER) -> list[str]:
    return lines_about(await everything(redis), SEAL, number, NOW)


async def reported_again(outbox: Outbox) -> None:
    """By the gateway's name and by one that nobody knows."""
    for gateway_id in ("g", "late"):
        for state in (State.ACCEPTED, State.DELIVERED, State.DELIVERED):
            await outbox.report(told(state, gateway_id), GATEWAY, NOW)


@pytest.mark.parametrize("before", BEFORE)
async def test_nothing_of_the_number_is_left(outbox: Outbox, redis: Redis, before: str) -> None:
    await BEFORE[before](outbox)
    assert await left(redis)
    assert (await forget(redis)).messages == 1
    assert await left(redis) == []
    await reported_again(outbox)
    assert await left(redis) == []


@pytest.mark.parametrize("before", BEFORE)
async def test_reports_that_come_again_write_nothing(
    outbox: Outbox, redis: Redis, before: str
) -> None:
    await BEFORE[before](outbox)
    await forget(redis)
    known = [line.split(" ")[0] for line in await everything(redis)]
    await reported_again(outbox)
    assert [line.split(" ")[0] for line in await everything(redis)] == known


@pytest.mark.parametrize("before", BEFORE)
async def test_a_request_that_is_repeated_is_answered_no_more(
    outbox: Outbox, redis: Redis, before: str
) -> None:
    await BEFORE[before](outbox)
    await forget(redis)
    assert await put(outbox, "k") is PutResult.ALREADY
    await outbox.requeue_due(SOON - timedelta(seconds=1))
    for queue_ in Queue:
        again = await claim(outbox, queue_, "another")
        assert not again or await begin(outbox, again) == []


@pytest.mark.parametrize("before", BEFORE)
async def test_nobody_else_is_forgotten(outbox: Outbox, redis: Redis, before: str) -> None:
    await BEFORE[before](outbox)
    lines = await everything(redis)
    assert await forget(redis, OTHER) == Forgotten(0, 0, 0)
    assert [line for line in await everything(redis) if "sms:forgotten:" not in line] == lines


@pytest.mark.parametrize(
    ("state", "gateway_id", "end"),
    [
        (State.ACCEPTED, "g", State.ACCEPTED),
        (State.ACCEPTED, "", State.ACCEPTED),
        (State.UNKNOWN, "", State.UNKNOWN),
        (State.FAILED, "", State.FAILED),
        (State.QUEUED, "", State.FAILED),
    ],
)
async def test_what_was_being_sent_is_settled_without_the_number(
    outbox: Outbox, redis: Redis, state: State, gateway_id: str, end: State
) -> None:
    await put(outbox, "k")
    claimed = await claim(outbox)
    await begin(outbox, claimed)
    await forget(redis)
    error = GatewayError.NO_ANSWER
    await outbox.settle([Outcome(claimed[0], state, "", error, gateway_id, due=SOON)], NOW)
    assert await redis.hget(f"sms:message:{claimed[0].id}", "state") == end
    await reported_again(outbox)
    assert await left(redis) == []
    names = [line.split(" ")[0] for line in await everything(redis)]
    written = ("sms:gateway:", "sms:unsettled:", "sms:early", "sms:later")
    assert [name for name in names if name.startswith(written)] == []


async def test_what_a_dead_worker_was_sending_becomes_unknown(outbox: Outbox, redis: Redis) -> None:
    await put(outbox, "k")
    [begun] = await begin(outbox, await claim(outbox))
    await forget(redis)
    assert await outbox.reclaim(begun.claimed.queue, "another", 0, NOW) == 1
    assert await redis.hget(f"sms:message:{begun.claimed.id}", "state") == State.UNKNOWN
    assert await left(redis) == []


async def test_a_report_by_our_id_finds_the_message_without_its_number(
    outbox: Outbox, redis: Redis
) -> None:
    """A gateway that is given our ids may report without the number."""
    await put(outbox, "k")
    [begun] = await begin(outbox, await claim(outbox))
    await outbox.settle([Outcome(begun.claimed, State.UNKNOWN)], NOW)
    await forget(redis)
    known = len(await everything(redis))
    await outbox.report(told(State.DELIVERED, begun.claimed.id, number=""), GATEWAY, NOW)
    assert await redis.hget(f"sms:message:{begun.claimed.id}", "state") == State.DELIVERED
    assert len(await everything(redis)) == known


async def test_a_message_of_another_that_cannot_be_read_hinders_nothing(
    outbox: Outbox, redis: Redis
) -> None:
    await put(outbox, "k")
    await redis.set("sms:message:odd", "no message")
    await redis.sadd("sms:key:odd", "no key")
    assert (await forget(redis)).messages == 1
    assert await left(redis) == []


async def test_many_messages_of_others_are_gone_through(outbox: Outbox, redis: Redis) -> None:
    pipe = redis.pipeline(transaction=False)
    for n in range(3000):
        pipe.hset(f"sms:message:{n:032x}", mapping={"state": "accepted", "index": f"{n:032x}"})
    await pipe.execute()
    for key in ("a", "b", "c"):
        await brought_to(outbox, State.ACCEPTED, key, key)
    assert await forget(redis) == Forgotten(messages=3, reports=0, days=1)
    assert await left(redis) == []


async def test_who_texts_afterwards_is_answered(outbox: Outbox, redis: Redis) -> None:
    await brought_to(outbox, State.UNKNOWN, "k")
    await forget(redis)
    await brought_to(outbox, State.UNKNOWN, "new")
    await outbox.report(told(State.DELIVERED, "new g"), GATEWAY, NOW)
    assert await outbox.state_of("new") is State.DELIVERED


async def test_only_a_mark_is_left_and_it_ends(outbox: Outbox, redis: Redis) -> None:
    await forget(redis)
    [mark] = await everything(redis)
    assert mark.startswith("sms:forgotten:")
    assert SEAL.index(NUMBER) not in mark
    assert 0 < await redis.ttl(mark.split(" ")[0]) <= LATE_SECONDS
