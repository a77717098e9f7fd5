"""What was deleted is gone from the append-only file within a day."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from runtime.append_only_file import EVERY_SECONDS, rewrite, rewrite_if_due
from runtime.embedded_redis import embedded_redis
from sms.outbox.outbox import Outbox
from sms.series.calendar import Calendar
from sms.series.subscriptions import Subscriptions
from sms.states import State
from tests.support.outboxes import GATEWAY, NOW, NUMBER, SEAL, begin, claim, put, settle
from tests.support.phones import texted_service
from tests.support.service import short_folder
from tests.support.traces import content_of
from tests.support.trees import until
from tests.support.workers import UNLIMITED

CANARY = b"canary-93571846"


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder


@pytest.mark.usefixtures("processes")
async def test_what_was_deleted_leaves_the_file(folder: Path) -> None:
    with embedded_redis(folder) as url:
        async with AsyncRedis.from_url(url, decode_responses=True) as redis:
            await redis.set("kept", "another-93571846")
            await redis.set("deleted", CANARY)
            await redis.delete("deleted")
            assert CANARY in content_of(folder)
            await rewrite(redis)
            await asyncio.to_thread(until, lambda: CANARY not in content_of(folder), "it is gone")
            assert b"another-93571846" in content_of(folder)


async def sealed(redis: AsyncRedis) -> set[bytes]:
    """Every sealed number and text that Redis holds."""
    keys = [*await redis.keys("sms:message:*"), *await redis.keys("sms:series:?" + "?" * 31)]
    found = [await redis.hmget(key, ["to", "text"]) for key in keys]
    return {str(each).encode() for both in found for each in both if each}


@pytest.mark.usefixtures("processes")
async def test_what_was_sent_has_expired_or_was_stopped_leaves_the_file(folder: Path) -> None:
    with embedded_redis(folder) as url:
        async with AsyncRedis.from_url(url, decode_responses=True) as redis:
            outbox = Outbox(redis, SEAL, UNLIMITED)
            subscriptions = Subscriptions(redis, SEAL, Calendar())
            for key in ("sent", "expired", "waiting"):
                await put(outbox, key)
            subscribe = subscriptions.begin_act(NUMBER, "ru", GATEWAY, NOW)
            await outbox.put_chosen("subscribe", subscribe, {}, NOW)
            were = await sealed(redis)
            assert len(were) == 7, "three numbers and texts, and the number of a subscription"
            sent, expired, _ = await claim(outbox)
            [begun] = await begin(outbox, [sent])
            await settle(outbox, begun, State.ACCEPTED)
            await redis.pexpire(f"sms:message:{expired.id}", 1)
            await subscriptions.stop(NUMBER)
            while await redis.exists(f"sms:message:{expired.id}"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            left = await sealed(redis)
            assert len(left) == 2
            assert all(each in content_of(folder) for each in were)
            await rewrite(redis)

            def gone() -> bool:
                return not any(each in content_of(folder) for each in were - left)

            await asyncio.to_thread(until, gone, "it is gone")
            assert all(each in content_of(folder) for each in left)


@pytest.mark.usefixtures("processes")
async def test_of_all_processes_one_does_it_once_a_day(folder: Path) -> None:
    with embedded_redis(folder) as url:
        async with AsyncRedis.from_url(url, decode_responses=True) as redis:
            asked = await asyncio.gather(*(rewrite_if_due(redis) for _ in range(5)))
            assert sorted(asked) == [False, False, False, False, True]
            assert 0 < await redis.ttl("redis:rewritten") <= EVERY_SECONDS
            await redis.delete("redis:rewritten")  # as after a day
            assert await rewrite_if_due(redis)


@pytest.mark.usefixtures("processes")
def test_a_service_that_sends_does_it() -> None:
    with texted_service() as phones, Redis.from_url(phones.url) as redis:
        until(lambda: bool(redis.exists("redis:rewritten")), "it is made anew")
