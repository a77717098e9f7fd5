"""Redis as it really is: what it would lose in a power cut, or to make room.

What a server does not tell is not known, and said to be so: a hosted one often
forbids CONFIG.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

NEARLY_FULL = 0.9
"""Of the memory that it may use."""


class Danger(StrEnum):
    """Why messages could be lost, or not be taken any more."""

    NO_APPENDONLY = "no_appendonly"
    NOT_ALWAYS = "not_always"
    FSYNC_UNKNOWN = "fsync_unknown"
    WRITE_FAILED = "write_failed"
    EVICTS = "evicts"
    EVICTION_UNKNOWN = "eviction_unknown"
    NEARLY_FULL = "nearly_full"


@dataclass(frozen=True, slots=True)
class RedisState:
    """What the server says of itself; empty or None where it says nothing.

    `used`, `most`: octets; `most` is 0 where there is no limit.
    """

    server: str
    appendonly: bool | None
    fsync: str
    save: str | None
    policy: str
    used: int | None
    most: int
    dangers: tuple[Danger, ...]


async def redis_state(redis: Redis) -> RedisState:
    """Ask the server.  Raises what redis-py does when it does not answer at all."""
    info = await _told(redis.info())
    config = await _told(redis.config_get("appendfsync", "save"))
    return state_of(info, config)


def state_of(info: Mapping[str, Any], config: Mapping[str, Any]) -> RedisState:
    """What the answers to INFO and CONFIG GET come to; an empty one was refused."""
    enabled = info.get("aof_enabled")
    appendonly = None if enabled is None else str(enabled) == "1"
    fsync, policy = str(config.get("appendfsync", "")), str(info.get("maxmemory_policy", ""))
    used, most = info.get("used_memory"), int(info.get("maxmemory", 0))
    state = RedisState(
        server=_server(info),
        appendonly=appendonly,
        fsync=fsync,
        save=config.get("save"),
        policy=policy,
        used=None if used is None else int(used),
        most=most,
        dangers=(),
    )
    failed = str(info.get("aof_last_write_status", "ok")) != "ok"
    dangers = (_of_power_cut(state), Danger.WRITE_FAILED if failed else None, _of_memory(state))
    return RedisState(
        state.server, appendonly, fsync, state.save, policy, state.used, most,
        tuple(each for each in dangers if each),
    )  # fmt: skip


def _of_power_cut(state: RedisState) -> Danger | None:
    if state.appendonly is False:
        return Danger.NO_APPENDONLY
    if state.appendonly is None or not state.fsync:
        return Danger.FSYNC_UNKNOWN
    return None if state.fsync == "always" else Danger.NOT_ALWAYS


def _of_memory(state: RedisState) -> Danger | None:
    if not state.policy:
        return Danger.EVICTION_UNKNOWN
    if not state.most:
        return None
    if state.policy != "noeviction":
        return Danger.EVICTS
    return Danger.NEARLY_FULL if (state.used or 0) > state.most * NEARLY_FULL else None


def _server(info: Mapping[str, Any]) -> str:
    if "valkey_version" in info:
        return f"Valkey {info['valkey_version']}"
    return f"Redis {info['redis_version']}" if "redis_version" in info else ""


async def _told(asked: Any) -> Mapping[str, Any]:
    """The answer; nothing, where the server forbids the question."""
    try:
        answer: Mapping[str, Any] = await asked
    except ResponseError:
        return {}
    return answer
