"""What the door remembers: wrong tokens by address, and visits that ended.

Redis tells all processes.  While it does not answer, each process goes by what it
has seen itself; nothing here waits longer than `REDIS_SECONDS`.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_address, ip_network

from redis.asyncio import Redis

from runtime.encryption import Seal
from runtime.redis_client import REDIS_ERRORS

ATTEMPTS = 10
"""From one address, before it must wait."""
ATTEMPTS_WITHIN = timedelta(minutes=10)
REDIS_SECONDS = 0.5
MOST_REMEMBERED = 10_000
"""Addresses or visits in one process; the oldest are forgotten first."""

Clock = Callable[[], float]


class Attempts:
    """How often an address has tried the door, which only the right token takes back.

    The address is kept as a keyed hash, for `ATTEMPTS_WITHIN` from the first attempt.
    Addresses of IPv6 count by their network: a household has 2**64 of them.
    """

    def __init__(self, redis: Redis, seal: Seal, clock: Clock = time.monotonic) -> None:
        self._redis = redis
        self._seal = seal
        self._here = ExpiringCounter(ATTEMPTS_WITHIN.total_seconds(), clock)

    async def may(self, address: str) -> bool:
        """Count one attempt; whether it may be made.  Counting comes first, so that
        many at once are not let through together.
        """
        name = self._named(address)
        try:
            count = await self._counted(f"web:attempts:{name}")
        except REDIS_ERRORS:
            count = self._here.add(name)
        return count <= ATTEMPTS

    async def forget(self, address: str) -> None:
        """The token was right."""
        name = self._named(address)
        self._here.drop(name)
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                await self._redis.delete(f"web:attempts:{name}")
        except REDIS_ERRORS:
            return

    async def _counted(self, key: str) -> int:
        pipe = self._redis.pipeline(transaction=True)
        pipe.incr(key)
        pipe.expire(key, ATTEMPTS_WITHIN, nx=True)
        async with asyncio.timeout(REDIS_SECONDS):
            count, _ = await pipe.execute()
        return int(count)

    def _named(self, address: str) -> str:
        return self._seal.index(f"address {network_of(address)}")


class RevokedSessions:
    """The visits that ended by log-out, as long as their cookies would open the door."""

    def __init__(self, redis: Redis, seconds: int, clock: Clock = time.monotonic) -> None:
        self._redis = redis
        self._seconds = seconds
        self._here = ExpiringCounter(seconds, clock)
        self._untold = ExpiringCounter(seconds, clock)

    async def add(self, visit: str) -> None:
        """End a visit.  The other processes hear of it as soon as Redis answers."""
        self._here.add(visit)
        self._untold.add(visit)
        await self._tell()

    async def has(self, visit: str) -> bool:
        """Whether it is known here that this visit ended."""
        await self._tell()
        if self._here.count(visit):
            return True
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                return bool(await self._redis.exists(f"web:ended:{visit}"))
        except REDIS_ERRORS:
            return False

    async def _tell(self) -> None:
        for visit in self._untold.names():
            try:
                async with asyncio.timeout(REDIS_SECONDS):
                    await self._redis.set(f"web:ended:{visit}", "", ex=self._seconds)
            except REDIS_ERRORS:
                return
            self._untold.drop(visit)


class ExpiringCounter:
    """Counts by name, each forgotten `seconds` after its first; at most so many names."""

    def __init__(self, seconds: float, clock: Clock, most: int = MOST_REMEMBERED) -> None:
        self._seconds, self._clock, self._most = seconds, clock, most
        self._counts: dict[str, tuple[int, float]] = {}

    def add(self, name: str) -> int:
        """Count one; how many there are now."""
        self._fade()
        count, until = self._counts.get(name, (0, self._clock() + self._seconds))
        if not count and len(self._counts) >= self._most:
            del self._counts[next(iter(self._counts))]
        self._counts[name] = (count + 1, until)
        return count + 1

    def count(self, name: str) -> int:
        self._fade()
        return self._counts.get(name, (0, 0.0))[0]

    def names(self) -> list[str]:
        self._fade()
        return list(self._counts)

    def drop(self, name: str) -> None:
        self._counts.pop(name, None)

    def _fade(self) -> None:
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
