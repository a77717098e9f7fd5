"""A gateway from which nothing leaves: it delivers to an inbox in Redis.

`main.py text` and the phone in the browser show the inbox.  What is in it is
sealed, and gone after a day.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import RedisError

from sms.gateway import Accepted, Outbound, OutcomeUnknown, Result
from sms.sealing import CannotOpen, Seal

INBOX_SECONDS = 24 * 3600
MOST_KEPT = 50


@dataclass(frozen=True, slots=True)
class Delivered:
    """A text in an inbox, and when it came."""

    text: str
    at: datetime


class Simulator:
    """A `Gateway`, and the phones that it delivers to."""

    def __init__(
        self, redis: Redis, seal: Seal, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._redis = redis
        self._seal = seal
        self._now = now

    async def send(self, outbound: Outbound) -> dict[str, Result]:
        """As `Gateway.send`."""
        return {msisdn: await self._deliver(msisdn, outbound.text) for msisdn in outbound.to}

    async def inbox(self, msisdn: str) -> list[Delivered]:
        """What a phone has received within a day, the oldest first.  Raises `RedisError`."""
        key = self._key(msisdn)
        found = await self._redis.lrange(key, 0, -1)
        return [each for sealed in found if (each := self._opened(str(sealed), key))]

    async def _deliver(self, msisdn: str, text: str) -> Result:
        key = self._key(msisdn)
        letter = json.dumps([text, self._now().timestamp()])
        pipe = self._redis.pipeline(transaction=True)
        pipe.rpush(key, self._seal.seal(letter, key))
        pipe.ltrim(key, -MOST_KEPT, -1)
        pipe.expire(key, INBOX_SECONDS)
        try:
            await pipe.execute()
        except (RedisError, OSError, TimeoutError) as error:
            return OutcomeUnknown(f"Redis does not answer ({type(error).__name__})")
        return Accepted(f"sim-{uuid4().hex}")

    def _key(self, msisdn: str) -> str:
        return f"sms:inbox:{self._seal.index(msisdn)}"

    def _opened(self, sealed: str, key: str) -> Delivered | None:
        try:
            text, at = json.loads(self._seal.open(sealed, key))
        except CannotOpen:
            return None
        return Delivered(text, datetime.fromtimestamp(at, UTC))
