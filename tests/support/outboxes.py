"""An outbox and what its tests do with it, in one line each."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from redis.asyncio import Redis

from runtime.encryption import INDEX_DIGITS, Seal
from sms.gateways.port import DeliveryReport
from sms.outbox.messages import Batch, MessageKind, Outgoing, Queue
from sms.outbox.outbox import (
    Act,
    BatchPut,
    Claimed,
    Outbox,
    Outcome,
    PutResult,
    Rate,
    Sending,
    own_state,
)
from sms.states import State

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SOON = NOW + timedelta(minutes=15)
GATEWAY = "test"
NUMBER, OTHER = "+77015550101", "+77015550102"
FAST = Rate(1e6, 10**6)
SEAL = Seal(b"k" * 32)
EVERYBODY = Act("local all = {} for _, place in ipairs(places) do all[place] = true end return all")


def told(state: State | None, gateway_id: str = "g", number: str = NUMBER) -> DeliveryReport:
    return DeliveryReport(gateway_id, state, number)


async def put(
    outbox: Outbox, key: str, number: str = NUMBER, kind: MessageKind = MessageKind.REPLY
) -> PutResult:
    return await outbox.put(Outgoing(key, number, f"text of {key}", kind, SOON), NOW)


async def put_batch(
    outbox: Outbox,
    numbers: Sequence[str],
    now: datetime = NOW,
    *,
    lasts: timedelta = timedelta(minutes=15),
    seal: Seal = SEAL,
) -> BatchPut:
    """A tip for all of them, whoever they are."""
    keys, indexes = tuple(numbers), tuple(seal.index(each) for each in numbers)
    batch = Batch(tuple(numbers), indexes, keys, "Tip 1.", now + lasts, GATEWAY)
    return await outbox.put_batch(batch, EVERYBODY, now)


async def states(redis: Redis) -> dict[str, list[State]]:
    """Of all messages that Redis knows, by the indexes of their numbers."""
    found = defaultdict[str, list[State]](list)
    keys = [key async for key in redis.scan_iter("sms:message:*", count=1000)]
    pipe = redis.pipeline(transaction=False)
    for key in keys:
        pipe.hmget(key, ["index", "state", "apart"])
    for indexes, state, apart in await pipe.execute():
        for n in range(len(indexes or "") // INDEX_DIGITS):
            index = indexes[n * INDEX_DIGITS : (n + 1) * INDEX_DIGITS]
            found[index].append(own_state(apart, n + 1) or State(state))
    return found


async def claim(outbox: Outbox, queue: Queue = Queue.REPLIES, worker: str = "w") -> list[Claimed]:
    claimed = await outbox.claim(queue, worker, 100)
    return claimed or await outbox.claim(queue, worker, 100)  # the first may have made the group


async def begin(outbox: Outbox, claimed: list[Claimed], now: datetime = NOW) -> list[Sending]:
    begun = [await outbox.begin(each, "w", FAST, [GATEWAY], now) for each in claimed]
    return [each for each in begun if isinstance(each, Sending)]


async def settle(outbox: Outbox, begun: Sending, *ends: State, now: datetime = NOW) -> None:
    """How it ended for each place, in their order."""
    outcomes = [
        Outcome(
            begun.claimed,
            end,
            gateway_id=f"g{place}" if end is State.ACCEPTED else "",
            due=now,
            place=place,
            msisdn=begun.to[place],
        )
        for place, end in zip(begun.to, ends, strict=True)
    ]
    await outbox.settle(outcomes, now)


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
    return [each.text for each in await begin(outbox, await claim(outbox), now)]
