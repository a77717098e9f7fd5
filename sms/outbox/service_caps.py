"""The caps and the rate of the whole service on a cluster, where no script that queues a message
can count for all.

They stand together, apart from the partitions of numbers.  A slot is taken before a message is put,
so no cap is ever exceeded; what was not used is given back, and where that fails it is lost until
the cap's time is over.  On one server the steps of the outbox count by themselves.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from redis.asyncio import Redis

from runtime.partitions import Partition
from sms.outbox import scripts
from sms.outbox.messages import Sealed

NOT_COUNTED = "capped"
"""What is told of a message that is refused for its number, or was put before."""


class ServiceCaps:
    """Those in the partition `shared`.  Every method raises `RedisError`."""

    def __init__(self, redis: Redis, shared: Partition, caps: str) -> None:
        self._keys = shared.declared
        self._caps = caps
        self._look = redis.register_script(scripts.LOOK)
        self._take = redis.register_script(scripts.TAKE)
        self._take_many = redis.register_script(scripts.TAKE_MANY)
        self._take_token = redis.register_script(scripts.TAKE_TOKEN)
        self._give_back = redis.register_script(scripts.GIVE_BACK)

    async def take(
        self, partition: Partition, messages: Sequence[Sealed], now: datetime
    ) -> list[list[str]]:
        """Take a slot for each message that would count, and write into it what it was told;
        the keys of the slots, to be given back.
        """
        args: list[Any] = [now.timestamp(), self._caps, *map(json.dumps, messages)]
        looked = await self._look(keys=partition.declared, args=args)
        wishes = [
            {"queue": each["queue"], "reserve": each["reserve"], "new": said == "new"}
            for each, said in zip(messages, looked, strict=True)
            if said
        ]
        answers = iter(await self._take_all(wishes, now))
        taken = [next(answers) if said else [NOT_COUNTED] for said in looked]
        for message, (told, *_) in zip(messages, taken, strict=True):
            message["told"] = told
        return [slots for _, *slots in taken]

    async def _take_all(
        self, wishes: Sequence[dict[str, object]], now: datetime
    ) -> list[list[str]]:
        if not wishes:
            return []
        args: list[Any] = [now.timestamp(), self._caps, *map(json.dumps, wishes)]
        answers: list[list[str]] = await self._take(keys=self._keys, args=args)
        return answers

    async def take_many(self, people: int, now: datetime) -> tuple[int, str, str]:
        """For the people of a batch: for how many there was room; the cap, if it is first met;
        the key of the slots.
        """
        args: list[Any] = [now.timestamp(), self._caps, people]
        room, cap, slot = await self._take_many(keys=self._keys, args=args)
        return int(room), str(cap), str(slot)

    async def give_back(self, slots: Sequence[str], many: int = 1) -> None:
        """What was taken and not used."""
        if slots and many:
            await self._give_back(keys=self._keys, args=[many, *slots])

    async def take_token(self, gateway: str, rate: float, burst: int, need: int) -> float:
        """Of the gateway's rate; how many seconds to wait for it, 0 where it was taken."""
        return float(await self._take_token(keys=self._keys, args=[gateway, rate, burst, need]))
