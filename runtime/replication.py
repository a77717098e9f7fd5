"""Scripts whose changes must outlive the loss of the primary.

`WAIT` answers for all that one connection has written, so a script that may change nothing the
second time is followed by a small write of its own: once a replica has that, it has all before.
What a replica has is in its memory; `docs/decisions/replicas.md` says what that promises.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode, PipelineCommand
from redis.commands.core import AsyncScript
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import MovedError, NoScriptError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeout

from runtime.partitions import WHOLE, Partition, owner
from runtime.redis_client import REDIS_ERRORS, closing_is_no_answer

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
        keys = partition.declared
        answer, _, have = await self._exchange(
            partition,
            ("EVALSHA", script.sha, len(keys), *keys, *args),
            ("SET", partition.key(FENCE), "", "EX", FENCE_SECONDS),
            ("WAIT", self._replicas, self._milliseconds),
        )
        if have < self._replicas:
            raise TooFewReplicas(f"{have} of {self._replicas} replicas have it")
        return answer

    async def _exchange(self, partition: Partition, *commands: tuple[Any, ...]) -> Sequence[Any]:
        if isinstance(self._redis, RedisCluster):
            return await _exchange_with_owner(self._redis, partition, commands)
        async with self._redis.pipeline(transaction=False) as pipe:
            for command in commands:
                pipe.execute_command(*command)
            answers: Sequence[Any] = await pipe.execute()
        return answers


async def _exchange_with_owner(
    cluster: RedisCluster, partition: Partition, commands: Sequence[tuple[Any, ...]]
) -> Sequence[Any]:
    """With the node of a cluster that has the partition.  redis-py's own pipeline would send again,
    alone and elsewhere, what that node refuses; `WAIT` would not be about it then.
    """
    await cluster.initialize()
    node = owner(cluster, partition)
    try:
        return await _exchange_with(node, commands)
    except (NoConnection, RedisTimeout):
        await _ask_others(cluster, node)
        raise
    except MovedError:  # nothing was done there
        await _ask_others(cluster, node)
        return await _exchange_with(owner(cluster, partition), commands)


async def _exchange_with(node: ClusterNode, commands: Sequence[tuple[Any, ...]]) -> Sequence[Any]:
    sent = [PipelineCommand(n, *each) for n, each in enumerate(commands)]
    with closing_is_no_answer():
        await node.execute_pipeline(sent)
    for each in sent:
        if isinstance(each.result, Exception):
            raise each.result
    return [each.result for each in sent]


async def _ask_others(cluster: RedisCluster, node: ClusterNode) -> None:
    """Who has which slots now; the node itself is asked last, as it may be frozen."""
    with suppress(*REDIS_ERRORS):
        await cluster.nodes_manager.initialize(last_failed_node_name=node.name)
