"""An outbox and what its tests do with it, in one line each."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from runtime.encryption import Seal
from sms.gateways.gateway import DeliveryReport
from sms.outbox.messages import MessageKind, Outgoing, Queue
from sms.outbox.outbox import Act, Claimed, Outbox, Outcome, PutResult, Rate, Sending, Wait
from sms.states import State

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SOON = NOW + timedelta(minutes=15)
GATEWAY = "test"
NUMBER, OTHER = "+77015550101", "+77015550102"
FAST = Rate(1e6, 10**6)
SEAL = Seal(b"k" * 32)


def told(state: State | None, gateway_id: str = "g", number: str = NUMBER) -> DeliveryReport:
    return DeliveryReport(gateway_id, state, number)


async def put(
    outbox: Outbox, key: str, number: str = NUMBER, kind: MessageKind = MessageKind.REPLY
) -> PutResult:
    return await outbox.put(Outgoing(key, number, f"text of {key}", kind, SOON), NOW)


async def claim(outbox: Outbox, queue: Queue = Queue.REPLIES, worker: str = "w") -> list[Claimed]:
    claimed = await outbox.claim(queue, worker, 100)
    return claimed or await outbox.claim(queue, worker, 100)  # the first may have made the group


async def begin(outbox: Outbox, claimed: list[Claimed], now: datetime = NOW) -> list[Sending]:
    begun = await outbox.begin(claimed, "w", FAST, [GATEWAY], now)
    assert not isinstance(begun, Wait)
    return begun


async def brought_to(outbox: Outbox, state: State, key: str = "k", gateway_id: str = "g") -> None:
    """A message that the sender has settled so."""
    await put(outbox, key)
    claimed = await claim(outbox)
    await begin(outbox, claimed)
    id_ = gateway_id if state is State.ACCEPTED else ""
    await outbox.settle([Outcome(claimed[0], state, gateway_id=id_)], NOW)


async def chosen_by(
    outbox: Outbox, act: Act, choices: Iterable[str] = (), now: datetime = NOW
) -> list[str]:
    """What an act chooses, by the reply that is queued for it."""
    key, soon = uuid4().hex, now + timedelta(minutes=15)
    each = {name: Outgoing(key, NUMBER, name, MessageKind.REPLY, soon) for name in choices}
    await outbox.put_chosen(key, act, each, now)
    return [each.text for each in await outbox.peek(await claim(outbox))]
