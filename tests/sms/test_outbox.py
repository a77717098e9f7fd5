"""The outbox alone, on a real server: what is queued, and what becomes of it."""

import asyncio
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from sms.gateways.port import DeliveryReport
from sms.outbox.messages import AGREED, DANGER, MessageKind, Outgoing, Queue
from sms.outbox.outbox import (
    LONGEST_RETRY_DELAY,
    Caps,
    Outbox,
    Outcome,
    PutResult,
    Rate,
    Wait,
)
from sms.outbox.scripts import GROUP
from sms.states import FINAL, NEXT, State
from tests.support.outboxes import (
    FAST,
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
)
from tests.support.patience import PATIENCE
from tests.support.played_outbox import played

# --- States


def test_states_go_forward_only() -> None:
    """Only one step leads back, and none leads out of a final state."""
    order = list(State)
    back = {(a, b) for a in State for b in NEXT[a] if order.index(b) < order.index(a)}
    assert {(a, b) for a, b in back if a is not State.UNKNOWN} == {(State.SENDING, State.QUEUED)}
    assert frozenset({State.DELIVERED, State.FAILED, State.EXPIRED}) == FINAL
    assert not {State.QUEUED, State.SENDING} & NEXT[State.UNKNOWN]


# --- Putting


async def test_a_wish_leads_to_one_message(outbox: Outbox) -> None:
    said = await asyncio.gather(*(put(outbox, "k") for _ in range(10)))
    assert sorted(said) == [PutResult.ALREADY] * 9 + [PutResult.QUEUED]
    assert len(await claim(outbox)) == 1
    assert await outbox.state_of("k") is State.QUEUED
    assert await outbox.state_of("another") is None


@pytest.mark.parametrize(
    "number",
    [
        "",
        "77015550101",
        "+77015550101\n",
        "+77015550101,+77015550102",
        "+1",
        "+٧٧٠١٥٥٥٠١٠١",
        "+19990000000",
    ],
)
async def test_only_one_number_of_an_allowed_country_is_texted(outbox: Outbox, number: str) -> None:
    assert await put(outbox, "k", number) is PutResult.REFUSED
    assert await outbox.waiting() == {Queue.REPLIES: 0, Queue.SERIES: 0}


async def test_a_number_gets_three_replies_in_ten_minutes_and_one_emergency(
    outbox: Outbox,
) -> None:
    said = [await put(outbox, f"k{n}") for n in range(4)]
    assert said == [PutResult.QUEUED] * 3 + [PutResult.CAPPED]
    emergency = [await put(outbox, f"e{n}", kind=MessageKind.EMERGENCY) for n in range(2)]
    assert emergency == [PutResult.QUEUED, PutResult.CAPPED]
    assert await put(outbox, "other", OTHER) is PutResult.QUEUED
    later = NOW + timedelta(seconds=601)
    message = Outgoing("later", NUMBER, "", MessageKind.REPLY, SOON)
    assert await outbox.put(message, later) is PutResult.QUEUED


async def test_a_capped_wish_may_come_again(outbox: Outbox) -> None:
    for n in range(4):
        await put(outbox, f"k{n}")
    later = NOW + timedelta(seconds=601)
    message = Outgoing("k3", NUMBER, "", MessageKind.REPLY, SOON)
    assert await outbox.put(message, later) is PutResult.QUEUED


REPLY = MessageKind.REPLY
ALL_ALIKE = partial(Caps, new_numbers_share=1, reserve_share=0)


@pytest.mark.parametrize(
    ("caps", "kind", "named"),
    [
        (ALL_ALIKE(replies_a_minute=5), REPLY, "replies a minute"),
        (ALL_ALIKE(replies_a_day=5), MessageKind.EMERGENCY, "replies a day"),
        (Caps(replies_a_minute=10), REPLY, "new numbers a minute"),
        (Caps(replies_a_day=10), REPLY, "new numbers a day"),
        (Caps(series_a_day=5), MessageKind.SERIES, "series a day"),
    ],
)
async def test_the_service_has_caps_and_says_so_once(
    redis: Redis, caplog: pytest.LogCaptureFixture, caps: Caps, kind: MessageKind, named: str
) -> None:
    outbox = Outbox(redis, SEAL, caps)
    said = [await put(outbox, f"k{n}", f"+770155502{n:02}", kind) for n in range(20)]
    assert said == [PutResult.QUEUED] * 5 + [PutResult.CAPPED] * 15
    [line] = [each.getMessage() for each in caplog.records]
    assert named in line


