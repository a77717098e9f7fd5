"""A batch: one text for many, each of whom is told apart from the others where they differ."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from itertools import product
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from sms.gateways.port import GatewayError
from sms.outbox import Forgotten, forget_messages, people_waiting
from sms.outbox.counts import counts_key, day_of
from sms.outbox.messages import Batch, MessageCodec, MessageKind, Queue
from sms.outbox.outbox import Act, BatchPut, Caps, Claimed, Outbox, Outcome, Sending
from sms.outbox.scripts import MOST_TRIES
from sms.series.scripts import STOPPED
from sms.states import State
from tests.support.identifiers import everything, lines_about
from tests.support.outboxes import (
    EVERYBODY,
    FAST,
    GATEWAY,
    NOW,
    NUMBER,
    OTHER,
    SEAL,
    SOON,
    begin,
    claim,
    put,
    put_batch,
    settle,
    states,
    told,
)
from tests.support.played_outbox import played
from tests.support.workers import CONFIG, UNLIMITED, Gateway, until_empty, working

PEOPLE = [NUMBER, OTHER, "+77015550103", "+77015550104"]
A, B, C, D = PEOPLE


@pytest.fixture
def outbox(redis: Redis) -> Outbox:
    return Outbox(redis, SEAL, UNLIMITED, unwanted=STOPPED)


@pytest.fixture
async def claimed(outbox: Outbox) -> Claimed:
    """A batch for `PEOPLE`, held by a worker."""
    assert await put_batch(outbox, PEOPLE) == BatchPut(4, 0)
    [claimed] = await claim(outbox, Queue.SERIES)
    return claimed


@pytest.fixture
async def begun(outbox: Outbox, claimed: Claimed) -> Sending:
    [begun] = await begin(outbox, [claimed])
    return begun


async def stop(redis: Redis, *numbers: str) -> None:
    for each in numbers:
        await redis.set(f"sms:stopped:{SEAL.index(each)}", "", ex=60)


async def state_of(redis: Redis, number: str) -> State:
    [state] = (await states(redis))[SEAL.index(number)]
    return state


# --- Putting


def act(*places: int) -> Act:
    """Chooses these."""
    return Act(f"return {{{', '.join(f'[{place}] = true' for place in places)}}}")


def batch(numbers: Sequence[str] = PEOPLE, gateway: str = "") -> Batch:
    indexes = tuple(SEAL.index(each) for each in numbers)
    return Batch(tuple(numbers), indexes, tuple(numbers), "Tip 1.", SOON, gateway)


async def test_only_whom_the_act_chooses_are_sent_to(outbox: Outbox) -> None:
    assert await outbox.put_batch(batch(), act(2, 4), NOW) == BatchPut(2, 0)
    [begun] = await begin(outbox, await claim(outbox, Queue.SERIES))
    assert begun.to == {2: B, 4: D}
    assert begun.text == "Tip 1."


async def test_nothing_is_queued_where_the_act_chooses_nobody(outbox: Outbox, redis: Redis) -> None:
    assert await outbox.put_batch(batch(), act(), NOW) == BatchPut(0, 0)
    assert await everything(redis) == []


@pytest.mark.parametrize(("number", "why"), [("+19990000000", "may text"), (A, "twice")])
async def test_a_batch_to_a_number_that_we_may_not_text_or_twice_is_refused(
    outbox: Outbox, number: str, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        await outbox.put_batch(batch([A, number]), EVERYBODY, NOW)
    assert (await outbox.waiting())[Queue.SERIES] == 0


async def test_who_is_over_the_cap_of_the_day_is_held_back_and_not_acted_for(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = Outbox(redis, SEAL, Caps(series_a_day=5))
    acting = Act(
        "for _, place in ipairs(places) do redis.call('SET', 'acted', place) end return {}"
    )
    assert await put_batch(outbox, PEOPLE) == BatchPut(4, 0)
    assert await put_batch(outbox, PEOPLE) == BatchPut(1, 3)
    assert await put_batch(outbox, PEOPLE) == BatchPut(0, 4)
    assert await outbox.put_batch(batch(), acting, NOW) == BatchPut(0, 4)
    assert await redis.exists("acted") == 0
    assert caplog.text.count("series a day") == 1
    begun = await begin(outbox, await claim(outbox, Queue.SERIES))
    assert [[*each.to] for each in begun] == [[1, 2, 3, 4], [1]]


async def test_what_an_older_version_queued_for_one_is_not_queued_again(outbox: Outbox) -> None:
    """It ended after it had queued a tip, before it noted that its person has it."""
    await put(outbox, B, B, MessageKind.SERIES)
    assert await put_batch(outbox, PEOPLE) == BatchPut(3, 0)
    begun = await begin(outbox, await claim(outbox, Queue.SERIES))
    assert sorted(msisdn for each in begun for msisdn in each.to.values()) == PEOPLE


async def stored_before(redis: Redis, number: str, state: State = State.QUEUED) -> str:
    """A tip as a version that knew no batches wrote it; its id."""
    id_, who = uuid4().hex, MessageCodec(SEAL).index_of_day(day_of(NOW), number)
    entry = await redis.xadd(f"sms:queue:{Queue.SERIES}", {"id": id_})
    await redis.hset(
        f"sms:message:{id_}",
        mapping={
            "day": day_of(NOW),
            "kind": MessageKind.SERIES,
            "who": who,
            "to": SEAL.seal(number, f"{id_} to"),
            "text": SEAL.seal("Tip 1.", f"{id_} text"),
            "index": SEAL.index(number),
            "gateway": GATEWAY,
            "queue": Queue.SERIES,
            "expires": SOON.timestamp(),
            "attempts": 0,
            "cut": "",
            "state": state,
            "entry": entry,
        },
    )
    return id_


async def test_what_an_older_version_left_is_sent_reported_and_stopped(
    outbox: Outbox, redis: Redis
) -> None:
    await stored_before(redis, A)
    await stored_before(redis, B)
    await stop(redis, B)
    [begun] = await begin(outbox, await claim(outbox, Queue.SERIES))
    assert (begun.to, begun.text) == ({1: A}, "Tip 1.")
    await outbox.settle([Outcome(begun.claimed, State.ACCEPTED, gateway_id="g", place=1)], NOW)
    await outbox.report(told(State.DELIVERED, "g", A), GATEWAY, NOW)
    assert [await state_of(redis, each) for each in (A, B)] == [State.DELIVERED, State.EXPIRED]


async def test_what_an_older_version_was_sending_is_unknown_and_can_be_forgotten(
    outbox: Outbox, redis: Redis
) -> None:
    await stored_before(redis, A, State.SENDING)
    await stored_before(redis, B)
    await claim(outbox, Queue.SERIES)
    assert await outbox.reclaim(Queue.SERIES, "other", 0, NOW) == 1
    assert await state_of(redis, A) is State.UNKNOWN
    assert (await forget_messages(redis, SEAL, B, NOW)).messages == 1
    assert not await begin(outbox, await claim(outbox, Queue.SERIES))
    assert lines_about(await everything(redis), SEAL, B, NOW) == []


async def test_people_are_counted_and_not_entries(outbox: Outbox, redis: Redis) -> None:
    await put_batch(outbox, PEOPLE)
    await put(outbox, "k", A, MessageKind.SERIES)
    assert (await outbox.waiting())[Queue.SERIES] == 5
    assert await people_waiting(redis, Queue.SERIES) == 4


# --- Beginning


async def test_who_said_stop_just_before_is_left_out(
    outbox: Outbox, redis: Redis, claimed: Claimed
) -> None:
    await stop(redis, A, C)
    [begun] = await begin(outbox, [claimed])
    assert begun.to == {2: B, 4: D}
    assert [await state_of(redis, each) for each in PEOPLE] == [
        State.EXPIRED,
        State.SENDING,
        State.EXPIRED,
        State.SENDING,
    ]
    assert await begin(outbox, [claimed]) == [replace_attempts(begun)]


def replace_attempts(begun: Sending) -> Sending:
    """As it is when it was begun once more: the answer to the first was lost."""
    return Sending(
        begun.claimed, begun.gateway, begun.to, begun.text, 2, begun.expires_at, begun.size
    )


@pytest.mark.parametrize("late", [False, True])
async def test_what_nobody_is_to_get_any_more_is_over(
    outbox: Outbox, redis: Redis, claimed: Claimed, late: bool
) -> None:
    if not late:
        await stop(redis, *PEOPLE)
    assert await begin(outbox, [claimed], SOON if late else NOW) == []
    assert {await state_of(redis, each) for each in PEOPLE} == {State.EXPIRED}
    assert (await outbox.waiting())[Queue.SERIES] == 0


async def test_a_reply_is_sent_also_to_who_said_stop(outbox: Outbox, redis: Redis) -> None:
    await put(outbox, "k")
    await stop(redis, NUMBER)
    assert len(await begin(outbox, await claim(outbox))) == 1


async def test_only_the_worker_that_holds_a_batch_begins_it(outbox: Outbox, begun: Sending) -> None:
    assert await outbox.begin(begun.claimed, "another", FAST, [GATEWAY], NOW) is None


# --- Settling

ENDS = [State.ACCEPTED, State.FAILED, State.UNKNOWN, State.QUEUED]


@pytest.mark.parametrize("ends", [*product(ENDS, repeat=3)])
async def test_each_person_ends_as_the_gateway_said_and_only_who_was_not_texted_goes_again(
    outbox: Outbox, redis: Redis, begun: Sending, ends: tuple[State, ...]
) -> None:
    said = [*ends, State.ACCEPTED]
    for _ in range(2):  # the answer to the first may have been lost
        await settle(outbox, begun, *said)
    assert [await state_of(redis, each) for each in PEOPLE] == said
    await outbox.requeue_due(NOW)
    again = await begin(outbox, await claim(outbox, Queue.SERIES))
    to = {place: each for place, each in begun.to.items() if said[place - 1] is State.QUEUED}
    assert [each.to for each in again] == ([to] if to else [])


async def test_the_numbers_of_who_was_texted_are_dropped_while_others_wait(
    outbox: Outbox, redis: Redis, begun: Sending
) -> None:
    await settle(outbox, begun, State.ACCEPTED, State.QUEUED, State.FAILED, State.QUEUED)
    key = f"sms:message:{begun.claimed.id}"
    sealed = await redis.hget(key, "to")
    assert MessageCodec(SEAL).open_numbers(str(sealed), begun.claimed.id) == {2: B, 4: D}
    await outbox.requeue_due(NOW)
    assert (await outbox.waiting())[Queue.SERIES] == 2
    assert await people_waiting(redis, Queue.SERIES) == 2
    [again] = await begin(outbox, await claim(outbox, Queue.SERIES))
    await settle(outbox, again, State.UNKNOWN, State.ACCEPTED)
    assert not {"to", "text"} & set(await redis.hkeys(key))
    assert [await state_of(redis, each) for each in PEOPLE] == [
        State.ACCEPTED,
        State.UNKNOWN,
        State.FAILED,
        State.ACCEPTED,
    ]
    assert await redis.ttl(key) > 24 * 3600


@pytest.mark.parametrize("end", [State.ACCEPTED, State.QUEUED])
async def test_of_whom_the_outcome_does_not_tell_may_have_been_texted(
    outbox: Outbox, redis: Redis, begun: Sending, end: State
) -> None:
    outcome = Outcome(begun.claimed, end, due=NOW, place=2, msisdn=B)
    await outbox.settle([outcome], NOW)
    assert [await state_of(redis, each) for each in PEOPLE] == [
        State.UNKNOWN,
        end,
        State.UNKNOWN,
        State.UNKNOWN,
    ]
    await outbox.report(told(State.DELIVERED, "of C", C), GATEWAY, NOW)
    assert await state_of(redis, C) is State.DELIVERED


async def test_a_batch_that_was_only_held_is_given_back_whole(
    outbox: Outbox, claimed: Claimed
) -> None:
    await outbox.settle([Outcome(claimed, State.QUEUED, due=NOW)], NOW)
    await outbox.requeue_due(NOW)
    [begun] = await begin(outbox, await claim(outbox, Queue.SERIES))
    assert [*begun.to.values()] == PEOPLE


async def test_a_worker_that_was_taken_for_dead_may_say_what_it_knows(
    outbox: Outbox, redis: Redis, begun: Sending
) -> None:
    """But never that somebody be texted again."""
    assert await outbox.reclaim(Queue.SERIES, "another", 0, NOW) == 4
    await settle(outbox, begun, State.ACCEPTED, State.FAILED, State.QUEUED, State.QUEUED)
    await outbox.requeue_due(SOON)
    assert await claim(outbox, Queue.SERIES) == []
    assert [await state_of(redis, each) for each in PEOPLE] == [
        State.ACCEPTED,
        State.FAILED,
        State.UNKNOWN,
        State.UNKNOWN,
    ]
    await outbox.report(told(State.DELIVERED, "g1", A), GATEWAY, NOW)
    assert await state_of(redis, A) is State.DELIVERED


# --- Reports


REPORTS = [
    pytest.param(State.ACCEPTED, "g3", "", id="by the name that the gateway gave"),
    pytest.param(State.UNKNOWN, "ours", "", id="by our name"),
    pytest.param(State.UNKNOWN, "another", C, id="by the number"),
]


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize(("state", "name", "number"), REPORTS)
async def test_a_report_settles_one_of_a_batch(  # noqa: PLR0913, PLR0917
    outbox: Outbox, redis: Redis, begun: Sending, state: State, name: str, number: str, early: bool
) -> None:
    report = told(State.DELIVERED, begun.name(3) if name == "ours" else name, number)
    if early:
        await outbox.report(report, GATEWAY, NOW)
    await settle(outbox, begun, *[state] * 4)
    for _ in range(1 if early else 2):
        await outbox.report(report, GATEWAY, NOW)
    expected = [state, state, State.DELIVERED, state]
    assert [await state_of(redis, each) for each in PEOPLE] == expected


async def test_when_all_are_reported_nobody_is_left(
    outbox: Outbox, redis: Redis, begun: Sending
) -> None:
    await settle(outbox, begun, *[State.ACCEPTED] * 4)
    ends = [State.DELIVERED, State.FAILED, State.DELIVERED, State.DELIVERED]
    for place, end in enumerate(ends, 1):
        await outbox.report(told(end, f"g{place}"), GATEWAY, NOW)
        assert await outbox.state_of_sent(GATEWAY, f"g{place}") is end
    assert [await state_of(redis, each) for each in PEOPLE] == ends
    assert 0 < await redis.ttl(f"sms:message:{begun.claimed.id}") <= 24 * 3600


@pytest.mark.parametrize("name", ["{id}", "{id}.0", "{id}.5", "{id}.x", "{id}.1.1", ".1", "."])
async def test_a_name_that_is_none_of_ours_settles_nobody(
    outbox: Outbox, redis: Redis, begun: Sending, name: str
) -> None:
    await settle(outbox, begun, *[State.UNKNOWN] * 4)
    report = told(State.DELIVERED, name.format(id=begun.claimed.id), "")
    await outbox.report(report, GATEWAY, NOW)
    assert {await state_of(redis, each) for each in PEOPLE} == {State.UNKNOWN}


async def test_a_report_of_a_batch_that_is_gone_leaves_nothing(
    outbox: Outbox, redis: Redis, begun: Sending
) -> None:
    await settle(outbox, begun, *[State.ACCEPTED] * 4)
    await redis.delete(f"sms:message:{begun.claimed.id}")
    before = await everything(redis)
    await outbox.report(told(State.DELIVERED, "g1", A), GATEWAY, NOW)
    assert await everything(redis) == before


# --- Counts


async def counted(redis: Redis) -> dict[str, int]:
    found = await redis.hgetall(counts_key(NOW.date()))
    return {str(what): int(count) for what, count in found.items() if count != "0"}


async def test_each_person_of_a_batch_is_counted(
    outbox: Outbox, redis: Redis, begun: Sending
) -> None:
    assert await counted(redis) == {
        "series messages": 4,
        "series segments": 4,
        "series is under way": 4,
        "series of 1": 4,
    }
    await settle(outbox, begun, State.ACCEPTED, State.FAILED, State.UNKNOWN, State.QUEUED)
    counts = await counted(redis)
    ends = {what: count for what, count in counts.items() if " is " in what}
    assert ends == {
        "series is accepted": 1,
        "series is failed": 1,
        "series is unknown": 1,
        "series is under way": 1,
    }
    await outbox.report(told(State.DELIVERED, "g1", A), GATEWAY, NOW)
    assert (await counted(redis))["series is delivered"] == 1


async def test_of_a_batch_only_who_had_no_tip_today_counts_as_a_person(
    outbox: Outbox, redis: Redis
) -> None:
    await put_batch(outbox, [A, B])
    await put_batch(outbox, [B, C])
    counts = await counted(redis)
    assert (counts["series messages"], counts["series is under way"]) == (4, 3)
    for begun in await begin(outbox, await claim(outbox, Queue.SERIES)):
        await settle(outbox, begun, State.ACCEPTED, State.FAILED)
    counts = await counted(redis)
    assert (counts["series is accepted"], counts["series is failed"]) == (1, 2)


async def test_an_error_of_the_gateway_is_counted_for_each_of_a_batch(
    outbox: Outbox, redis: Redis, begun: Sending
) -> None:
    error = GatewayError.NO_CREDIT
    outcomes = [
        Outcome(begun.claimed, State.FAILED, "no money", error, place=place) for place in (1, 2)
    ]
    others = [Outcome(begun.claimed, State.ACCEPTED, place=place) for place in (3, 4)]
    for _ in range(2):
        await outbox.settle(outcomes + others, NOW)
    assert (await counted(redis))["trouble no credit"] == 2


# --- Workers and servers that die


async def test_whom_a_dead_worker_was_texting_is_unknown_until_reported(
    outbox: Outbox, redis: Redis, begun: Sending
) -> None:
    await outbox.report(told(State.DELIVERED, "of B", B), GATEWAY, NOW)
    assert await outbox.reclaim(Queue.SERIES, "another", 0, NOW) == 4
    await outbox.report(told(State.DELIVERED, "of D", D), GATEWAY, NOW)
    assert [await state_of(redis, each) for each in PEOPLE] == [
        State.UNKNOWN,
        State.DELIVERED,
        State.UNKNOWN,
        State.DELIVERED,
    ]
    assert await claim(outbox, Queue.SERIES) == []


async def test_a_batch_that_a_dead_worker_only_held_is_sent_by_another(
    outbox: Outbox, redis: Redis
) -> None:
    await put_batch(outbox, PEOPLE)
    for n in range(MOST_TRIES - 1):
        assert await claim(outbox, Queue.SERIES, f"w{n}")
        assert await outbox.reclaim(Queue.SERIES, "w", 0, NOW) == 0
    [begun] = await begin(outbox, await claim(outbox, Queue.SERIES))
    assert [*begun.to.values()] == PEOPLE


async def test_a_batch_at_which_workers_end_is_set_aside(
    outbox: Outbox, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    await put_batch(outbox, PEOPLE)
    for n in range(MOST_TRIES):
        assert await claim(outbox, Queue.SERIES, f"w{n}")
        await outbox.reclaim(Queue.SERIES, "w", 0, NOW)
    assert {await state_of(redis, each) for each in PEOPLE} == {State.EXPIRED}
    assert await claim(outbox, Queue.SERIES) == []
    assert await outbox.set_aside_count() == 4
    assert caplog.text.count("set aside") == 1


@pytest.mark.parametrize("field", ["to", "text", "expires", "attempts"])
async def test_a_batch_that_cannot_be_read_holds_up_no_other(
    outbox: Outbox, redis: Redis, caplog: pytest.LogCaptureFixture, field: str
) -> None:
    now = datetime.now(NOW.tzinfo)
    await put_batch(outbox, PEOPLE, now)
    [key] = [key async for key in redis.scan_iter("sms:message:*")]
    await redis.hset(key, field, "garbage")
    others = [f"+770155502{n:02}" for n in range(20)]
    await put_batch(outbox, others, now)
    gateway = Gateway()
    async with working(outbox, gateway, CONFIG):
        await until_empty(outbox)
    assert gateway.texted == others
    assert await outbox.set_aside_count() == 4
    told_of = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert len(told_of) == 1


async def test_notes_that_are_lost_leave_all_of_a_batch_unknown(
    outbox: Outbox, redis: Redis, claimed: Claimed
) -> None:
    await redis.set("redis:cut", f"{NOW.timestamp()} sms:message")
    await put_batch(outbox, ["+77015550200"])
    assert await begin(outbox, [claimed]) == []
    assert {await state_of(redis, each) for each in PEOPLE} == {State.UNKNOWN}
    assert (await counted(redis))["series is unknown"] == 4
    await outbox.report(told(State.DELIVERED, "of B", B), GATEWAY, NOW)
    assert await state_of(redis, B) is State.DELIVERED
    assert len(await begin(outbox, await claim(outbox, Queue.SERIES))) == 1


# --- Forgetting

Step = Callable[[Outbox], Awaitable[Sending | None]]


async def queue(outbox: Outbox) -> None:
    await put_batch(outbox, PEOPLE)


async def hold(outbox: Outbox) -> None:
    await put_batch(outbox, PEOPLE)
    await claim(outbox, Queue.SERIES)


async def send(outbox: Outbox) -> Sending:
    await put_batch(outbox, PEOPLE)
    [begun] = await begin(outbox, await claim(outbox, Queue.SERIES))
    return begun


async def postpone(outbox: Outbox) -> None:
    begun = await send(outbox)
    await settle(outbox, begun, State.ACCEPTED, State.QUEUED, State.FAILED, State.QUEUED)


async def send_again(outbox: Outbox) -> Sending:
    await postpone(outbox)
    await outbox.requeue_due(NOW)
    [begun] = await begin(outbox, await claim(outbox, Queue.SERIES))
    return begun


async def end(outbox: Outbox) -> None:
    begun = await send(outbox)
    await settle(outbox, begun, State.ACCEPTED, State.UNKNOWN, State.FAILED, State.ACCEPTED)


BEFORE: dict[str, Step] = {
    "queued": queue,
    "held by a worker": hold,
    "being sent": send,
    "some to be tried again": postpone,
    "some being sent again": send_again,
    "settled": end,
}


async def left(redis: Redis, number: str) -> list[str]:
    return lines_about(await everything(redis), SEAL, number, NOW)


async def sealed_numbers(redis: Redis) -> set[str]:
    """All that Redis holds and our key opens."""
    found = set[str]()
    for key in [str(key) async for key in redis.scan_iter("sms:message:*")]:
        sealed, id_ = await redis.hget(key, "to"), key.rsplit(":", 1)[1]
        found.update(MessageCodec(SEAL).open_numbers(str(sealed), id_).values())
    return found


@pytest.mark.parametrize("place", [1, 2, 4])
@pytest.mark.parametrize("before", BEFORE)
async def test_one_of_a_batch_is_forgotten_and_nobody_else(
    outbox: Outbox, redis: Redis, before: str, place: int
) -> None:
    number = PEOPLE[place - 1]
    begun = await BEFORE[before](outbox)
    others = {each: await state_of(redis, each) for each in PEOPLE if each != number}
    numbers = await sealed_numbers(redis)
    assert (await forget_messages(redis, SEAL, number, NOW)).messages == 1
    assert await left(redis, number) == []
    assert await sealed_numbers(redis) == numbers - {number}
    assert {each: await state_of(redis, each) for each in others} == others
    again = await texted_next(outbox, begun)
    assert number not in again
    assert await left(redis, number) == []
    assert await sealed_numbers(redis) == set()


async def texted_next(outbox: Outbox, begun: Sending | None) -> list[str]:
    """Who is texted after a call that left nothing, if one was under way."""
    if begun:
        await settle(outbox, begun, *[State.QUEUED] * len(begun.to))
    await outbox.requeue_due(NOW)
    held = await outbox.claim(Queue.SERIES, "w", 100)
    held += [each for each in await claimed_before(outbox) if each not in held]
    started = await begin(outbox, held)
    for each in started:
        await settle(outbox, each, *[State.ACCEPTED] * len(each.to))
    return [msisdn for each in started for msisdn in each.to.values()]


async def claimed_before(outbox: Outbox) -> list[Claimed]:
    await outbox.reclaim(Queue.SERIES, "w", 0, NOW)
    return await claim(outbox, Queue.SERIES)


async def test_all_of_a_batch_are_forgotten_one_after_the_other(
    outbox: Outbox, redis: Redis
) -> None:
    await put_batch(outbox, PEOPLE)
    for number in PEOPLE:
        assert await forget_messages(redis, SEAL, number, NOW) == Forgotten(1, 0, 1)
        assert await left(redis, number) == []
    assert await sealed_numbers(redis) == set()
    assert (await outbox.waiting())[Queue.SERIES] == 0


async def test_who_is_forgotten_while_being_texted_leaves_no_name_behind(
    outbox: Outbox, redis: Redis, begun: Sending
) -> None:
    await forget_messages(redis, SEAL, B, NOW)
    await settle(outbox, begun, State.ACCEPTED, State.ACCEPTED, State.UNKNOWN, State.ACCEPTED)
    names = [line.split(" ")[0] for line in await everything(redis)]
    assert [name for name in names if name.endswith(":g2")] == []
    await outbox.report(told(State.DELIVERED, "g2", B), GATEWAY, NOW)
    assert await left(redis, B) == []
    await outbox.report(told(State.DELIVERED, "g1", A), GATEWAY, NOW)
    assert await state_of(redis, A) is State.DELIVERED


async def test_a_forgetting_that_ends_halfway_is_done_by_the_next(
    outbox: Outbox, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put_batch(outbox, PEOPLE)

    async def ends(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr("sms.outbox.forgetting._take_out", ends)
        with pytest.raises(ConnectionError):
            await forget_messages(redis, SEAL, B, NOW)
    await forget_messages(redis, SEAL, B, NOW)
    assert await left(redis, B) == []
    assert B not in await sealed_numbers(redis)
    assert (await counted(redis))["series is expired"] == 1


# --- Whatever happens in whatever order

SETTLING = ["accept", "mixed", "refuse", "doubt"]
STEPS = st.lists(
    st.sampled_from(
        ["claim", "begin", *SETTLING, "die", "due", "report", "stop", "forget", "late"]
    ),
    min_size=4,
    max_size=30,
)


@given(STEPS)
@settings(max_examples=150, deadline=None)
def test_no_order_of_events_lets_anybody_be_texted_twice(redis_url: str, steps: list[str]) -> None:
    """A begin is a send to all whom it names, unless the gateway certainly refused it."""
    sends = asyncio.run(_sends(redis_url, steps))
    assert max(sends.values(), default=0) <= 1


async def _sends(redis_url: str, steps: list[str]) -> Counter[str]:
    async with played(redis_url, Queue.SERIES, STOPPED) as on:
        await put_batch(on.outbox, PEOPLE)
        for step in steps:
            if step == "stop":
                await stop(on.redis, B)
                on.gone.add(B)
            elif step == "forget":
                await forget_messages(on.redis, SEAL, D, on.now)
                on.gone.add(D)
            else:
                await on.step(step)
        return on.sends
