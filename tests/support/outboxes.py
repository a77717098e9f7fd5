"""An outbox and what its tests do with it, in one line each."""

from datetime import UTC, datetime, timedelta

from runtime.encryption import Seal
from sms.gateways.gateway import DeliveryReport
from sms.outbox.messages import Kind, Lane
from sms.outbox.outbox import Claimed, Outbox, Outcome, Put, Rate, Sending, Wait
from sms.states import State

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SOON = NOW + timedelta(minutes=15)
NUMBER, OTHER = "+77015550101", "+77015550102"
FAST = Rate(1e6, 10**6)
SEAL = Seal(b"k" * 32)


def told(state: State | None, gateway_id: str = "g", number: str = NUMBER) -> DeliveryReport:
    return DeliveryReport(gateway_id, state, number)


async def put(outbox: Outbox, key: str, number: str = NUMBER, kind: Kind = Kind.REPLY) -> Put:
    return await outbox.put(key, number, f"text of {key}", kind, NOW, SOON)


async def take(outbox: Outbox, lane: Lane = Lane.REPLIES, worker: str = "w") -> list[Claimed]:
    taken = await outbox.take(lane, worker, 100)
    return taken or await outbox.take(lane, worker, 100)  # the first may have made the group


async def begin(outbox: Outbox, taken: list[Claimed], now: datetime = NOW) -> list[Sending]:
    begun = await outbox.begin(taken, "w", FAST, now)
    assert not isinstance(begun, Wait)
    return begun


async def brought_to(outbox: Outbox, state: State, key: str = "k", gateway_id: str = "g") -> None:
    """A message that the sender has settled so."""
    await put(outbox, key)
    taken = await take(outbox)
    await begin(outbox, taken)
    id_ = gateway_id if state is State.ACCEPTED else ""
    await outbox.settle([Outcome(taken[0], state, gateway_id=id_)], NOW)