async def test_a_flood_of_new_numbers_silences_nobody_else(redis: Redis) -> None:
    """Whatever of the three an attacker uses up, the others are still answered."""
    outbox = Outbox(redis, SEAL, Caps(replies_a_minute=40))
    yesterday = Outgoing("before", OTHER, "", REPLY, SOON)
    assert await outbox.put(yesterday, NOW - timedelta(days=1)) is PutResult.QUEUED

    async def flood(series: int, reserve: str) -> int:
        texts = [
            Outgoing(f"{reserve}{n}", f"+77015551{series}{n:02}", "", REPLY, SOON, "", reserve)
            for n in range(99)
        ]
        return (await outbox.put_all(texts, NOW)).count(PutResult.QUEUED)

    parts = ("", DANGER, AGREED)
    assert [await flood(*each) for each in enumerate(parts)] == [20, 20, 20]
    assert await put(outbox, "known", OTHER) is PutResult.QUEUED


async def test_who_gets_the_series_is_no_new_number(redis: Redis) -> None:
    outbox = Outbox(redis, SEAL, Caps(replies_a_minute=2))
    assert await put(outbox, "first", OTHER) is PutResult.QUEUED
    assert await put(outbox, "new") is PutResult.CAPPED
    await redis.hset(f"sms:series:{SEAL.index(NUMBER)}", "next", "0")
    assert await put(outbox, "known") is PutResult.QUEUED


async def test_letters_are_answered_in_their_order(outbox: Outbox) -> None:
    messages = [
        Outgoing(
            f"k{n % 150}", f"+7701666{n:04}" if n % 7 else "bad", "t", MessageKind.SERIES, SOON
        )
        for n in range(300)
    ]
    said = await outbox.put_all(messages, NOW)
    for n, answer in enumerate(said):
        first_good = n % 7 != 0 and (n < 150 or (n - 150) % 7 == 0)
        assert answer is (
            PutResult.REFUSED
            if n % 7 == 0
            else PutResult.QUEUED
            if first_good
            else PutResult.ALREADY
        )


# --- Beginning and settling


async def test_what_was_begun_is_the_letter(outbox: Outbox) -> None:
    await put(outbox, "k")
    [begun] = await begin(outbox, await claim(outbox))
    assert (begun.to, begun.text, begun.attempts) == ({1: NUMBER}, "text of k", 1)
    assert begun.expires_at == SOON
    assert await outbox.state_of("k") is State.SENDING


async def test_only_the_worker_that_holds_a_message_begins_it(outbox: Outbox) -> None:
    """Repeating a begin whose answer was lost is no second begin."""
    await put(outbox, "k")
    [claimed] = await claim(outbox)
    assert await outbox.begin(claimed, "w", FAST, [GATEWAY], NOW)
    assert await outbox.begin(claimed, "w", FAST, [GATEWAY], NOW)
    assert await outbox.begin(claimed, "another", FAST, [GATEWAY], NOW) is None


async def test_an_entry_that_is_claimed_once_more_is_not_begun_again(
    outbox: Outbox, redis: Redis
) -> None:
    """As by a server that took another's place, and has not heard of the claim."""
    await put(outbox, "k")
    [first] = await claim(outbox)
    assert await outbox.begin(first, "w", FAST, [GATEWAY], NOW)
    await redis.xgroup_setid(f"sms:queue:{Queue.REPLIES}", GROUP, "0")
    [second] = await claim(outbox)
    assert second.entry == first.entry
    assert await outbox.begin(second, "w", FAST, [GATEWAY], NOW) is None
    assert await outbox.begin(first, "w", FAST, [GATEWAY], NOW)


