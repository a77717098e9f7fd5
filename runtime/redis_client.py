"""Connections to Redis, what is raised when it does not answer, and the log of that."""

import logging

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

REDIS_ERRORS = (RedisError, OSError, TimeoutError)
MOST_CONNECTIONS = 16
"""Of one client at a time; more calls than that wait for their turn."""


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

    `who` begins the line; `meanwhile` says how they go on without it.
    """

    def __init__(self, log: logging.Logger, who: str, meanwhile: str = "") -> None:
        self._log = log
        self._who = who
        self._meanwhile = f"; {meanwhile}" if meanwhile else ""
        self._reachable = True

    def note(self, error: BaseException | None) -> None:
        """What the last call came to: an error of `REDIS_ERRORS`, or None for an answer."""
        if error and self._reachable:
            kind = type(error).__name__
            self._log.error("%s: Redis does not answer (%s)%s", self._who, kind, self._meanwhile)
        elif not error and not self._reachable:
            self._log.warning("%s: Redis answers again", self._who)
        self._reachable = error is None
