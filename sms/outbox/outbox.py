"""The outbox: every text that we owe somebody, until it is known what became of it.

Never texted twice comes before never lost, and that before never late.  So a
message is `sending` in Redis before a gateway hears of it, and one that may
have left is never sent again (`sms/states.py`).  What `sms/outbox/worker.py` does with
the outbox, any number of workers on any number of machines may do at once.

Redis holds, each with a time to live:

    sms:key:KEYED       the message that a request led to; it is empty where nothing
                        was sent; repeated requests end here                     48 h
    sms:message:ID      state, entry, kind, gateway, numbers and text (sealed),
                        indexes; `apart`: a letter at the place of each person
                        who is in another state than the rest; while queued until
                        expiry and 23 h, then see `scripts.KEEP_SECONDS`
    sms:queue:QUEUE     stream; an entry names a message and, of a batch, for how
                        many it is; the message names its entry: an entry that is
                        not named is void                                      7 days
    sms:later           messages to be tried again, by time                    7 days
    sms:cap:…, sms:alarm:…, sms:bucket:GATEWAY   counts against the caps; alarms
                        given; the rate that all workers share        2 min to 48 h
    sms:gateway:GATEWAY:GID   the message that the gateway calls so              48 h
    sms:set-aside       how many could not be read, and were taken out of the way  7 days
    sms:unsettled:GATEWAY:INDEX, sms:early:GATEWAY:GID, sms:early-of:GATEWAY:INDEX
                        messages without a report, reports without a
                        message                                            48 h, 24 h
    sms:counts:…, sms:counted:…   see `sms/outbox/counts.py`           400 days, 25 h
    sms:forgotten:KEYED   see `sms/outbox/forgetting.py`                         48 h

Without acknowledged writes surviving a crash of Redis (`appendfsync always`) a
text could be sent twice.  The client must not retry by itself.
"""

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Any, TypeVar, cast
from uuid import uuid4

from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import ResponseError

from runtime.encryption import Seal
from runtime.msisdn import is_msisdn
from runtime.partitions import WHOLE, Partition, Partitions, partitions_on
from runtime.redis_client import REDIS_ERRORS
from runtime.replication import ReplicatedScripts
from runtime.settings import SIMULATOR
from sms.gateways import DeliveryReport, GatewayError
from sms.outbox import scripts
from sms.outbox.counts import day_of
from sms.outbox.messages import Batch, MessageCodec, Outgoing, Queue, Sealed
from sms.outbox.service_caps import ServiceCaps
from sms.states import State

PUT_AT_ONCE = 100
SAMPLE = 500
"""Entries of a queue by which the number of its messages is estimated."""
LOOK_SECONDS = 0.4
"""How long a worker that found nothing waits before it looks into all queues of a cluster again."""
EVERYBODY = "return {}"
"""Nobody has stopped anything."""
NAMELESS = "an entry names no message"

LONGEST_RETRY_DELAY = timedelta(minutes=1)
"""No worker puts a message off for longer."""

T = TypeVar("T")

_STATES = {state[0]: state for state in State}

log = logging.getLogger(__name__)


