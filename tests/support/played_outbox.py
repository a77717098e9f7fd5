"""A worker, the gateway and the clock, played step by step, in any order."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from redis.asyncio import Redis

from sms.outbox.messages import Queue
from sms.outbox.outbox import EVERYBODY, Claimed, Outbox, Sending
from sms.states import State
from tests.support.outboxes import GATEWAY, NOW, SEAL, begin, claim, settle, told

ENDS = {
    "accept": [State.ACCEPTED] * 4,
    "refuse": [State.QUEUED] * 4,
    "doubt": [State.UNKNOWN] * 4,
    "mixed": [State.QUEUED, State.ACCEPTED, State.UNKNOWN, State.QUEUED],
}
"""How it ended at each place."""


@dataclass
class Played:
    """`sends`: to each number, but for those that the gateway certainly refused; `gone`: who
    stopped, or was forgotten.
    """

    redis: Redis
    outbox: Outbox
    queue: Queue
    now: datetime = NOW
    sends: Counter[str] = field(default_factory=Counter)
    held: list[Claimed] = field(default_factory=list)
    begun: list[Sending] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)

    async def step(self, step: str) -> None:
        if step in ENDS:
            await self.settle(ENDS[step])
        elif step == "begin":
            await self.begin()
        elif step == "claim":
            self.held += await claim(self.outbox, self.queue)
        elif step == "die":
            await self.outbox.reclaim(self.queue, "w2", 0, self.now)
        elif step == "due":
            await self.outbox.requeue_due(self.now)
        elif step == "report":
            await self.outbox.report(told(State.DELIVERED, "g1"), GATEWAY, self.now)
        else:
            self.now += timedelta(minutes=4)

    async def begin(self) -> None:
        started = await begin(self.outbox, self.held, self.now)
        fresh = [each for each in started if each.claimed not in [b.claimed for b in self.begun]]
        for each in fresh:
            assert not self.gone & {*each.to.values()}, "who stopped or was forgotten before"
            self.sends.update(each.to.values())
        self.begun += fresh

    async def settle(self, ends: list[State]) -> None:
        if not self.begun:
            return
        begun = self.begun.pop()
        of = [ends[place - 1] for place in begun.to]
        for msisdn, state in zip(begun.to.values(), of, strict=True):
            self.sends[msisdn] -= state is State.QUEUED
        await settle(self.outbox, begun, *of, now=self.now)


@asynccontextmanager
async def played(redis_url: str, queue: Queue, unwanted: str = EVERYBODY) -> AsyncIterator[Played]:
    """An empty outbox, of which this queue is worked on."""
    async with Redis.from_url(redis_url, db=9, decode_responses=True) as client:
        await client.flushdb()
        yield Played(client, Outbox(client, SEAL, unwanted=unwanted), queue)
