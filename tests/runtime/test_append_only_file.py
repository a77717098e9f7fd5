"""What was deleted is gone from the append-only file within a day."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from runtime.append_only_file import EVERY_SECONDS, rewrite, rewrite_if_due
from runtime.embedded_redis import embedded_redis
from tests.support.phones import texted_service
from tests.support.service import short_folder
from tests.support.traces import content_of
from tests.support.trees import until

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