async def test_an_expired_message_is_not_begun(outbox: Outbox, redis: Redis) -> None:
    await put(outbox, "k")
    assert await begin(outbox, await claim(outbox), SOON) == []
    assert await outbox.state_of("k") is State.EXPIRED
    assert await redis.xlen("sms:queue:replies") == 0


async def test_the_rate_is_shared_and_series_leave_room_for_replies(outbox: Outbox) -> None:
    rate = Rate(0.5, 3)
    for kind in (MessageKind.SERIES, MessageKind.REPLY):
        for n in range(3):
            await put(outbox, f"{kind}{n}", kind=kind)
    series, replies = await claim(outbox, Queue.SERIES), await claim(outbox)
    began = [await outbox.begin(each, "w", rate, [GATEWAY], NOW) for each in series + replies]
    waits = [each.seconds if isinstance(each, Wait) else 0 for each in began]
    assert waits[:2] == [0, 0]
    assert waits[2] == pytest.approx(2, abs=0.2)
    assert waits[3] == 0
    assert waits[4:] == pytest.approx([2, 2], abs=0.2)


@pytest.mark.parametrize("state", [State.ACCEPTED, State.FAILED, State.UNKNOWN])
async def test_the_number_and_the_text_are_dropped_when_settled(
    outbox: Outbox, redis: Redis, state: State
) -> None:
    await brought_to(outbox, state)
    assert await outbox.state_of("k") is state
    [key] = [key async for key in redis.scan_iter("sms:message:*")]
    assert not {"to", "text"} & set(await redis.hkeys(key))
    assert await redis.xpending("sms:queue:replies", "senders") == {
        "pending": 0, "min": None, "max": None, "consumers": []
    }  # fmt: skip


async def test_a_clock_put_back_puts_no_message_off_for_longer(outbox: Outbox) -> None:
    await put(outbox, "k")
    claimed = await claim(outbox)
    await begin(outbox, claimed)
    due = NOW + timedelta(seconds=10)
    await outbox.settle([Outcome(claimed[0], State.QUEUED, due=due)], NOW)
    await outbox.requeue_due(due - LONGEST_RETRY_DELAY)
    assert await claim(outbox) == []
    await outbox.requeue_due(due - LONGEST_RETRY_DELAY - timedelta(seconds=1))
    assert len(await claim(outbox)) == 1


async def test_what_never_left_is_tried_again_when_due(outbox: Outbox) -> None:
    await put(outbox, "k")
    claimed = await claim(outbox)
    await begin(outbox, claimed)
    due = NOW + timedelta(seconds=10)
    for _ in range(2):  # the answer to the first may have been lost
        await outbox.settle([Outcome(claimed[0], State.QUEUED, due=due)], NOW)
    assert await outbox.state_of("k") is State.QUEUED
    await outbox.requeue_due(NOW + timedelta(seconds=9))
    assert await claim(outbox) == []
    for _ in range(2):
        await outbox.requeue_due(due)
    [again] = await claim(outbox)
    [begun] = await begin(outbox, [again])
    assert (begun.to, begun.attempts) == ({1: NUMBER}, 2)
    assert await outbox.begin(claimed[0], "w", FAST, [GATEWAY], NOW) is None
    await outbox.settle([Outcome(claimed[0], State.FAILED)], NOW)
    assert await outbox.state_of("k") is State.SENDING


async def test_what_waits_to_be_tried_again_expires_in_time(outbox: Outbox) -> None:
    await put(outbox, "k")
    claimed = await claim(outbox)
    await begin(outbox, claimed)
    later = SOON + timedelta(hours=1)
    await outbox.settle([Outcome(claimed[0], State.QUEUED, due=later)], NOW)
    await outbox.requeue_due(SOON)
    assert await outbox.state_of("k") is State.EXPIRED


# --- Dead workers


