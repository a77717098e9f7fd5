"""How safe Redis is: what it would lose in a power cut, or to make room.

What a server refuses to tell is shown as unknown: a hosted one often forbids CONFIG.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from runtime.append_only_file import CUT
from runtime.partitions import one_at_each_node
from runtime.redis_client import servers_of
from runtime.replication import REPLICAS_SECONDS, ReplicatedScripts

NEARLY_FULL = 0.9
"""Of the memory that it may use."""
OLDEST = (7, 2)
"""An earlier Redis knows a consumer of a stream by what it was given, so it shows no worker
while nothing waits (seen on 7.0.15).
"""


TRIED = "redis:tried"
"""A key that is written and deleted at once."""
_TRY = "redis.call('SET', ARGV[1], '', 'EX', 60) return redis.call('DEL', ARGV[1])"


class Danger(StrEnum):
    """Why messages could be lost, or not be taken any more."""

    NO_APPENDONLY = "no_appendonly"
    NOT_ALWAYS = "not_always"
    FSYNC_UNKNOWN = "fsync_unknown"
    WRITE_FAILED = "write_failed"
    EVICTS = "evicts"
    EVICTION_UNKNOWN = "eviction_unknown"
    NEARLY_FULL = "nearly_full"
    NOTES_LOST = "notes_lost"
    TOO_OLD = "redis_too_old"


@dataclass(frozen=True, slots=True)
class RedisStatus:
    """What the server says of itself; empty or None where it says nothing.

    `used`, `most`: octets; `most` is 0 where there is no limit.  `write_failed`: the last
    write to the append-only file did.  `folder`: where it writes, on its own machine.
    `notes_lost`: a fault within that file cost some, in the last days.  `too_old`: earlier than
    `OLDEST`.
    """

    server: str
    appendonly: bool | None
    fsync: str
    save: str | None
    policy: str
    used: int | None
    most: int
    write_failed: bool
    folder: str = ""
    notes_lost: bool = False
    too_old: bool = False

    @property
    def dangers(self) -> tuple[Danger, ...]:
        failed = Danger.WRITE_FAILED if self.write_failed else None
        lost = Danger.NOTES_LOST if self.notes_lost else None
        old = Danger.TOO_OLD if self.too_old else None
        return tuple(filter(None, (_of_power_cut(self), failed, lost, _of_memory(self), old)))


async def refusal_of(redis: Redis, replicas: int = 0, seconds: float = REPLICAS_SECONDS) -> str:
    """Why Redis takes no changes, or why they would not last, in one word; empty where it takes
    them.  `replicas` are waited for so many `seconds`.  Raises what redis-py does when Redis does
    not answer at all.
    """
    scripts, script = ReplicatedScripts(redis, replicas, seconds), redis.register_script(_TRY)
    try:
        for partition in await one_at_each_node(redis):
            await scripts.run(script, [partition.key(TRIED)], partition)
    except ResponseError as error:  # full, read-only, no scripts for us, too few replicas, ...
        return type(error).__name__
    return ""


async def read_redis_status(redis: Redis) -> RedisStatus:
    """Ask the server; of a cluster, what the one says that is worst off.  Raises what redis-py
    does when it does not answer at all.
    """
    cut = bool(await redis.exists(CUT))
    found = [await _read_status_at(redis, each, cut) for each in await servers_of(redis)]
    return max(found, key=lambda each: (len(each.dangers), each.used or 0))


async def _read_status_at(redis: Redis, server: dict[str, Any], cut: bool) -> RedisStatus:
    info = await _unless_refused(redis.info(**server))
    config = await _unless_refused(redis.config_get("appendfsync", "save", "dir", **server))
    return status_of(info, config, notes_lost=cut)


def status_of(
    info: Mapping[str, Any], config: Mapping[str, Any], *, notes_lost: bool = False
) -> RedisStatus:
    """The status by the answers to INFO and CONFIG GET; an empty one was refused."""
    enabled, used = info.get("aof_enabled"), info.get("used_memory")
    return RedisStatus(
        server=_server(info),
        appendonly=None if enabled is None else str(enabled) == "1",
        fsync=str(config.get("appendfsync", "")),
        save=config.get("save"),
        policy=str(info.get("maxmemory_policy", "")),
        used=None if used is None else int(used),
        most=int(info.get("maxmemory", 0)),
        write_failed=str(info.get("aof_last_write_status", "ok")) != "ok",
        folder=str(config.get("dir", "")),
        notes_lost=notes_lost,
        too_old=_is_too_old(info),
    )


def _of_power_cut(status: RedisStatus) -> Danger | None:
    if status.appendonly is False:
        return Danger.NO_APPENDONLY
    if status.appendonly is None or not status.fsync:
        return Danger.FSYNC_UNKNOWN
    return None if status.fsync == "always" else Danger.NOT_ALWAYS


def _of_memory(status: RedisStatus) -> Danger | None:
    if not status.policy:
        return Danger.EVICTION_UNKNOWN
    if not status.most:
        return None
    if status.policy != "noeviction":
        return Danger.EVICTS
    return Danger.NEARLY_FULL if (status.used or 0) > status.most * NEARLY_FULL else None


def _is_too_old(info: Mapping[str, Any]) -> bool:
    """Valkey names, as `redis_version`, the Redis that it is as good as."""
    numbers = str(info.get("redis_version", "")).split(".")[:2]
    known = all(each.isdecimal() for each in numbers) and len(numbers) == 2
    return known and tuple(map(int, numbers)) < OLDEST


def _server(info: Mapping[str, Any]) -> str:
    if "valkey_version" in info:
        return f"Valkey {info['valkey_version']}"
    return f"Redis {info['redis_version']}" if "redis_version" in info else ""


async def _unless_refused(asked: Any) -> Mapping[str, Any]:
    """The answer; empty where the server forbids the question."""
    try:
        answer: Mapping[str, Any] = await asked
    except ResponseError:
        return {}
    return answer
