"""A gateway from which nothing leaves: it delivers to an inbox in Redis.

`main.py text` and the phone in the browser show the inbox.  What is in it is
sealed, and gone after a day.  It can be told to fail, as gateways do.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import uuid4

from redis.asyncio import Redis

from runtime.clock import utc_now
from runtime.encryption import CannotOpen, Seal
from runtime.redis_client import REDIS_ERRORS
from runtime.settings import Settings
from sms.gateways.africastalking import CALLBACKS
from sms.gateways.port import (
    Accepted,
    GatewayError,
    NotSent,
    Outbound,
    OutcomeUnknown,
    Rejected,
    Result,
    SmsDialect,
)

INBOX_SECONDS = 24 * 3600
MOST_KEPT = 50
FAULT_SECONDS = 300
"""Then it works again by itself."""
HANG_SECONDS = 3.0

_FAULT = "sms:simulator:fault"


class GatewayFault(StrEnum):
    """How it fails.  `BUSY`: takes nothing just now; `HANGS`: gives no answer."""

    BUSY = "busy"
    REFUSES = "refuses"
    HANGS = "hangs"


_RESULTS: dict[GatewayFault, Result] = {
    GatewayFault.BUSY: NotSent("the gateway takes nothing just now", GatewayError.GATEWAY_FAILED),
    GatewayFault.REFUSES: Rejected("the gateway refuses each message", GatewayError.REFUSED),
    GatewayFault.HANGS: OutcomeUnknown("no answer", GatewayError.NO_ANSWER),
}


@dataclass(frozen=True, slots=True)
class Delivered:
    """A text in an inbox, when it came, and the name that reports on it use."""

    text: str
    at: datetime
    id: str


class Simulator:
    """A `Gateway`, and the phones that it delivers to."""

    def __init__(self, redis: Redis, seal: Seal, now: Callable[[], datetime] = utc_now) -> None:
        self._redis = redis
        self._seal = seal
        self._now = now

    async def send(self, outbound: Outbound) -> dict[str, Result]:
        """As `Gateway.send`."""
        try:
            fault, _ = await self.fault()
        except REDIS_ERRORS as error:
            return dict.fromkeys(outbound.to, NotSent(_no_answer(error)))
        if fault is None:
            return {msisdn: await self._deliver(msisdn, outbound.text) for msisdn in outbound.to}
        await asyncio.sleep(HANG_SECONDS if fault is GatewayFault.HANGS else 0)
        return dict.fromkeys(outbound.to, _RESULTS[fault])

    async def inbox(self, msisdn: str) -> list[Delivered]:
        """What a phone has received within a day, the oldest first.  Raises `RedisError`."""
        key = self._key(msisdn)
        found = await self._redis.lrange(key, 0, -1)
        return [each for sealed in found if (each := self._opened(str(sealed), key))]

    async def forget(self, msisdn: str) -> int:
        """Empty the inbox of a phone; how many texts it held.  Raises `RedisError`."""
        pipe = self._redis.pipeline(transaction=True)
        pipe.llen(self._key(msisdn))
        pipe.delete(self._key(msisdn))
        texts, _ = await pipe.execute()
        return int(texts)

    async def fail(self, fault: GatewayFault | None) -> None:
        """Fail so for `FAULT_SECONDS`, or work again.  Raises `RedisError`."""
        if fault is None:
            await self._redis.delete(_FAULT)
        else:
            await self._redis.set(_FAULT, fault, ex=FAULT_SECONDS)

    async def fault(self) -> tuple[GatewayFault | None, int]:
        """How it fails now, and for how many seconds more.  Raises `RedisError`."""
        said = await self._redis.get(_FAULT)
        left = int(await self._redis.ttl(_FAULT)) if said else 0
        return (GatewayFault(str(said)), left) if left > 0 else (None, 0)

    async def _deliver(self, msisdn: str, text: str) -> Result:
        key, id_ = self._key(msisdn), f"sim-{uuid4().hex}"
        delivered = json.dumps([text, self._now().timestamp(), id_])
        pipe = self._redis.pipeline(transaction=True)
        pipe.rpush(key, self._seal.seal(delivered, key))
        pipe.ltrim(key, -MOST_KEPT, -1)
        pipe.expire(key, INBOX_SECONDS)
        try:
            await pipe.execute()
        except REDIS_ERRORS as error:
            return OutcomeUnknown(_no_answer(error))
        return Accepted(id_)

    def _key(self, msisdn: str) -> str:
        return f"sms:inbox:{self._seal.index(msisdn)}"

    def _opened(self, sealed: str, key: str) -> Delivered | None:
        try:
            text, at, id_ = json.loads(self._seal.open(sealed, key))
        except (CannotOpen, ValueError):  # sealed under another key, or by an older version
            return None
        return Delivered(text, datetime.fromtimestamp(at, UTC), id_)


def _no_answer(error: BaseException) -> str:
    return f"Redis does not answer ({type(error).__name__})"


def connect(_settings: Settings, redis: Redis, seal: Seal) -> Simulator:
    return Simulator(redis, seal)


SIMULATOR = SmsDialect(connect, CALLBACKS)
"""The phone in the browser posts what Africa's Talking posts."""
