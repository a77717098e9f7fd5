"""Connections to Redis, what is raised when it does not answer, and the log of that."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, cast

from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode, ClusterPipeline
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisClusterException, RedisError, ResponseError

from runtime.redis_address import Cluster, Sentinels, cluster_of, sentinels_of

REDIS_ERRORS = (RedisError, RedisClusterException, OSError, TimeoutError)
"""Whatever is raised when Redis does not answer, or refuses: also by a cluster that has not all of
its slots, or says MOVED, ASK or CLUSTERDOWN.
"""
MOST_CONNECTIONS = 16
"""Of one client at a time; more calls than that wait for their turn."""
MOST_TO_A_NODE = 128
"""Of one client to a node of a cluster; more calls than that are refused."""
NODE_SECONDS = 2.0
"""The most that a node of a cluster is waited for.  No command there blocks for longer than
replicas are waited for.
"""
QUIET_SECONDS = 5.0


class PrimaryPool(SentinelConnectionPool, BlockingConnectionPool):
    """Connections to the server that is the primary now, as sentinels tell at each new one.

    A connection to a former primary breaks when that server is told of the other.  The address
    is no promise: what must not be lost or doubled waits for replicas (`runtime/replication.py`).
    """

    async def release(self, connection: AbstractConnection) -> None:
        """Take a connection back.  If it broke, whom the others lead to may be gone too, or
        frozen: the sentinels are asked again.
        """
        broke = not connection.is_connected
        await super().release(connection)
        if broke:
            await self.disconnect(inuse_connections=False)

    async def aclose(self) -> None:
        """Close the connections, those to the sentinels too."""
        await super().aclose()
        await self.sentinel_manager.aclose()


@contextmanager
def closing_is_no_answer() -> Iterator[None]:
    """When a node is lost, redis-py closes connections that other calls are using; what those then
    raise is none of its own errors (seen with 8.1 when nodes were frozen under load).
    """
    try:
        yield
    except (AttributeError, RuntimeError) as error:
        raise NoConnection("closed while it was in use") from error


class ClusterClient(RedisCluster):
    """A `RedisCluster` whose calls raise nothing but `REDIS_ERRORS` when nodes are lost."""

    async def execute_command(self, *args: Any, **kwargs: Any) -> Any:
        with closing_is_no_answer():
            return await super().execute_command(*args, **kwargs)

    def pipeline(self, transaction: Any = None, shard_hint: Any = None) -> ClusterPipeline:  # noqa: ARG002
        return _Pipeline(self, transaction)  # type: ignore[abstract]


class _Pipeline(ClusterPipeline):
    async def execute(self, *args: Any, **kwargs: Any) -> list[Any]:
        with closing_is_no_answer():
            return await super().execute(*args, **kwargs)


def connect(url: str, seconds: float) -> Redis:
    """A client that waits at most `seconds` to connect, for a free connection and for an
    answer, each.  It never sends a command twice by itself: that could be a second
    message.  Its calls raise `REDIS_ERRORS`; closing it closes its connections.

    Of a cluster it is a `RedisCluster`, which has the same commands.  That sends a command again
    only to another node that the first one, which did nothing, has named.
    """
    if cluster := cluster_of(url):
        return cast(Redis, _cluster(cluster, seconds))
    sentinels = sentinels_of(url)
    return Redis.from_pool(_pool_by(sentinels, seconds) if sentinels else _pool_to(url, seconds))


def _pool_to(url: str, seconds: float) -> BlockingConnectionPool:
    limits = {"max_connections": MOST_CONNECTIONS, "timeout": seconds, "decode_responses": True}
    return BlockingConnectionPool.from_url(url, **limits, **_patience(seconds))


def _pool_by(sentinels: Sentinels, seconds: float) -> PrimaryPool:
    each = seconds / (len(sentinels.hosts) + 1)  # so that a frozen one leaves time for the others
    asked = {**_patience(each), **sentinels.sentinel_login, "ssl": sentinels.tls}
    return PrimaryPool(
        sentinels.primary,
        Sentinel(sentinels.hosts, sentinel_kwargs=asked),  # type: ignore[no-untyped-call]
        db=sentinels.db,
        ssl=sentinels.tls,
        max_connections=MOST_CONNECTIONS,
        timeout=seconds,
        decode_responses=True,
        **_patience(seconds),
        **sentinels.login,
    )


def _cluster(cluster: Cluster, seconds: float) -> RedisCluster:
    """A node that does not answer leaves time to hear from the others who took its place."""
    return ClusterClient(
        startup_nodes=[ClusterNode(host, port) for host, port in cluster.hosts],
        ssl=cluster.tls,
        max_connections=MOST_TO_A_NODE,
        decode_responses=True,
        username=cluster.login.get("username"),
        password=cluster.login.get("password"),
        **_patience(min(seconds * 0.8, NODE_SECONDS)),
    )


async def servers_of(redis: Redis) -> list[dict[str, ClusterNode]]:
    """For a command that each server must get, not only one: what it is called with.  Raises
    `REDIS_ERRORS`.
    """
    if isinstance(redis, RedisCluster):
        await redis.initialize()
        return [{"target_nodes": node} for node in redis.get_nodes()]
    return [{}]


def _patience(seconds: float) -> dict[str, Any]:
    once = Retry(NoBackoff(), 0)
    return {"socket_timeout": seconds, "socket_connect_timeout": seconds, "retry": once}


class OutageLog:
    """Logs when Redis goes and when it is back, not at each call between.

    `who` begins the line; `meanwhile` says how they go on without it.  A Redis that is full,
    read-only or short of processor time fails some calls and answers others: it is back when none
    has failed for `QUIET_SECONDS`.
    """

    def __init__(
        self,
        log: logging.Logger,
        who: str,
        meanwhile: str = "",
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._log = log
        self._who = who
        self._meanwhile = f"; {meanwhile}" if meanwhile else ""
        self._now = now
        self._away = False
        self._failing_until = 0.0

    def note(self, error: BaseException | None) -> None:
        """What the last call came to: an error of `REDIS_ERRORS`, or None for an answer."""
        if error:
            self._failing_until = self._now() + QUIET_SECONDS
        if error and not self._away:
            what = "refuses" if isinstance(error, ResponseError) else "does not answer"
            kind = type(error).__name__
            self._log.error("%s: Redis %s (%s)%s", self._who, what, kind, self._meanwhile)
            self._away = True
        elif not error and self._away and self._now() >= self._failing_until:
            self._log.warning("%s: Redis answers again", self._who)
            self._away = False
