"""The worker: takes messages from the outbox and hands them to the gateway.

Any number of workers run at once, on any number of machines; one that is killed
leaves nothing that another does not pick up or settle.  Each queue has calls of its own
under way, so replies do not wait for a series.  A message is `sending` in Redis before the
gateway hears of it, and whatever is in doubt afterwards is left `unknown`: see
`sms/outbox/outbox.py`.
"""

import asyncio
import logging
import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar
from uuid import uuid4

from runtime.clock import utc_now
from runtime.logs import redacted
from runtime.redis_client import REDIS_ERRORS, OutageLog
from runtime.replication import TooFewReplicas
from sms.gateways import (
    Accepted,
    Gateway,
    GatewayError,
    NotSent,
    Outbound,
    OutcomeUnknown,
    Rejected,
    Result,
)
from sms.outbox.messages import Queue
from sms.outbox.outbox import (
    LONGEST_RETRY_DELAY,
    Claimed,
    Outbox,
    Outcome,
    Rate,
    Sending,
    Wait,
)
from sms.states import State

REDIS_PAUSE_SECONDS = 0.5
REPLICAS_PAUSE = timedelta(seconds=2)
"""Until what could not be begun for want of replicas is tried again."""
REDIS_PATIENCE_SECONDS = 60.0
"""How long a result is held for a Redis that does not answer; then its message
is left to become `unknown`."""

SHARES = 8
"""In so many rounds a worker of a cluster has looked everywhere for what dead ones left."""
UNREADABLE = "sealed under another key, or altered"
TOO_FEW = "too few replicas"
NOT_NAMED = OutcomeUnknown("not named in the answer", GatewayError.NO_ANSWER)

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """How a worker works.  Times in seconds.

    `lease`: how long a message may be held before its worker counts as dead; longer
    than the longest call to the gateway, or messages in good hands become `unknown`.

    Raises `ValueError` where something would be tried again later than `LONGEST_RETRY_DELAY`: it
    would be taken for put off by a clock that was put back, and tried at once.
    """

    rate: Rate = field(default_factory=Rate)
    replies_at_once: int = 8
    bulk_calls_at_once: int = 2
    lease: float = 30.0
    maintain_every: float = 1.0
    block: float = 0.1
    first_retry_delay: float = 2.0
    longest_retry_delay: float = 30.0

    def __post_init__(self) -> None:
        longest = LONGEST_RETRY_DELAY.total_seconds()
        if self.longest_retry_delay > longest:
            raise ValueError(f"longest_retry_delay: at most {longest:.0f} s")

    def most_at_once(self, queue: Queue) -> int:
        """Calls of one queue under way."""
        return self.replies_at_once if queue is Queue.REPLIES else self.bulk_calls_at_once


async def run_worker(
    outbox: Outbox,
    gateways: Mapping[str, Gateway],
    stop: asyncio.Event,
    *,
    config: WorkerConfig = WorkerConfig(),
    now: Callable[[], datetime] = utc_now,
) -> None:
    """Send until `stop` is set, and then finish the calls under way.

    Redis out of reach is waited for.  The socket timeout of the outbox's client must
    be longer than `config.block`.
    """
    over = asyncio.Event()
    worker = _Worker(outbox, gateways, over, config, now)
    async with asyncio.TaskGroup() as group:
        for queue in Queue:
            group.create_task(worker.send_until_stopped(queue, group))
        group.create_task(worker.maintain_until_stopped())
        try:
            await stop.wait()
        finally:  # also when cancelled: Python 3.11 may swallow that in the tasks' `wait_for`
            over.set()


def retry_delay(attempts: int, config: WorkerConfig) -> timedelta:
    """Before a message is tried again: doubling, and spread so that not all come at once."""
    doubled = config.first_retry_delay * 2.0 ** min(attempts - 1, 30)
    longest = min(config.longest_retry_delay, doubled)
    return timedelta(seconds=random.uniform(longest / 2, longest))  # noqa: S311


