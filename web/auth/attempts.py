"""What is remembered of logging in: wrong tokens by address, and sessions that ended by log-out.

Redis tells all processes.  While it does not answer, each process goes by what it
has seen itself; nothing here waits longer than `REDIS_SECONDS`.

The package `limits` (5.8) was tried for the attempts: its store in memory has no bound on
names and looks through all of them at each count, it wants a connection to Redis of its own,
and the hash of the address and the fall-back to memory would stay here.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_address, ip_network

from redis.asyncio import Redis

from runtime.encryption import Seal
from runtime.redis_client import REDIS_ERRORS

ATTEMPTS = 10
"""From one address; to more it is said to wait, and the log says nothing of them."""
ATTEMPTS_WITHIN = timedelta(minutes=10)
REDIS_SECONDS = 0.5
MOST_REMEMBERED = 10_000
"""Addresses or sessions in one process; the oldest are forgotten first."""

Clock = Callable[[], float]


class Attempts:
    """How often an address has tried to log in, which only the right token takes back.

    The address is kept as a keyed hash, for `ATTEMPTS_WITHIN` from the first attempt.
    Addresses of IPv6 count by their network: a household has 2**64 of them.
    """

    def __init__(self, redis: Redis, seal: Seal, clock: Clock = time.monotonic) -> None:
        self._redis = redis
        self._seal = seal
        self._here = ExpiringCounter(ATTEMPTS_WITHIN.total_seconds(), clock)

    async def count_and_tell_few(self, address: str) -> bool:
        """Count one attempt; whether there have been few.  Counting comes first, so that
        many at once are not let through together.
        """
        name = self._hashed(address)
        try:
            count = await self._count_one(f"web:attempts:{name}")
        except REDIS_ERRORS:
            count = self._here.add(name)
        return count <= ATTEMPTS

    async def forget(self, address: str) -> None:
        """The token was right."""
        name = self._hashed(address)
        self._here.drop(name)
        with suppress(*REDIS_ERRORS):
            async with asyncio.timeout(REDIS_SECONDS):
                await self._redis.delete(f"web:attempts:{name}")

    async def _count_one(self, key: str) -> int:
        pipe = self._redis.pipeline(transaction=True)
        pipe.incr(key)
        pipe.expire(key, ATTEMPTS_WITHIN, nx=True)
        async with asyncio.timeout(REDIS_SECONDS):
            count, _ = await pipe.execute()
        return int(count)

    def _hashed(self, address: str) -> str:
        return self._seal.index(f"address {network_of(address)}")


class RevokedSessions:
    """The sessions that ended by log-out, as long as their cookies would be valid."""

    def __init__(self, redis: Redis, seconds: int, clock: Clock = time.monotonic) -> None:
        self._redis = redis
        self._seconds = seconds
        self._here = ExpiringCounter(seconds, clock)

    async def add(self, session_id: str) -> None:
        """End a session: here, and in the other processes if Redis answers now."""
        self._here.add(session_id)
        with suppress(*REDIS_ERRORS):
            async with asyncio.timeout(REDIS_SECONDS):
                await self._redis.set(f"web:ended:{session_id}", "", ex=self._seconds)

    async def has(self, session_id: str) -> bool:
        """Whether it is known here that this session ended."""
        if self._here.count(session_id):
            return True
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                return bool(await self._redis.exists(f"web:ended:{session_id}"))
        except REDIS_ERRORS:
            return False


class ExpiringCounter:
    """Counts by name, each forgotten `seconds` after its first; at most so many names."""

    def __init__(self, seconds: float, clock: Clock, most: int = MOST_REMEMBERED) -> None:
        self._seconds, self._clock, self._most = seconds, clock, most
        self._counts: dict[str, tuple[int, float]] = {}

    def add(self, name: str) -> int:
        """Count one; how many there are now."""
        self._drop_expired()
        count, until = self._counts.get(name, (0, self._clock() + self._seconds))
        if not count and len(self._counts) >= self._most:
            del self._counts[next(iter(self._counts))]
        self._counts[name] = (count + 1, until)
        return count + 1

    def count(self, name: str) -> int:
        self._drop_expired()
        return self._counts.get(name, (0, 0.0))[0]

    def drop(self, name: str) -> None:
        self._counts.pop(name, None)

    def _drop_expired(self) -> None:
        """The dict keeps the order in which names came, so the oldest stand first."""
        now = self._clock()
        while self._counts:
            first = next(iter(self._counts))
            if self._counts[first][1] > now:
                return
            del self._counts[first]


def network_of(address: str) -> str:
    """Whom an address belongs to: itself, or of IPv6 the network of 64 bits."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network(f"{parsed}/64", strict=False)) if parsed.version == 6 else str(parsed)
