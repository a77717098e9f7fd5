"""Connections to Redis, and what is raised when it does not answer."""

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
