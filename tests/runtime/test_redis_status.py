"""What a Redis says of itself, and what that means for messages."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from runtime.embedded_redis import embedded_redis
from runtime.redis_status import Danger, read_redis_status, status_of
from sms.outbox.outbox import Outbox
from sms.outbox.status import Worker, read_outbox_status
from tests.support.outboxes import SEAL, claim
from tests.support.service import short_folder

SOUND = {
    "redis_version": "7.2.4",
    "aof_enabled": 1,
    "aof_last_write_status": "ok",
    "maxmemory_policy": "noeviction",
    "maxmemory": 0,
    "used_memory": 1_000_000,
}
ALWAYS = {"appendfsync": "always", "save": ""}


@pytest.mark.parametrize(
    ("info", "config", "dangers"),
    [
        pytest.param({}, ALWAYS, [], id="sound"),
        pytest.param({"aof_enabled": 0}, ALWAYS, [Danger.NO_APPENDONLY], id="no append-only file"),
        pytest.param({}, {"appendfsync": "everysec"}, [Danger.NOT_ALWAYS], id="once a second"),
        pytest.param({}, {"appendfsync": "no"}, [Danger.NOT_ALWAYS], id="when the system likes"),
        pytest.param({}, {}, [Danger.FSYNC_UNKNOWN], id="CONFIG is forbidden"),
        pytest.param(
            {"aof_last_write_status": "err"}, ALWAYS, [Danger.WRITE_FAILED], id="a full disk"
        ),
        pytest.param(
            {"maxmemory_policy": "volatile-lru", "maxmemory": 9_000_000},
            ALWAYS,
            [Danger.EVICTS],
            id="every key of ours has a time to live",
        ),
        pytest.param({"maxmemory_policy": "allkeys-lru"}, ALWAYS, [], id="no limit, no eviction"),
        pytest.param({"maxmemory": 1_000_001}, ALWAYS, [Danger.NEARLY_FULL], id="nearly full"),
        pytest.param({"redis_version": "7.0.15"}, ALWAYS, [Danger.TOO_OLD], id="of Debian 12"),
        pytest.param({"redis_version": "8.0"}, ALWAYS, [], id="a later one"),
        pytest.param({"redis_version": "a fork"}, ALWAYS, [], id="of no known version"),
    ],
)
def test_dangers(info: dict[str, Any], config: dict[str, Any], dangers: list[Danger]) -> None:
    assert list(status_of({**SOUND, **info}, config).dangers) == dangers


def test_nothing_told_is_nothing_known() -> None:
    state = status_of({}, {})
    assert (state.server, state.appendonly, state.fsync, state.used) == ("", None, "", None)
    assert state.dangers == (Danger.FSYNC_UNKNOWN, Danger.EVICTION_UNKNOWN)


@pytest.fixture
async def own(processes: None) -> AsyncIterator[Redis]:
    """A client of a server that may be set up badly."""
    with short_folder() as folder, embedded_redis(folder) as url:
        async with Redis.from_url(url, decode_responses=True) as redis:
            yield redis


async def test_the_embedded_server_is_sound(own: Redis) -> None:
    state = await read_redis_status(own)
    assert (state.appendonly, state.fsync) == (True, "always")
    assert (state.save, state.policy) == ("", "noeviction")
    assert state.dangers == ()
    assert state.used
    assert state.server.startswith(("Valkey", "Redis"))


async def test_a_server_that_forbids_questions(own: Redis) -> None:
    rights: dict[str, Any] = {"keys": ["*"], "categories": ["+@all"], "commands": ["-config"]}
    await own.acl_setuser("guest", enabled=True, passwords=["+pw"], **rights)
    await own.auth("pw", "guest")
    assert (await read_redis_status(own)).dangers == (Danger.FSYNC_UNKNOWN,)
    await own.acl_setuser("guest", commands=["-info"])
    assert len((await read_redis_status(own)).dangers) == 2


async def test_workers_are_seen(own: Redis) -> None:
    outbox = Outbox(own, SEAL)
    assert (await read_outbox_status(own, outbox)).workers == ()
    await claim(outbox)
    state = await read_outbox_status(own, outbox)
    assert [(each.name, each.alive) for each in state.workers] == [("w", True)]
    assert state.later == 0
    assert not Worker("gone", 31.0).alive
