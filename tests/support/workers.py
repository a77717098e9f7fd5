"""A worker in this process, the gateway that it talks to, and waiting for it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from runtime.clock import utc_now
from sms.gateways.port import Accepted, Outbound, Result
from sms.gateways.simulator import Simulator
from sms.outbox.messages import MessageKind, Outgoing
from sms.outbox.outbox import Caps, Outbox, PutResult, Rate
from sms.outbox.worker import WorkerConfig, run_worker
from sms.states import State
from tests.support.outbox_trials import number
from tests.support.outboxes import GATEWAY
from tests.support.patience import PATIENCE

UNLIMITED = Caps(10**9, 600, 10**9, 10**9, 10**9)
CONFIG = WorkerConfig(
    Rate(1e4, 1000), lease=5.0, maintain_every=0.02, first_retry_delay=0.02, longest_retry_delay=0.1
)
Answer = Callable[[str], Result]


@dataclass
class Gateway:
    """Answers as it is told, and remembers every call."""

    answer: Answer = lambda msisdn: Accepted(f"g{msisdn}")
    seconds: float = 0.0
    calls: list[Outbound] = field(default_factory=list)

    async def send(self, outbound: Outbound) -> dict[str, Result]:
        self.calls.append(outbound)
        answer = self.answer  # as it was told when it was called
        await asyncio.sleep(self.seconds)
        return {msisdn: answer(msisdn) for msisdn in outbound.to}

    @property
    def texted(self) -> list[str]:
        return [msisdn for call in self.calls for msisdn in call.to]


@asynccontextmanager
async def working(
    outbox: Outbox,
    gateway: Gateway | Simulator | Mapping[str, Gateway],
    config: WorkerConfig = CONFIG,
    now: Callable[[], datetime] = utc_now,
) -> AsyncIterator[asyncio.Event]:
    """A worker at work; told to stop, and waited for, when the block ends."""
    gateways = gateway if isinstance(gateway, Mapping) else {GATEWAY: gateway}
    stop = asyncio.Event()
    task = asyncio.create_task(run_worker(outbox, gateways, stop, config=config, now=now))
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(task, PATIENCE)


async def owe(
    outbox: Outbox, many: int, kind: MessageKind = MessageKind.REPLY, text: str = "Call 112."
) -> None:
    now = datetime.now(UTC)
    ends = now + timedelta(minutes=15)
    messages = [Outgoing(f"{kind}{n}", number(n), text, kind, ends) for n in range(many)]
    assert set(await outbox.put_all(messages, now)) == {PutResult.QUEUED}


async def until(outbox: Outbox, key: str, state: State) -> None:
    async with asyncio.timeout(PATIENCE):
        while await outbox.state_of(key) is not state:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def until_sent(outbox: Outbox, gateway_id: str) -> None:
    """The gateway has it, which calls it so."""
    async with asyncio.timeout(10):
        while await outbox.state_of_sent(GATEWAY, gateway_id) is not State.ACCEPTED:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def until_empty(outbox: Outbox) -> None:
    async with asyncio.timeout(PATIENCE):
        while sum((await outbox.waiting()).values()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
