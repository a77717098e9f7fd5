"""Entries of the outbox that cannot be read, among a hundred: nobody else waits for them."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from sms.outbox import read_outbox_status
from sms.outbox.messages import MessageKind, Queue
from sms.outbox.outbox import Caps, Outbox
from sms.outbox.scripts import MOST_TRIES
from sms.states import State
from tests.support.outbox_trials import number
from tests.support.outboxes import NOW, claim, put
from tests.support.workers import CONFIG, UNLIMITED, Gateway, owe, until, until_empty, working

HUNDRED, POISONED = 100, 50
NO_LEASE_ENDS = replace(CONFIG, lease=600.0)
"""Nobody waits for what a worker left."""
KINDS = {MessageKind.REPLY: Queue.REPLIES, MessageKind.SERIES: Queue.SERIES}

Poison = Callable[[Redis, Queue, str], Awaitable[Any]]
POISONS: dict[str, Poison] = {
    "its number cannot be opened": lambda redis, _, key: redis.hset(key, "to", "garbage"),
    "its text cannot be opened": lambda redis, _, key: redis.hset(key, "text", "garbage"),
    "it has no number": lambda redis, _, key: redis.hdel(key, "to"),
    "it has no text": lambda redis, _, key: redis.hdel(key, "text"),
    "its message is gone": lambda redis, _, key: redis.delete(key),
    "its expiry is no number": lambda redis, _, key: redis.hset(key, "expires", "soon"),
    "its expiry is no moment": lambda redis, _, key: redis.hset(key, "expires", "inf"),
    "it never expires": lambda redis, _, key: redis.hdel(key, "expires"),
    "its attempts are no number": lambda redis, _, key: redis.hset(key, "attempts", "many"),
    "it is no message": lambda redis, _, key: replaced(redis, key),
}


async def replaced(redis: Redis, key: str) -> None:
    await redis.set(key, "text", ex=60)


async def key_of(redis: Redis, queue: Queue, place: int) -> str:
    entries: Any = await redis.xrange(f"sms:queue:{queue}")
    return f"sms:message:{entries[place][1]['id']}"


@pytest.fixture
def caps() -> Caps:
    return UNLIMITED


def alarms(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("poison", POISONS.values(), ids=POISONS)
async def test_a_poisoned_message_is_set_aside_with_one_alarm(
    outbox: Outbox,
    redis: Redis,
    caplog: pytest.LogCaptureFixture,
    poison: Poison,
    kind: MessageKind,
) -> None:
    await owe(outbox, HUNDRED, kind)
    await poison(redis, KINDS[kind], await key_of(redis, KINDS[kind], POISONED))
    gateway = Gateway()
    async with working(outbox, gateway, NO_LEASE_ENDS):
        await until_empty(outbox)
    assert sorted(gateway.texted) == [number(n) for n in range(HUNDRED) if n != POISONED]
    [alarm] = alarms(caplog)
    assert "set aside" in alarm
    assert "7700" not in alarm
    assert (await read_outbox_status(redis, outbox)).set_aside == 1


@pytest.mark.parametrize("queue", Queue)
async def test_an_entry_that_names_no_message_holds_up_no_other(
    outbox: Outbox, redis: Redis, caplog: pytest.LogCaptureFixture, queue: Queue
) -> None:
    kind = MessageKind.REPLY if queue is Queue.REPLIES else MessageKind.SERIES
    await owe(outbox, POISONED, kind)
    await redis.xadd(f"sms:queue:{queue}", {"junk": "1"})
    messages = [f"{kind}{n}" for n in range(POISONED)]
    gateway = Gateway()
    async with working(outbox, gateway, NO_LEASE_ENDS):
        await until_empty(outbox)
    assert {await outbox.state_of(key) for key in messages} == {State.ACCEPTED}
    [alarm] = alarms(caplog)
    assert "names no message" in alarm


async def test_what_waits_to_be_tried_again_and_cannot_be_read_holds_up_no_other(
    outbox: Outbox, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    for n in range(3):
        await put(outbox, f"k{n}", number(n))
    keys = [await key_of(redis, Queue.REPLIES, n) for n in range(3)]
    await redis.delete("sms:queue:replies")
    for n, key in enumerate(keys):
        await redis.hset(key, "entry", "")
        await redis.zadd("sms:later", {key.removeprefix("sms:message:"): n + 1})
    await redis.hset(keys[0], "expires", "soon")
    await outbox.requeue_due(NOW)
    assert len(await claim(outbox)) == 2
    assert len(alarms(caplog)) == 1
    assert await outbox.state_of("k0") is State.EXPIRED


async def test_a_message_at_which_workers_end_is_set_aside(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    await put(outbox, "k")
    for n in range(MOST_TRIES):
        assert await outbox.state_of("k") is State.QUEUED
        assert await claim(outbox, worker=f"w{n}")
        await outbox.reclaim(Queue.REPLIES, "w", 0, NOW)
    assert await outbox.state_of("k") is State.EXPIRED
    assert await claim(outbox) == []
    assert len(alarms(caplog)) == 1


async def test_a_day_that_is_none_does_not_keep_a_message_from_being_sent(
    outbox: Outbox, redis: Redis
) -> None:
    await owe(outbox, 1)
    await redis.hset(await key_of(redis, Queue.REPLIES, 0), "day", "today")
    async with working(outbox, Gateway()):
        await until(outbox, "reply0", State.ACCEPTED)


async def test_a_full_server_sets_nothing_aside(outbox: Outbox, redis: Redis) -> None:
    """What cannot be written now is written later; only what cannot be read is set aside."""
    await put(outbox, "k")
    claimed = await claim(outbox)
    await redis.config_set("maxmemory", "1")
    try:
        with pytest.raises(Exception, match="maxmemory"):
            await outbox.begin(claimed[0], "w", CONFIG.rate, ["test"], NOW)
    finally:
        await redis.config_set("maxmemory", "0")
    assert await outbox.state_of("k") is State.QUEUED
    assert await outbox.begin(claimed[0], "w", CONFIG.rate, ["test"], NOW)
    assert await outbox.set_aside_count() == 0


async def test_many_that_cannot_be_read_give_one_alarm(
    outbox: Outbox, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    now = datetime.now(UTC)
    await owe(outbox, 30)
    for n in range(30):
        await redis.hset(await key_of(redis, Queue.REPLIES, n), "to", "garbage")
    async with working(outbox, Gateway(), now=lambda: now + timedelta(seconds=1)):
        await until_empty(outbox)
    assert len(alarms(caplog)) == 1
    assert await outbox.set_aside_count() == 30