async def test_what_a_dead_worker_was_sending_is_unknown_and_not_sent_again(
    outbox: Outbox,
) -> None:
    await put(outbox, "k")
    claimed = await claim(outbox, worker="dead")
    await outbox.begin(claimed[0], "dead", FAST, [GATEWAY], NOW)
    assert await outbox.reclaim(Queue.REPLIES, "w", 10_000, NOW) == 0
    assert await outbox.reclaim(Queue.REPLIES, "w", 0, NOW) == 1
    assert await outbox.state_of("k") is State.UNKNOWN
    assert await claim(outbox) == []
    assert await outbox.begin(claimed[0], "dead", FAST, [GATEWAY], NOW) is None


async def test_what_a_dead_worker_only_held_is_sent_by_another(outbox: Outbox) -> None:
    await put(outbox, "k")
    held = await claim(outbox, worker="dead")
    assert await outbox.reclaim(Queue.REPLIES, "w", 0, NOW) == 0
    [claimed] = await claim(outbox)
    assert await outbox.begin(held[0], "dead", FAST, [GATEWAY], NOW) is None
    [begun] = await begin(outbox, [claimed])
    assert begun.to == {1: NUMBER}


async def test_a_slow_worker_that_was_taken_for_dead_may_still_say_what_it_knows(
    outbox: Outbox,
) -> None:
    """But never that the message be sent again: that could be twice."""
    await put(outbox, "k")
    claimed = await claim(outbox, worker="slow")
    await outbox.begin(claimed[0], "slow", FAST, [GATEWAY], NOW)
    await outbox.reclaim(Queue.REPLIES, "w", 0, NOW)
    await outbox.settle([Outcome(claimed[0], State.QUEUED, due=NOW)], NOW)
    await outbox.requeue_due(SOON)
    assert await outbox.state_of("k") is State.UNKNOWN
    await outbox.settle([Outcome(claimed[0], State.ACCEPTED, gateway_id="g")], NOW)
    await outbox.report(DeliveryReport("g", State.DELIVERED), GATEWAY, NOW)
    assert await outbox.state_of("k") is State.DELIVERED


async def test_a_beginning_extends_the_lease(outbox: Outbox) -> None:
    await put(outbox, "k")
    claimed = await claim(outbox)
    await asyncio.sleep(0.25)
    await begin(outbox, claimed)
    assert await outbox.reclaim(Queue.REPLIES, "w", 200, NOW) == 0
    assert await outbox.state_of("k") is State.SENDING


async def test_a_server_that_lost_everything_is_used_again(outbox: Outbox, redis: Redis) -> None:
    await put(outbox, "k")
    assert await claim(outbox)
    await redis.flushdb()
    assert await claim(outbox) == []
    assert await outbox.reclaim(Queue.SERIES, "w", 0, NOW) == 0
    await put(outbox, "k")
    assert len(await claim(outbox)) == 1


# --- Whatever happens in whatever order


STEPS = st.lists(
    st.sampled_from(
        ["claim", "begin", "accept", "refuse", "doubt", "die", "due", "report", "late"]
    ),
    min_size=4,
    max_size=30,
)


@given(STEPS)
@settings(max_examples=150, deadline=None)
def test_no_order_of_events_lets_a_message_be_sent_twice(redis_url: str, steps: list[str]) -> None:
    """A begin is a send, unless the gateway certainly refused it."""
    assert asyncio.run(_sends(redis_url, steps)) <= 1


async def _sends(redis_url: str, steps: list[str]) -> int:
    async with played(redis_url, Queue.REPLIES) as on:
        await put(on.outbox, "k")
        for step in steps:
            await on.step(step)
        return on.sends.total()


async def test_a_clock_of_redis_that_was_put_back_stops_nothing(
    outbox: Outbox, redis: Redis
) -> None:
    await put(outbox, "one")
    await put(outbox, "two")
    one, two = await claim(outbox)
    rate = Rate(20.0, 1)
    assert not isinstance(await outbox.begin(one, "w", rate, [GATEWAY], NOW), Wait)
    bucket = f"sms:bucket:{GATEWAY}"
    await redis.hset(bucket, "at", float(str(await redis.hget(bucket, "at"))) + 3600)
    async with asyncio.timeout(PATIENCE):
        while isinstance(await outbox.begin(two, "w", rate, [GATEWAY], NOW), Wait):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
