"""Days full of counts, as a service leaves them, for what shows figures."""

from datetime import UTC, datetime, timedelta
from typing import Any

from redis import Redis

from sms.outbox.counts import counts_key
from ussd.sessions import dialled_key

TODAY = datetime.now(UTC).date()
PLACES = {"at - start": 17, "at ru danger": 40, "at kk danger": 23, "at en signs": 4}
DIALLED: dict[Any, Any] = {**PLACES, "sessions": 96, "hops": 480}
KINDS = {"reply is delivered": 31, "reply is failed": 4, "reply of 1": 12, "reply of 2": 23}
SENT = {"reply messages": 43, "reply segments": 77, "trouble no credit": 22}
TEXTED: dict[Any, Any] = {**KINDS, **SENT}
WORDS: dict[Any, Any] = {"hepl": "25", "<script>alert(1)</script>": "12", "=1+1": "14"}


def fill(redis: Redis) -> None:
    """Ten such days, today the last of them, and words of this month."""
    for n in range(10):
        day = TODAY - timedelta(days=n)
        redis.hset(dialled_key(day), mapping=DIALLED)
        redis.hset(counts_key(day), mapping=TEXTED)
    redis.hset(f"sms:known-words:{TODAY:%Y-%m}", mapping=WORDS)
