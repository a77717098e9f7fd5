"""What is remembered of a dialled session, and how little that is.

The answers come with every hop, so where the caller is need not be stored.  Of a
session Redis holds which version of the menu it began on and how many answers
have been heard, for `SESSION_SECONDS` from the last hop: no number, no text.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime
from hashlib import sha1
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

SESSION_SECONDS = 600
"""Longer than any network keeps a session open (Africa's Talking: 180 s)."""
COUNTS_SECONDS = 400 * 24 * 3600
REDIS_SECONDS = 0.25
"""The most that a hop waits for Redis in all, connecting included."""

log = logging.getLogger(__name__)


def dialled_key(day: date) -> str:
    """Where the counts of a day (UTC) are."""
    return f"ussd:counts:{day}"


class Script:
    """A Lua script, and the name that a server knows it by once it has run."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.sha = sha1(text.encode(), usedforsecurity=False).hexdigest()


# One round trip, and atomic: of two equal hops that arrive together, one is new.
_HEAR = Script("""
local function count(what)
  if redis.call('HINCRBY', KEYS[2], what, 1) == 1 then
    redis.call('EXPIRE', KEYS[2], ARGV[4])
  end
end
local menu, heard = unpack(redis.call('HMGET', KEYS[1], 'menu', 'heard'))
if not heard then count('sessions') end
if not heard or tonumber(ARGV[2]) > tonumber(heard) then
  menu = menu or ARGV[1]
  redis.call('HSET', KEYS[1], 'menu', menu, 'heard', ARGV[2])
  count('hops')
else
  count('repeated hops')
end
redis.call('EXPIRE', KEYS[1], ARGV[3])
return menu
""")

_END = Script("""
if redis.call('SET', KEYS[1], '', 'NX', 'EX', ARGV[2]) then
  if redis.call('HINCRBY', KEYS[2], ARGV[1], 1) == 1 then
    redis.call('EXPIRE', KEYS[2], ARGV[3])
  end
end
""")


class Sessions:
    """The sessions in Redis, and the count of them by day.

    Redis down, frozen or slow costs a caller at most `REDIS_SECONDS` and nothing
    else: no method raises for it.
    """

    def __init__(
        self, redis: Redis, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._redis = redis
        self._now = now
        self._reachable = True

    async def hear(self, session_id: str, answers: int, version: str) -> str:
        """Remember that a session has come this far; a repeated hop changes nothing.

        Returns the version of the menu that it began on, which is `version` for
        a new session and where Redis cannot tell.
        """
        keys = [f"ussd:session:{session_id}", self._counts_key()]
        args = [version, answers, SESSION_SECONDS, COUNTS_SECONDS]
        began = await self._ask(_HEAR, keys, args)
        return str(began) if began else version

    async def end(self, session_id: str, status: str) -> None:
        """Count that a session ended, once however often it is reported."""
        keys = [f"ussd:ended:{session_id}", self._counts_key()]
        await self._ask(_END, keys, [f"ended: {status}", SESSION_SECONDS, COUNTS_SECONDS])

    def _counts_key(self) -> str:
        return dialled_key(self._now().date())

    async def _ask(self, script: Script, keys: list[str], args: list[Any]) -> object:
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                answer = await self._run(script, keys, args)
        except (RedisError, OSError, TimeoutError) as error:
            self._note(reachable=False, why=type(error).__name__)
            return None
        self._note(reachable=True)
        return answer

    async def _run(self, script: Script, keys: list[str], args: list[Any]) -> object:
        """In one round trip, or in two when the server has just started."""
        try:
            return await self._redis.evalsha(script.sha, len(keys), *keys, *args)
        except NoScriptError:
            return await self._redis.eval(script.text, len(keys), *keys, *args)

    def _note(self, *, reachable: bool, why: str = "") -> None:
        """Log when Redis goes and when it comes back, not at every hop between."""
        if reachable != self._reachable:
            self._reachable = reachable
            if reachable:
                log.warning("sessions: Redis answers again")
            else:
                log.error("sessions: Redis does not answer (%s); hops go by their text", why)
