"""Connections to Redis, what is raised when it does not answer, and the log of that."""

import logging
from collections.abc import Callable
from time import monotonic

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

REDIS_ERRORS = (RedisError, OSError, TimeoutError)
MOST_CONNECTIONS = 16
"""Of one client at a time; more calls than that wait for their turn."""
QUIET_SECONDS = 5.0


def connect(url: str, seconds: float) -> Redis:
    """A client that waits at most `seconds` to connect, for a free connection and for an
    answer, each.  It never sends a command twice by itself: that could be a second
    message.  Its calls raise `REDIS_ERRORS`; closing it closes its connections.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=MOST_CONNECTIONS,
        timeout=seconds,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )
    return Redis.from_pool(pool)


class OutageLog:
    """Logs when Redis goes and when it is back, not at each call between.

    `who` begins the line; `meanwhile` says how they go on without it.  A Redis that is full or
    read-only refuses some calls and answers others: it is back when it has refused nothing for
    `QUIET_SECONDS`.
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
        self._refused_until = 0.0

    def note(self, error: BaseException | None) -> None:
        """What the last call came to: an error of `REDIS_ERRORS`, or None for an answer."""
        if isinstance(error, ResponseError):
            self._refused_until = self._now() + QUIET_SECONDS
        if error and not self._away:
            what = "refuses" if isinstance(error, ResponseError) else "does not answer"
            kind = type(error).__name__
            self._log.error("%s: Redis %s (%s)%s", self._who, what, kind, self._meanwhile)
            self._away = True
        elif not error and self._away and self._now() >= self._refused_until:
            self._log.warning("%s: Redis answers again", self._who)
            self._away = False
