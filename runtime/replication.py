"""Scripts whose changes must outlive the loss of the primary.

`WAIT` answers for all that one connection has written, so a script that may change nothing the
second time is followed by a small write of its own: once a replica has that, it has all before.
What a replica has is in its memory; `docs/decisions/replicas.md` says what that promises.
"""

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import NoScriptError, ResponseError

from runtime.partitions import WHOLE, Partition

FENCE = "redis:fence"
FENCE_SECONDS = 3600
REPLICAS_SECONDS = 1.0
"""The most that replicas are waited for; they answer in a round trip when they are there."""


class TooFewReplicas(ResponseError):
    """The change is made, but fewer replicas than asked for have it: it must not be relied on."""


class ReplicatedScripts:
    """Runs scripts on a Redis and waits until so many replicas have what they changed.

    Without replicas a script is run as it is.  `seconds`: how long they are waited for.
    """

    def __init__(self, redis: Redis, replicas: int = 0, seconds: float = REPLICAS_SECONDS) -> None:
        self._redis = redis
        self._replicas = replicas
        self._milliseconds = int(seconds * 1000)

    async def run(
        self, script: AsyncScript, args: Sequence[Any], partition: Partition = WHOLE
    ) -> Any:
        """What the script answers in a partition.  Raises what Redis does, and `TooFewReplicas`."""
        if not self._replicas:
            return await script(keys=partition.declared, args=args)
        try:
            return await self._run_and_wait(script, args, partition)
        except NoScriptError:  # a server that has just become the primary
            await self._redis.script_load(script.script)
            return await self._run_and_wait(script, args, partition)

    async def _run_and_wait(
        self, script: AsyncScript, args: Sequence[Any], partition: Partition
    ) -> Any:
        """On one connection: the answer of `WAIT` is about that."""
        async with self._redis.pipeline(transaction=False) as pipe:
            keys = partition.declared
            pipe.evalsha(script.sha, len(keys), *keys, *args)
            pipe.set(partition.key(FENCE), "", ex=FENCE_SECONDS)
            pipe.wait(self._replicas, self._milliseconds)
            answer, _, have = await pipe.execute()
        if have < self._replicas:
            raise TooFewReplicas(f"{have} of {self._replicas} replicas have it")
        return answer
