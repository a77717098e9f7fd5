"""Lua scripts in Redis, within the time that a hop has.

Hops that come while others wait for Redis share one connection and one write: to check a
connection out of the pool, and to write, costs as much as all the rest of a hop.
"""

import asyncio
import logging
import math
from collections import deque
from dataclasses import dataclass
from hashlib import sha1

from hiredis import pack_command
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import NoScriptError, ResponseError

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
class _Call:
    """A packed command, who waits for its answer, and until when, by the time of the loop."""

    command: bytes
    answer: asyncio.Future[object]
    until: float


class Scripts:
    """Runs scripts on a Redis.  One that is down, frozen or slow costs `seconds` and a line in
    the log.

    One batch of calls is under way at a time; what comes meanwhile is the next one.
    """

    def __init__(self, redis: Redis, outages: OutageLog, seconds: float = REDIS_SECONDS) -> None:
        self._redis = redis
        self._outages = outages
        self._seconds = seconds
        self._next: list[_Call] = []
        self._waiting: deque[_Call] = deque()
        self._batches: asyncio.Task[None] | None = None

    async def run(self, script: Script, keys: list[str], args: list[str | int]) -> object:
        """What the script answers; None where Redis does not."""
        try:
            answer = await self._run(script, [len(keys), *keys, *args])
        except REDIS_ERRORS as error:
            self._outages.note(error)
            return None
        self._outages.note(None)
        return answer

    async def _run(self, script: Script, args: list[str | int]) -> object:
        """In one round trip, or in two when the server has just started."""
        if isinstance(self._redis, RedisCluster):
            async with asyncio.timeout(self._seconds):
                return await _run_on_cluster(self._redis, script, args)
        until = asyncio.get_running_loop().time() + self._seconds
        try:
            return await self._call(_packed("EVALSHA", script.sha, *args), until)
        except NoScriptError:
            return await self._call(_packed("EVAL", script.text, *args), until)

    def _call(self, command: bytes, until: float) -> asyncio.Future[object]:
        """Have it sent with the next batch."""
        loop = asyncio.get_running_loop()
        call = _Call(command, loop.create_future(), until)
        self._next.append(call)
        if not self._waiting:
            loop.call_at(until, self._give_up)
        self._waiting.append(call)
        if self._batches is None:
            self._batches = loop.create_task(self._send_batches())
        return call.answer

    def _give_up(self) -> None:
        """Whoever has waited long enough goes on without an answer.  One timer for all."""
        loop = asyncio.get_running_loop()
        while self._waiting and _is_over(self._waiting[0], loop.time()):
            answer = self._waiting.popleft().answer
            if not answer.done():
                answer.set_exception(TimeoutError("Redis does not answer in time"))
        if self._waiting:
            loop.call_at(self._waiting[0].until, self._give_up)

    async def _send_batches(self) -> None:
        """Until nobody waits any more."""
        try:
            while self._next:
                batch = [call for call in self._next if not call.answer.done()]
                self._next = []
                if batch:
                    await self._send(batch)
        finally:
            self._batches = None

    async def _send(self, batch: list[_Call]) -> None:
        try:
            async with asyncio.timeout_at(max(call.until for call in batch)):
                await self._exchange(batch)
        except REDIS_ERRORS as error:
            for call in batch:
                if not call.answer.done():
                    call.answer.set_exception(error)

    async def _exchange(self, batch: list[_Call]) -> None:
        """One write for all, and the answers in the same order.

        A connection with answers that were not read is closed: they belong to nobody.
        """
        pool = self._redis.connection_pool
        connection = await pool.get_connection()  # type: ignore[no-untyped-call]
        try:
            await connection.send_packed_command(b"".join([call.command for call in batch]))
            for call in batch:
                await _read_answer(connection, call.answer)
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        finally:
            await pool.release(connection)


async def _run_on_cluster(cluster: RedisCluster, script: Script, args: list[str | int]) -> object:
    """Each call by itself: calls that wait are for several nodes."""
    number, *rest = args
    try:
        return await cluster.evalsha(script.sha, int(number), *rest)
    except NoScriptError:
        return await cluster.eval(script.text, int(number), *rest)


async def _read_answer(connection: AbstractConnection, answer: asyncio.Future[object]) -> None:
    try:
        read = await connection.read_response(timeout=math.inf)  # the batch has the deadline
    except ResponseError as error:
        if not answer.done():
            answer.set_exception(error)
    else:
        if not answer.done():
            answer.set_result(read)


def _is_over(call: _Call, now: float) -> bool:
    return call.answer.done() or call.until <= now


def _packed(*parts: str | int) -> bytes:
    packed: bytes = pack_command(parts)  # type: ignore[arg-type]  # its stub says a tuple of one
    return packed