class PutResult(StrEnum):
    """What became of a message that was put.  `REFUSED`: its number is none that we may
    text.  `NOTHING`: the act chose none.
    """

    QUEUED = "queued"
    ALREADY = "already"
    CAPPED = "capped"
    REFUSED = "refused"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Act:
    """What happens in one step with the message that answers it, or not at all.

    `lua`: the body of a function of the table `args`.  It returns the name of the message to
    queue, or nil for none; for a batch, a function of `args` and `places` of people, which says at
    whose places it is to be sent.  Redis keeps each text of it, so it is one of few.
    """

    lua: str
    args: Mapping[
        str, str | float | Mapping[str, bool] | Sequence[str] | Sequence[Sequence[str]]
    ] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BatchPut:
    """Of how many people a batch was queued, and for how many not, over the day's cap."""

    queued: int
    held_back: int


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that is queued.  A series counts only against its own cap a day.

    `new_numbers_share`: of the replies, at most so many to numbers that were texted neither on
    that day nor on the day before.  `reserve_share`: so many more for words of danger, and as
    many for what was agreed to on a screen.
    """

    replies_a_number: int = 3
    number_seconds: int = 600
    replies_a_minute: int = 60
    replies_a_day: int = 10_000
    series_a_day: int = 200_000
    new_numbers_share: float = 0.5
    reserve_share: float = 0.5


@dataclass(frozen=True, slots=True)
class Claimed:
    """An entry that a worker holds.  It may send only what it has begun.

    `claim` tells it from the same entry, claimed once more.
    """

    queue: Queue
    entry: str
    id: str
    partition: Partition = WHOLE
    claim: str = field(default_factory=lambda: uuid4().hex)


@dataclass(frozen=True, slots=True)
class Sending:
    """A message in state `sending`, for the worker that began it and no other.

    `to`: the numbers that are to get it, by their places; they or `text` are empty when that
    cannot be opened: the data key was changed.  `size`: how many places there are.
    """

    claimed: Claimed
    gateway: str
    to: Mapping[int, str]
    text: str
    attempts: int
    expires_at: datetime
    size: int = 1

    def name(self, place: int) -> str:
        """What we call the message of this person."""
        return f"{self.claimed.id}.{place}" if self.size > 1 else self.claimed.id


@dataclass(frozen=True, slots=True)
class Wait:
    """The gateway's rate is used up for so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a claimed message, for the person at a place; None: for all who are not
    named by another outcome.  `error`: of the gateway, where it was one.  `due`: when to try
    again, if `QUEUED`, and then `msisdn`: the numbers of the others are dropped.
    """

    claimed: Claimed
    state: State
    why: str = ""
    error: GatewayError | None = None
    gateway_id: str = ""
    due: datetime | None = None
    place: int | None = None
    msisdn: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """Calls a second of all workers together, and how many at once after a rest."""

    calls: float = 10.0
    burst: int = 10


class Outbox:
    """Messages in Redis.  Every method raises `RedisError` when Redis does not answer,
    and may then be called again: what it did is not done twice.

    What is acknowledged to a gateway, and what is about to be sent, `replicas` replicas have.
    `unwanted`: of a series, the body of a Lua function of a list of `indexes`, which says at
    the place of each whether that person has said stop; asked in the step that begins a message.
    `partitions`: those of the Redis, unless others are given.
    """

    def __init__(  # noqa: PLR0913
        self,
        redis: Redis,
        seal: Seal,
        caps: Caps = Caps(),
        prefixes: Sequence[str] = ("+7",),
        replicas: int = 0,
        *,
        unwanted: str = EVERYBODY,
        partitions: Partitions | None = None,
    ) -> None:
        self._redis = redis
        self._seal = seal
        self.partitions = partitions or partitions_on(redis)
        self._turns = count()
        self._service = ServiceCaps(redis, self.partitions.shared, json.dumps(asdict(caps)))
        self._replicated = ReplicatedScripts(redis, replicas)
        self._codec = MessageCodec(seal)
        self._caps = json.dumps(asdict(caps))
        self._prefixes = tuple(prefixes)
        self._acts: dict[str, AsyncScript] = {}
        self._put = redis.register_script(scripts.PUT)
        self._begin = redis.register_script(scripts.begin(unwanted))
        self._settle = redis.register_script(scripts.SETTLE)
        self._requeue = redis.register_script(scripts.REQUEUE_DUE)
        self._reclaim = redis.register_script(scripts.RECLAIM)
        self._set_entries_aside = redis.register_script(scripts.SET_ENTRIES_ASIDE)
        self._count_set_aside = redis.register_script(scripts.COUNT_SET_ASIDE)
        self._open = redis.register_script(scripts.OPEN)
        self._report = redis.register_script(scripts.REPORT)

    # --- For those who owe a text

    async def put(self, message: Outgoing, now: datetime) -> PutResult:
        """Queue one text; see `put_all`."""
        [answer] = await self.put_all([message], now)
        return answer

    async def put_all(self, messages: Sequence[Outgoing], now: datetime) -> list[PutResult]:
        """Queue texts, durably when this returns; one answer for each, in their order."""
        answers = [
            PutResult.QUEUED if self.allows(each.msisdn) else PutResult.REFUSED for each in messages
        ]
        allowed = [place for place, answer in enumerate(answers) if answer is PutResult.QUEUED]
        for partition, places in self._by_partition(messages, allowed).items():
            for some in _batches(places, PUT_AT_ONCE):
                said = await self._put_in(partition, [messages[place] for place in some], now)
                for place, answer in zip(some, said, strict=True):
                    answers[place] = _put_result(answer)
        return answers

    async def _put_in(
        self, partition: Partition, messages: Sequence[Outgoing], now: datetime
    ) -> list[str]:
        sealed = [self._codec.seal(each, now, partition) for each in messages]
        taken = [] if self.partitions.one else await self._service.take(partition, sealed, now)
        args = [now.timestamp(), self._caps, *map(json.dumps, sealed)]
        said: list[str] = await self._replicated.run(self._put, args, partition)
        for slots, answer in zip(taken, said, strict=bool(taken)):
            if answer != PutResult.QUEUED:
                await self._service.give_back(slots)
        return said

    def _by_partition(
        self, messages: Sequence[Outgoing], places: list[int]
    ) -> Mapping[Partition, list[int]]:
        if self.partitions.one:
            return {WHOLE: places}
        found: defaultdict[Partition, list[int]] = defaultdict(list)
        for place in places:
            found[self.partitions.of(self._seal, messages[place].msisdn)].append(place)
        return found

    async def put_chosen(
        self, key: str, act: Act, choices: Mapping[str, Outgoing], now: datetime, whose: str = ""
    ) -> PutResult:
        """Act, and queue the message that the act chooses, both or neither.

        A key is used up by this, also where nothing was queued.  `choices`: all for one number;
        where there are none, `whose` act it is.  Raises `ValueError` where nobody is named.
        """
        if not all(self.allows(each.msisdn) for each in choices.values()):
            return PutResult.REFUSED
        whose = next((each.msisdn for each in choices.values()), whose)
        if not (whose or self.partitions.one):
            raise ValueError("a partition follows from a number")
        partition = self.partitions.of(self._seal, whose)
        messages = {name: self._codec.seal(each, now, partition) for name, each in choices.items()}
        slots = [] if self.partitions.one else await self._take_one(partition, messages, now)
        keys = self._codec.indexes_of_key(key)
        tables = (json.dumps(each) for each in (keys, messages, act.args))
        args = [now.timestamp(), self._caps, *tables]
        run = self._script(scripts.put_chosen(act.lua))
        answer = await self._replicated.run(run, args, partition)
        if slots and answer != PutResult.QUEUED:
            await self._service.give_back(slots)
        return _put_result(answer)

    async def _take_one(
        self, partition: Partition, choices: Mapping[str, Sealed], now: datetime
    ) -> list[str]:
        """For whichever is chosen: they are for one number, and count alike."""
        messages = [*choices.values()]
        if not messages:
            return []
        [slots] = await self._service.take(partition, messages[:1], now)
        for each in messages[1:]:
            each["told"] = messages[0]["told"]
        return slots

    async def put_batch(self, batch: Batch, act: Act, now: datetime) -> BatchPut:
        """Act for the people of a batch, and queue it for those whom the act says, both or
        neither.  They are all of one partition.  The act must say of nobody twice that they are to
        get it.  Raises `ValueError` where one of the numbers is none that we may text, or is there
        twice.
        """
        if not all(self.allows(each) for each in batch.msisdns):
            raise ValueError("a number of a batch is none that we may text")
        if len(set(batch.msisdns)) < len(batch.msisdns):
            raise ValueError("a number is twice in a batch")
        sealed, cap, slot = self._codec.seal_batch(batch, now), "", ""
        if not self.partitions.one:
            sealed["room"], cap, slot = await self._service.take_many(len(batch.msisdns), now)
        run = self._script(scripts.put_batch(act.lua))
        args = [now.timestamp(), self._caps, json.dumps(sealed), json.dumps(act.args)]
        queued, held_back, met = await self._replicated.run(run, args, batch.partition)
        if slot:
            await self._service.give_back([slot], sealed["room"] - queued)
        if cap or met:
            _log_cap(cap or met)
        return BatchPut(queued, held_back)

    def _script(self, lua: str) -> AsyncScript:
        if lua not in self._acts:
            self._acts[lua] = self._redis.register_script(lua)
        return self._acts[lua]

    def allows(self, msisdn: str) -> bool:
        """Whether this is a number that we may text."""
        return is_msisdn(msisdn) and msisdn.startswith(self._prefixes)

    async def state_of(self, key: str) -> State | None:
        """Where the message that answers a request has come to; `None` when nothing is known
        of it, or nothing was sent.
        """
        return await self._state(*await self._id_of(key))

    async def fate_of(self, key: str) -> tuple[State, str]:
        """The state of a message that was just put, and why it is so, in words for a log."""
        partition, id_ = await self._id_of(key)
        message = partition.key(f"sms:message:{id_!s}")
        state, why = await self._redis.hmget(message, ["state", "why"])
        return State(str(state)), str(why or "")

    async def state_of_sent(self, gateway: str, message_id: str) -> State | None:
        """The same, of the message that a gateway calls so."""
        for partition in self.partitions.all:
            name = await self._redis.get(partition.key(f"sms:gateway:{gateway}:{message_id}"))
            if name is not None:
                return await self._state(partition, name)
        return None

    async def waiting(self) -> dict[Queue, int]:
        """How many messages wait in each queue or are being sent, each person's for one, also
        of who is forgotten meanwhile; in a queue of more than `SAMPLE` entries about so many.
        """
        return {queue: await self._waiting_in_all(queue) for queue in Queue}

    async def _waiting_in_all(self, queue: Queue) -> int:
        name = f"sms:queue:{queue}"
        return sum([await self._waiting(each.key(name)) for each in self.partitions.all])

    async def _waiting(self, stream: str) -> int:
        if not (entries := int(await self._redis.xlen(stream))):
            return 0
        found = cast(
            list[tuple[str, dict[str, str]]], await self._redis.xrange(stream, count=SAMPLE)
        )
        people = sum(int(fields.get("size", 1)) for _, fields in found)
        return people * max(entries, len(found)) // max(1, len(found))

    async def report(self, report: DeliveryReport, gateway: str, now: datetime) -> None:
        """Take a delivery report of a gateway: early, late, twice, out of order or of no
        message of ours.
        """
        if report.state is not None:
            msisdn, day = report.msisdn, day_of(now)
            indexes = self._codec.indexes_of(msisdn) if msisdn else []
            who = [self._codec.index_of_day(each, msisdn) for each in (day, day - 1)]
            told = gateway, report.message_id, report.state, now.timestamp()
            for partition in self._partitions_of(report):
                keys = [partition.key(each) for each in self._codec.forgotten_keys(msisdn)]
                args = [*told, json.dumps(indexes), json.dumps(keys), day, *who]
                await self._replicated.run(self._report, args, partition)

    def _partitions_of(self, report: DeliveryReport) -> Sequence[Partition]:
        """Where its message may be: where it names neither the number nor ours, in any."""
        if report.msisdn:
            return [self.partitions.of(self._seal, report.msisdn)]
        named = self.partitions.of_name(report.message_id)
        return [named] if named else self.partitions.all

    # --- For the worker

    async def claim(
        self, queue: Queue, worker: str, most: int, block_ms: int | None = None
    ) -> list[Claimed]:
        """Up to `most` entries that no worker has had.  `block_ms`: wait for the first; on a
        cluster, until it is time to look again.
        """
        if self.partitions.one:
            return await self._claim_in(WHOLE, queue, worker, most, block_ms)
        found: list[Claimed] = []
        for partition in await self._where_some_are(queue):
            if room := most - len(found):
                try:
                    found += await self._claim_in(partition, queue, worker, room)
                except REDIS_ERRORS:
                    if not found:
                        raise
        if not found and block_ms:
            await asyncio.sleep(LOOK_SECONDS)
        return found

    async def _where_some_are(self, queue: Queue) -> list[Partition]:
        """Partitions whose queue is not empty, each time another one first; that one always, so
        that a worker which finds nothing is seen.
        """
        first, *others = self.partitions.from_turn(next(self._turns))
        pipe = self._redis.pipeline(transaction=False)
        for each in others:
            pipe.xlen(each.key(f"sms:queue:{queue}"))
        lengths = await pipe.execute()
        return [first, *(each for each, many in zip(others, lengths, strict=True) if many)]

    async def _claim_in(
        self,
        partition: Partition,
        queue: Queue,
        worker: str,
        most: int,
        block_ms: int | None = None,
    ) -> list[Claimed]:
        stream = partition.key(f"sms:queue:{queue}")
        try:
            answer = await self._redis.xreadgroup(
                scripts.GROUP, worker, {stream: ">"}, count=most, block=block_ms
            )
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            # a new server, or one that lost everything
            await self._open(keys=partition.declared, args=[queue])
            return []
        entries = _entries(answer)
        if nameless := [entry for entry, fields in entries if "id" not in fields]:
            args = [queue, NAMELESS, *nameless]
            _alarm(await self._set_entries_aside(keys=partition.declared, args=args))
        return [
            Claimed(queue, entry, held["id"], partition) for entry, held in entries if "id" in held
        ]

    async def begin(
        self,
        claimed: Claimed,
        worker: str,
        rate: Rate,
        gateways: Sequence[str],
        now: datetime,
    ) -> Sending | Wait | None:
        """Write `sending` if the message may be sent now, as one call to one gateway.

        None, if it has expired, was dealt with by another worker, or nobody wants it any more;
        who of a batch does not is left out.  A message leaves
        by its own gateway; by the first of `gateways`, which are set up, where its own is not
        among them; what was asked for in the simulator, by no other.  A call for a series
        leaves one token of the gateway's rate to a reply.
        """
        queue, entry, id_ = claimed.queue, claimed.entry, claimed.id
        need = min(rate.burst, 1 if queue is Queue.REPLIES else 2)
        bucket = now.timestamp(), rate.calls, rate.burst, need
        args = [queue, worker, json.dumps(gateways), *bucket, entry, id_, claimed.claim]
        if not self.partitions.one:
            if seconds := await self._wait_for_token(claimed, gateways, rate, need):
                return Wait(seconds)
            args.append("paid")
        seconds, alarms, *begun = await self._replicated.run(self._begin, args, claimed.partition)
        _alarm(alarms)
        if float(seconds) > 0:
            return Wait(float(seconds))
        return self._sending(claimed, *begun[0]) if begun and begun[0] else None

    async def _wait_for_token(
        self, claimed: Claimed, gateways: Sequence[str], rate: Rate, need: int
    ) -> float:
        """Take one of the gateway by which the message may leave, if by any."""
        message = claimed.partition.key(f"sms:message:{claimed.id}")
        own = str(await self._redis.hget(message, "gateway") or "")
        way = own if own in gateways else next(iter(gateways), "")
        if not way or (own == SIMULATOR and way != own):
            return 0.0
        return await self._service.take_token(way, rate.calls, rate.burst, need)

    async def settle(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        """Write what became of claimed messages, all of one queue and partition."""
        of: defaultdict[Claimed, list[Outcome]] = defaultdict(list)
        for outcome in outcomes:
            of[outcome.claimed].append(outcome)
        if outcomes:
            parts = [part for each in of.items() for part in self._settle_args(*each, now)]
            first = outcomes[0].claimed
            args: list[Any] = [first.queue, now.timestamp(), *parts]
            _alarm(await self._settle(keys=first.partition.declared, args=args))

    async def count_set_aside(self, why: str, many: int) -> None:
        """Messages that were settled because they cannot be opened."""
        if many:
            keys = self.partitions.shared.declared
            _alarm(await self._count_set_aside(keys=keys, args=[why, many]))

    async def set_aside_count(self) -> int:
        """How many could not be read, within the last days."""
        places = {*self.partitions.all, self.partitions.shared}
        keys = [each.key(scripts.SET_ASIDE) for each in places]
        return sum([int(await self._redis.get(key) or 0) for key in keys])

    async def requeue_due(self, now: datetime) -> None:
        """Queue again what was to be tried again by now.

        What is to be tried more than `LONGEST_RETRY_DELAY` from now is so by a clock that was
        put back since, and is queued too.
        """
        for partition in self.partitions.all:
            await self._requeue_due_in(partition, now)

    async def _requeue_due_in(self, partition: Partition, now: datetime) -> None:
        many, later = 200, now + LONGEST_RETRY_DELAY
        args: list[Any] = [now.timestamp(), many, later.timestamp()]
        while many:
            many, alarms = await self._requeue(keys=partition.declared, args=args)
            _alarm(alarms)

    async def reclaim(
        self,
        queue: Queue,
        worker: str,
        lease_ms: int,
        now: datetime,
        partitions: Sequence[Partition] | None = None,
    ) -> int:
        """Settle in these partitions, or in all, what a worker has held for longer than
        `lease_ms`: it is dead.

        What it was sending becomes `unknown`; what it only held is queued again.
        What was only held, by worker after worker, is set aside.  Returns how many became
        unknown.
        """
        args = queue, worker, now.timestamp(), lease_ms
        some = self.partitions.all if partitions is None else partitions
        return sum([await self._reclaim_in(each, args) for each in some])

    async def _reclaim_in(self, partition: Partition, args: tuple[Queue, str, float, int]) -> int:
        keys = partition.declared
        await self._open(keys=keys, args=[args[0]])
        unknown, start = 0, "0-0"
        while start:
            start, orphans, _queued, alarms = await self._reclaim(keys=keys, args=[*args, start])
            _alarm(alarms)
            unknown += int(orphans)
            start = "" if start == "0-0" else start
        return unknown

    # --- Inside

    async def _id_of(self, key: str) -> tuple[Partition, object]:
        """Of the message that a key led to, if to any; and where it is."""
        indexes = self._codec.indexes_of_key(key)
        for partition in self.partitions.all:
            found = await self._redis.mget([partition.key(f"sms:key:{each}") for each in indexes])
            for name in found:
                if name is not None:
                    return partition, name
        return WHOLE, None

    async def _state(self, partition: Partition, name: object) -> State | None:
        id_, _, place = str(name).partition(".")
        message = partition.key(f"sms:message:{id_}")
        state, apart = await self._redis.hmget(message, ["state", "apart"])
        own = own_state(apart, int(place or 1))
        return own or (State(str(state)) if state else None)

    def _sending(self, claimed: Claimed, gateway: str, *fields: str) -> Sending:
        to, text, attempts, expires, apart = fields
        numbers = self._codec.open_numbers(to, claimed.id)
        return Sending(
            claimed=claimed,
            gateway=gateway,
            to={place: each for place, each in numbers.items() if not own_state(apart, place)},
            text=self._codec.open(text, claimed.id, "text"),
            attempts=int(attempts),
            expires_at=datetime.fromtimestamp(float(expires), UTC),
            size=len(apart),
        )

    def _settle_args(
        self, claimed: Claimed, outcomes: Sequence[Outcome], now: datetime
    ) -> Iterator[str]:
        again = [each for each in outcomes if each.state is State.QUEUED]
        said: dict[str, Any] = {
            "moves": [
                {"state": state, "why": why, "names": [e.gateway_id for e in some], **_places(some)}
                for (state, why), some in _by_state(outcomes).items()
            ],
            "errors": [
                {"error": error, **_places([each for each in outcomes if each.error is error])}
                for error in {each.error for each in outcomes if each.error}
            ],
        }
        if again:
            due = min(each.due or now for each in again).timestamp()
            said["later"] = {"due": due, "why": again[0].why, **_places(again)}
            numbers = {each.place: each.msisdn for each in again if each.place and each.msisdn}
            if numbers:
                said["later"]["to"] = self._codec.seal_numbers(numbers, claimed.id)
        yield from (claimed.entry, claimed.id, json.dumps(said))


def _put_result(answer: str) -> PutResult:
    """One clear line when a cap of the whole service is first met, at most each hour."""
    if answer.startswith("alarm:"):
        _log_cap(answer.removeprefix("alarm:"))
        return PutResult.CAPPED
    return PutResult(answer)


def _log_cap(cap: str) -> None:
    log.error("outbox: the cap of %s is reached; further SMS are not sent", cap)


def own_state(apart: Any, place: int) -> State | None:
    """Of a person who is apart from the rest of a message."""
    return _STATES.get(str(apart or "")[place - 1 : place])


def _alarm(whys: Iterable[str]) -> None:
    """One line for a reason, at most each hour; the page of health counts."""
    for why in whys:
        log.error("outbox: set aside, further ones are counted on the page of health: %s", why)


def _entries(answer: Any) -> list[tuple[str, dict[str, str]]]:
    """The entries of one stream; redis-py gives a list or, in RESP3, a dict of lists."""
    if not answer:
        return []
    if isinstance(answer, dict):
        [batches] = answer.values()
        return [pair for batch in batches for pair in (batch if batch else ())]
    [(_stream, entries)] = answer
    return cast(list[tuple[str, dict[str, str]]], entries)


def _by_state(outcomes: Sequence[Outcome]) -> dict[tuple[State, str], list[Outcome]]:
    """Those that are not tried again; the most come last, as the rest, unless some are."""
    found: dict[tuple[State, str], list[Outcome]] = {}
    for each in outcomes:
        if each.state is not State.QUEUED:
            found.setdefault((each.state, each.why), []).append(each)
    return dict(sorted(found.items(), key=lambda some: len(some[1])))


def _places(outcomes: Sequence[Outcome]) -> dict[str, list[int]]:
    """None are named where they are all."""
    places = [each.place for each in outcomes if each.place]
    return {"places": places} if len(places) == len(outcomes) else {}


def _batches(whole: Sequence[T], size: int) -> list[Sequence[T]]:
    return [whole[start : start + size] for start in range(0, len(whole), size)]
