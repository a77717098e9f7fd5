"""All of sending as one machine: people text, subscribe and stop; workers send, die and come back;
the gateway does as it likes; callbacks are repeated, reordered and lost; Redis fails at any call;
the clock jumps.  `tests/sms/test_sending.py` plays it a little, `benchmarks/sending.py` at length.

What must hold is in `Gateway.send` and in the invariants: nobody gets a message twice, nobody a
late reply, nobody a tip after STOP, and no message goes back to a state that it has left.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, ClassVar, TypeVar, cast
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from menus.model import Menu
from runtime.redis_client import REDIS_ERRORS
from sms.gateways.port import (
    Accepted,
    DeliveryReport,
    GatewayError,
    NotSent,
    Outbound,
    OutcomeUnknown,
    Rejected,
    Result,
)
from sms.outbox import worker as worker_room
from sms.outbox.messages import MessageKind, Outgoing, Queue
from sms.outbox.outbox import Act, Outbox, PutResult, Rate
from sms.outbox.scripts import GROUP
from sms.outbox.worker import WorkerConfig, run_worker
from sms.series.calendar import ALMATY, Calendar
from sms.series.run import run_due
from sms.series.scripts import STOPPED
from sms.series.subscriptions import Subscriptions
from sms.states import FINAL, NEXT, State
from tests.support.interruptions import FailingRedis, When
from tests.support.outboxes import GATEWAY, SEAL
from tests.support.workers import UNLIMITED

T = TypeVar("T")

NOON = datetime(2026, 11, 16, 12, tzinfo=ALMATY)
NUMBERS = [f"+7700000000{n}" for n in range(3)]
TIPS = ("tip 0", "tip 1", "tip 2")
LIFE = timedelta(minutes=15)
CONFIG = WorkerConfig(
    Rate(1e6, 10**6), lease=3600.0, maintain_every=0.01, block=0.005, replies_at_once=3
)
NEVER = 10**9
ENOUGH_SECONDS = 1.0
SLOW_SECONDS = 0.02
TAKES = {"accept", "doubt, taken", "raises, taken", "left out, taken", "stuck, taken"}
MODES = [*TAKES, "refuse", "reject", "doubt, lost", "stuck, lost"]
WORKS = [mode for mode in MODES if not mode.startswith("stuck")]


class Broken(AssertionError):
    """What must never be, was."""


@dataclass
class Gateway:
    """What the network got, whatever we were told.  Raises `Broken` on what it must not get."""

    expires: dict[str, datetime]
    now: Callable[[], datetime]
    mode: str = "accept"
    taken: list[tuple[str, str, str]] = field(default_factory=list)
    """Number, text, and the name that the gateway gives it."""
    stopped: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    called: asyncio.Event = field(default_factory=asyncio.Event)
    is_slow: bool = False
    """Whether others go on while it is called."""

    async def send(self, outbound: Outbound) -> dict[str, Result]:
        self.called.set()
        self._judge(outbound)
        named = {to: self._take(to, outbound.text) for to in outbound.to}
        if self.is_slow:
            await asyncio.sleep(SLOW_SECONDS)
        if self.mode.startswith("stuck"):
            await asyncio.Event().wait()
        if self.mode.startswith("raises"):
            raise RuntimeError("a mistake of ours")
        if self.mode.startswith("left out"):
            return {}
        return {to: self._result(name) for to, name in named.items()}

    def _judge(self, outbound: Outbound) -> None:
        """The worker catches what a gateway raises, so faults are kept."""
        late = self.expires.get(outbound.text)
        if late and late <= self.now():
            self.faults.append(f"{outbound.text} was sent too late")
        if unwanted := self.stopped & {*outbound.to} if outbound.text in TIPS else None:
            self.faults.append(f"{unwanted} had said STOP")

    def _take(self, to: str, text: str) -> str:
        name = f"g{len(self.taken)}"
        if self.mode in TAKES:
            self.taken.append((to, text, name))
        return name

    def _result(self, name: str) -> Result:
        match self.mode:
            case "accept":
                return Accepted(name)
            case "refuse":
                return NotSent("refused", GatewayError.TOO_MANY_CALLS)
            case "reject":
                return Rejected("no such number", GatewayError.OTHER)
            case _:
                return OutcomeUnknown("the line broke", GatewayError.NO_ANSWER)


class World:
    """The real outbox, subscriptions and worker on a real Redis that fails when it is told to."""

    def __init__(self, redis: FailingRedis) -> None:
        self.now = NOON
        self.redis = redis
        self.outbox = Outbox(redis, SEAL, UNLIMITED, unwanted=STOPPED)
        self.calendar = Calendar()
        self.subscriptions = Subscriptions(redis, SEAL, self.calendar)
        self.expires: dict[str, datetime] = {}
        self.gateway = Gateway(self.expires, lambda: self.now)
        self.numbers: dict[str, str] = {}
        self.acknowledged: set[str] = set()
        self.begun = Counter[str]()
        self.seen: dict[str, State] = {}
        self.dead: set[str] = set()

    # --- What people do

    async def text(self, key: str, number: str) -> None:
        """A text comes in, for the first time or again."""
        self.numbers.setdefault(key, number)
        self.expires.setdefault(key, self.now + LIFE)
        put = await self.outbox.put(self._reply(key), self.now)
        if put not in (PutResult.QUEUED, PutResult.ALREADY):
            raise Broken(f"{key} was {put}")
        self.acknowledged.add(key)

    async def act(self, key: str, act: Act) -> None:
        await self.outbox.put_chosen(key, act, {}, self.now)

    async def subscribe(self, key: str, number: str) -> None:
        self.gateway.stopped.discard(number)  # from the first word of it on, a tip is allowed
        self.begun[number] += 1
        await self.act(key, self.subscriptions.begin_act(number, "en", GATEWAY, self.now))

    async def stop(self, key: str, number: str) -> None:
        await self.act(key, self.subscriptions.stop_act(number))
        self.gateway.stopped.add(number)

    def _reply(self, key: str) -> Outgoing:
        number, expires = self.numbers[key], self.expires[key]
        return Outgoing(key, number, key, MessageKind.REPLY, expires, GATEWAY)

    # --- What we do

    async def run_series(self) -> None:
        words = SimpleNamespace(sms=SimpleNamespace(series=TIPS))
        menu = cast(Menu, SimpleNamespace(all_languages={"en": words}))
        await run_due(self.subscriptions, self.outbox, menu, self.calendar, lambda: self.now)

    async def work(self, mode: str) -> None:
        """A worker, until nothing is left for it to do.

        Where Redis' answer to a claim was lost, it holds what it does not know of until its lease
        ends: after a while it is stopped.
        """
        self.gateway.mode, stop = mode, asyncio.Event()
        task = asyncio.create_task(self._worker(stop))
        until = time.monotonic() + ENOUGH_SECONDS
        while await self._has_work() and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        stop.set()
        await asyncio.wait({task}, timeout=ENOUGH_SECONDS)
        await self._kill(task)

    async def fail_over(self, mode: str) -> None:
        """While the gateway is called, Redis' place is taken by one that has heard of no claim, and
        gives out again what is being sent.
        """
        self.gateway.called, self.gateway.is_slow = asyncio.Event(), True
        working = asyncio.create_task(self.work(mode))
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await self.gateway.called.wait()
        for queue in Queue:
            with suppress(*REDIS_ERRORS):  # no group yet
                await self.redis.xgroup_setid(f"sms:queue:{queue}", GROUP, "0")
        try:
            await working
        finally:
            self.gateway.is_slow = False

    async def crash(self, mode: str, turns: int) -> None:
        """A worker that is killed: while the gateway is called, or a few turns later."""
        self.gateway.mode, self.gateway.called = mode, asyncio.Event()
        task = asyncio.create_task(self._worker(asyncio.Event()))
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await self.gateway.called.wait()
        for _ in range(turns):
            await asyncio.sleep(0)
        await self._kill(task)

    async def _kill(self, worker: asyncio.Task[None]) -> None:
        """With all that it began, since `wait_for` of Python 3.11 may swallow a cancellation."""
        while not worker.done():
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            await asyncio.sleep(0)
        self.dead |= {name for queue in Queue for name in await self._holding(queue)}

    async def take_over(self) -> None:
        """What dead workers hold is settled, or queued again."""
        for queue in Queue:
            await self.outbox.reclaim(queue, "another", 0, self.now)
        await self.outbox.requeue_due(self.now)

    async def report(self, which: int, state: State) -> None:
        """On any message that the gateway got, at any time, any number of times."""
        if self.gateway.taken:
            number, _, name = self.gateway.taken[which % len(self.gateway.taken)]
            await self.outbox.report(DeliveryReport(name, state, number), GATEWAY, self.now)

    async def _worker(self, stop: asyncio.Event) -> None:
        with patch.object(worker_room, "REDIS_PAUSE_SECONDS", 0.005):
            await run_worker(
                self.outbox,
                {GATEWAY: self.gateway},
                stop,
                config=CONFIG,
                now=lambda: self.now,
            )

    async def _has_work(self) -> bool:
        with suppress(*REDIS_ERRORS):
            return any([await self._waits_in(queue) for queue in Queue])
        return True

    async def _waits_in(self, queue: Queue) -> bool:
        """Whether an entry has not been claimed, or is held by a worker that lives."""
        if not await self.redis.exists(stream := f"sms:queue:{queue}"):
            return False
        groups = await self.redis.xinfo_groups(stream)
        fresh = not groups or bool(groups[0]["lag"])
        return fresh or bool(set(await self._holding(queue)) - self.dead)

    async def _holding(self, queue: Queue) -> list[str]:
        """The workers that hold something."""
        if not await self.redis.exists(stream := f"sms:queue:{queue}"):
            return []
        with suppress(*REDIS_ERRORS):  # no group yet
            held = await self.redis.xpending(stream, GROUP)
            return [each["name"] for each in held["consumers"]]
        return []

    # --- What must hold

    async def judge(self) -> None:
        faults = [*self.gateway.faults, *self._twice()]
        for key in self.acknowledged:
            state = await self.outbox.state_of(key)
            before = self.seen.get(key, State.QUEUED)
            if state is None or not _may_become(before, state):
                faults.append(f"{key} was {before} and is {state}")
            else:
                self.seen[key] = state
        if faults:
            raise Broken("; ".join(faults))

    def _twice(self) -> list[str]:
        got = Counter((number, text) for number, text, _ in self.gateway.taken)
        most = {(number, tip): self.begun[number] for number in NUMBERS for tip in TIPS}
        return [f"{what} went {n} times" for what, n in got.items() if n > most.get(what, 1)]

    async def rest(self) -> None:
        """In the end everything works again, and nothing acknowledged is left on its way."""
        self.redis.fail_at(NEVER, When.BEFORE)
        self.gateway.expires = {}  # from now on only what becomes of them matters
        for _ in range(3):
            await self.take_over()
            self.dead.clear()
            await self.work("accept")
            self.now += timedelta(minutes=1)
        await self.judge()
        states = {key: await self.outbox.state_of(key) for key in self.acknowledged}
        if moving := {key for key, state in states.items() if state in ON_ITS_WAY}:
            raise Broken(f"{moving} are still on their way")
        got = {text for _, text, _ in self.gateway.taken}
        if lost := {key for key, state in states.items() if state is State.ACCEPTED} - got:
            raise Broken(f"{lost} were accepted by nobody")
        await self._reported(states)

    async def _reported(self, states: dict[str, State | None]) -> None:
        """The reports of what was accepted settle it."""
        for number, _, name in self.gateway.taken:
            report = DeliveryReport(name, State.DELIVERED, number)
            await self.outbox.report(report, GATEWAY, self.now)
        for key, before in states.items():
            after = await self.outbox.state_of(key)
            if before is State.ACCEPTED and after is not State.DELIVERED:
                raise Broken(f"{key} was accepted, reported, and is {after}")


ON_ITS_WAY = {State.QUEUED, State.SENDING}


def _may_become(before: State, after: State) -> bool:
    """In any number of steps."""
    if before is after:
        return True
    if before in FINAL:
        return False
    reached, new = {before}, {before}
    while new:
        new = {each for state in new for each in NEXT[state]} - reached
        reached |= new
    return after in reached


class SendingMachine(RuleBasedStateMachine):
    """The steps in any order, on the last database of a server."""

    redis_url: ClassVar[str]
    runs: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).runs += 1
        self.runner = asyncio.Runner()
        self.keys = 0
        self.failure: tuple[int, When] | None = None

    @initialize()
    def begin(self) -> None:
        async def fresh() -> World:
            redis = FailingRedis.from_url(self.redis_url, db=15, decode_responses=True)
            assert isinstance(redis, FailingRedis)
            redis.fail_at(NEVER, When.BEFORE)
            await redis.flushdb()
            return World(redis)

        self.world = self.runner.run(fresh())

    def do(self, step: Coroutine[Any, Any, object]) -> None:
        """A step that Redis may break off; nothing fails after it."""

        async def tried() -> None:
            if self.failure:
                self.world.redis.fail_at(*self.failure)
                self.failure = None
            with suppress(*REDIS_ERRORS):
                await step
            self.world.redis.fail_at(NEVER, When.BEFORE)

        self.runner.run(tried())

    def new_key(self) -> str:
        self.keys += 1
        return f"reply {self.keys}"

    @rule(number=st.sampled_from(NUMBERS))
    def text(self, number: str) -> None:
        self.do(self.world.text(self.new_key(), number))

    @rule(which=st.integers(0, 9))
    def repeat(self, which: int) -> None:
        if known := [*self.world.numbers]:
            key = known[which % len(known)]
            self.do(self.world.text(key, self.world.numbers[key]))

    @rule(number=st.sampled_from(NUMBERS))
    def subscribe(self, number: str) -> None:
        self.do(self.world.subscribe(self.new_key(), number))

    @rule(number=st.sampled_from(NUMBERS))
    def stop(self, number: str) -> None:
        self.do(self.world.stop(self.new_key(), number))

    @rule()
    def run_series(self) -> None:
        self.do(self.world.run_series())

    @rule(mode=st.sampled_from(WORKS))
    def work(self, mode: str) -> None:
        self.do(self.world.work(mode))

    @rule(mode=st.sampled_from(MODES), turns=st.integers(0, 12))
    def crash(self, mode: str, turns: int) -> None:
        self.do(self.world.crash(mode, turns))

    @rule(mode=st.sampled_from(WORKS))
    def fail_over(self, mode: str) -> None:
        self.do(self.world.fail_over(mode))

    @rule()
    def take_over(self) -> None:
        self.do(self.world.take_over())

    @rule(which=st.integers(0, 9), state=st.sampled_from([State.DELIVERED, State.FAILED]))
    def report(self, which: int, state: State) -> None:
        self.do(self.world.report(which, state))

    @rule(call=st.integers(1, 12), when=st.sampled_from(When))
    def fail(self, call: int, when: When) -> None:
        """Redis, at that call of the next step."""
        self.failure = call, when

    @rule(minutes=st.sampled_from([-60, 4, 60, 2 * 24 * 60]))
    def jump(self, minutes: int) -> None:
        self.world.now += timedelta(minutes=minutes)

    @invariant()
    def holds(self) -> None:
        if hasattr(self, "world"):
            self.runner.run(self.world.judge())

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self.runner.run(self.world.rest())
        finally:
            if hasattr(self, "world"):
                self.runner.run(self.world.redis.aclose())
            self.runner.close()


def sending_machine(redis_url: str) -> type[SendingMachine]:
    """The machine on a server."""
    return type("SendingMachineThere", (SendingMachine,), {"redis_url": redis_url})
