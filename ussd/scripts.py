"""Lua scripts in Redis, within the time that a hop has."""

import asyncio
import logging
from dataclasses import dataclass
from hashlib import sha1
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from runtime.redis_client import REDIS_ERRORS, OutageLog

REDIS_SECONDS = 0.25
"""The most that a hop which can go on without Redis waits for it, connecting included."""

log = logging.getLogger(__name__)


class Script:
    """A Lua script, and the name that a server knows it by once it has run."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.sha = sha1(text.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Scripts:
    """Runs scripts on a Redis.  One that is down, frozen or slow costs `seconds` and a line in
    the log.
    """

    redis: Redis
    outages: OutageLog
    seconds: float = REDIS_SECONDS

    async def run(self, script: Script, keys: list[str], args: list[Any]) -> object:
        """What the script answers; None where Redis does not."""
        try:
            async with asyncio.timeout(self.seconds):
                answer = await self._run(script, keys, args)
        except REDIS_ERRORS as error:
            self.outages.note(error)
            return None
        self.outages.note(None)
        return answer

    async def _run(self, script: Script, keys: list[str], args: list[Any]) -> object:
        """In one round trip, or in two when the server has just started."""
        try:
            return await self.redis.evalsha(script.sha, len(keys), *keys, *args)
        except NoScriptError:
            return await self.redis.eval(script.text, len(keys), *keys, *args)