@dataclass
class _Worker:
    outbox: Outbox
    gateways: Mapping[str, Gateway]
    over: asyncio.Event
    config: WorkerConfig
    now: Callable[[], datetime]
    name: str = field(default_factory=lambda: uuid4().hex)
    turns: Iterator[int] = field(default_factory=count)
    busy: Counter[Queue] = field(default_factory=Counter)
    ended: defaultdict[Queue, asyncio.Event] = field(
        default_factory=lambda: defaultdict(asyncio.Event)
    )
    outages: OutageLog = field(default_factory=lambda: OutageLog(log, "worker"))

    # --- Claiming

    async def send_until_stopped(self, queue: Queue, group: asyncio.TaskGroup) -> None:
        """Claim what waits in a queue, while there is room for more calls of its."""
        while not self.over.is_set():
            if room := self.config.most_at_once(queue) - self.busy[queue]:
                for claimed in await self._try_once(self._claim(queue, room)) or []:
                    await self._start(group, claimed)
            else:
                await self._wait_for_room(queue)

    async def _claim(self, queue: Queue, room: int) -> list[Claimed]:
        return await self.outbox.claim(queue, self.name, room, int(self.config.block * 1000))

    async def _wait_for_room(self, queue: Queue) -> None:
        """Until a call ends; each ends by itself."""
        self.ended[queue].clear()
        await self.ended[queue].wait()

    async def _start(self, group: asyncio.TaskGroup, claimed: Claimed) -> None:
        if self.over.is_set():
            await self._try_once(self._give_back(claimed))
        else:
            self.busy[claimed.queue] += 1
            group.create_task(self._send_claimed(claimed))

    async def _give_back(self, claimed: Claimed) -> None:
        outcome = _postponed(claimed, "the worker ends", self.now())
        await self.outbox.settle([outcome], self.now())

    async def _send_claimed(self, claimed: Claimed) -> None:
        """Send what was claimed and write down what came of it; another call has room before
        that.  What goes wrong here is left for `maintain` to settle.
        """
        try:
            try:
                outcomes = await self._send(claimed)
            finally:
                self._make_room(claimed.queue)
            await self._settle(outcomes)
        except REDIS_ERRORS as error:
            self.outages.note(error)
        except Exception as error:
            log.error("worker: %s", redacted(error))

    def _make_room(self, queue: Queue) -> None:
        self.busy[queue] -= 1
        self.ended[queue].set()

    # --- Sending

    async def _send(self, claimed: Claimed) -> list[Outcome]:
        """As one call, once the rate of its gateway allows it; what came of it."""
        while not self.over.is_set():
            try:
                begun = await self._begin(claimed)
            except TooFewReplicas:
                return [_postponed(claimed, TOO_FEW, self.now() + REPLICAS_PAUSE)]
            if begun is None:
                return []
            if isinstance(begun, Sending):
                outcomes = await self._obstacle(begun) or await self._call_gateway(begun)
                _log_refusals(outcomes)
                return outcomes
            await asyncio.sleep(min(begun.seconds, 1.0))
        await self._give_back(claimed)
        return []

    async def _begin(self, claimed: Claimed) -> Sending | Wait | None:
        return await self._until_redis_answers(
            lambda: self.outbox.begin(
                claimed, self.name, self.config.rate, [*self.gateways], self.now()
            )
        )

    async def _obstacle(self, begun: Sending) -> list[Outcome]:
        """Why a message must not be sent, although it was begun."""
        if not (begun.to and begun.text):
            await self._until_redis_answers(
                lambda: self.outbox.count_set_aside(UNREADABLE, begun.size)
            )
            return [Outcome(begun.claimed, State.FAILED, UNREADABLE)]
        if begun.expires_at <= self.now():  # Redis was long in answering
            return [_postponed(begun.claimed, "not sent in time", self.now())]
        return []

    async def _call_gateway(self, begun: Sending) -> list[Outcome]:
        """Once; what it says of each."""
        results = await self._results(begun)
        due = self.now() + retry_delay(begun.attempts, self.config)
        return [
            _outcome(begun.claimed, results.get(msisdn, NOT_NAMED), due, place, msisdn)
            for place, msisdn in begun.to.items()
        ]

    async def _results(self, begun: Sending) -> Mapping[str, Result]:
        """A gateway that raises breaks its promise; the outcome is unknown."""
        to = tuple(begun.to.values())
        ids = tuple(begun.name(place) for place in begun.to)
        bulk = begun.claimed.queue is Queue.SERIES
        try:
            return await self.gateways[begun.gateway].send(Outbound(to, begun.text, ids, bulk=bulk))
        except Exception as error:
            what = OutcomeUnknown(f"the gateway raised {redacted(error)}")
            return dict.fromkeys(to, what)

    async def _settle(self, outcomes: list[Outcome]) -> None:
        await self._until_redis_answers(lambda: self.outbox.settle(outcomes, self.now()))

    # --- Maintaining

    async def maintain_until_stopped(self) -> None:
        """Now and then, requeue what is due and settle what dead workers left."""
        while not self.over.is_set():
            await self._try_once(self._maintain())
            try:
                async with asyncio.timeout(self.config.maintain_every * random.uniform(0.8, 1.2)):  # noqa: S311
                    await self.over.wait()
            except TimeoutError:
                continue

    async def _maintain(self) -> None:
        await self.outbox.requeue_due(self.now())
        some = self.outbox.partitions.share(next(self.turns), SHARES)
        for queue in Queue:
            lease_ms = int(self.config.lease * 1000)
            orphans = await self.outbox.reclaim(queue, self.name, lease_ms, self.now(), some)
            if orphans:
                log.warning("worker: %d messages of a dead worker are unknown", orphans)

    # --- Redis

    async def _until_redis_answers(self, call: Callable[[], Awaitable[T]]) -> T:
        """The answer of a call that may be repeated.  Raises what Redis raised last."""
        give_up = asyncio.get_running_loop().time() + REDIS_PATIENCE_SECONDS
        while True:
            try:
                answer = await call()
            except TooFewReplicas as error:  # waited for already
                self.outages.note(error)
                raise
            except REDIS_ERRORS as error:
                self.outages.note(error)
                if asyncio.get_running_loop().time() > give_up:
                    raise
                await asyncio.sleep(REDIS_PAUSE_SECONDS)
            else:
                self.outages.note(None)
                return answer

    async def _try_once(self, call: Coroutine[Any, Any, T]) -> T | None:
        """The answer of a call that will be made again anyway."""
        try:
            answer = await call
        except REDIS_ERRORS as error:
            self.outages.note(error)
            await asyncio.sleep(REDIS_PAUSE_SECONDS)
            return None
        self.outages.note(None)
        return answer


def _postponed(claimed: Claimed, why: str, due: datetime) -> Outcome:
    return Outcome(claimed, State.QUEUED, why, due=due)


def _outcome(claimed: Claimed, result: Result, due: datetime, place: int, msisdn: str) -> Outcome:
    match result:
        case Accepted(message_id):
            return Outcome(claimed, State.ACCEPTED, gateway_id=message_id, place=place)
        case Rejected(why, error):
            return Outcome(claimed, State.FAILED, why, error, place=place)
        case NotSent(why, error):
            return Outcome(claimed, State.QUEUED, why, error, "", due, place, msisdn)
        case OutcomeUnknown(why, error):
            return Outcome(claimed, State.UNKNOWN, why, error, place=place)


def _log_refusals(outcomes: Sequence[Outcome]) -> None:
    """A line for each reason, not for each message; no number, no text.  What cannot be read
    is told by the outbox.
    """
    told = [each for each in outcomes if each.why and each.why != UNREADABLE]
    reasons = Counter((each.state, each.why) for each in told)
    for (state, why), many in reasons.items():
        log.warning("worker: %d messages %s: %s", many, state, why)
