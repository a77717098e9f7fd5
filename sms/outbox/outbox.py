"""The outbox: every text that we owe somebody, until it is known what became of it.

Never texted twice comes before never lost, and that before never late.  So a
message is `sending` in Redis before a gateway hears of it, and one that may
have left is never sent again (`sms/states.py`).  What `sms/outbox/worker.py` does with
the outbox, any number of workers on any number of machines may do at once.

Redis holds, each with a time to live:

    sms:key:KEYED       the message that a wish led to; repeated wishes end here    48 h
    sms:message:ID      state, entry, kind, number and text (sealed), index          see
                        `outbox_lua.KEEP_SECONDS`; while queued until expiry and 23 h
    sms:queue:LANE      stream; an entry names a message, and the message names
                        its entry: an entry that is not named is void              7 days
    sms:later           messages to be tried again, by time                        7 days
    sms:cap:…, sms:alarm:…, sms:bucket   counts against the caps; alarms given;
                        the rate that all workers share                 2 min to 48 h
    sms:gateway:GID     the message that the gateway calls so                        48 h
    sms:unsettled:INDEX, sms:early:GID, sms:early-of:INDEX   messages without a
                        report, reports without a message                    48 h, 24 h
    sms:counts:…, sms:counted:…   see `sms/outbox/counts.py`                 400 days, 25 h

Without acknowledged writes surviving a crash of Redis (`appendfsync always`) a
text could be sent twice.  The client must not retry by itself.
"""

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar, cast

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from runtime.encryption import Seal
from runtime.msisdn import is_msisdn
from sms.gateways import DeliveryReport
from sms.outbox import scripts as outbox_lua
from sms.outbox.counts import trouble_of
from sms.outbox.messages import Kind, Lane, MessageCodec, Outgoing
from sms.states import State

PUT_AT_ONCE = 100

T = TypeVar("T")

log = logging.getLogger(__name__)


class Put(StrEnum):
    """What became of a letter.  `REFUSED`: its number is none that we may text."""

    QUEUED = "queued"
    ALREADY = "already"
    CAPPED = "capped"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that is queued.  A series counts only against its own cap a day."""

    replies_a_number: int = 3
    number_seconds: int = 600
    replies_a_minute: int = 60
    replies_a_day: int = 10_000
    series_a_day: int = 200_000


@dataclass(frozen=True, slots=True)
class Claimed:
    """An entry that a worker holds.  It may send only what it has begun."""

    lane: Lane
    entry: str
    id: str


@dataclass(frozen=True, slots=True)
class Sending:
    """A message in state `sending`, for the worker that began it and no other.

    `msisdn` is empty when it cannot be opened: the data key was changed.
    """

    taken: Claimed
    msisdn: str
    text: str
    attempts: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Wait:
    """The gateway's rate is used up for so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a taken message.  `due`: when to try again, if `QUEUED`."""

    taken: Claimed
    state: State
    why: str = ""
    gateway_id: str = ""
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """Calls a second of all workers together, and how many at once after a rest."""

    calls: float = 10.0
    burst: int = 10


class Outbox:
    """Messages in Redis.  Every method raises `RedisError` when Redis does not answer,
    and may then be called again: what it did is not done twice.
    """

    def __init__(
        self, redis: Redis, seal: Seal, caps: Caps = Caps(), prefixes: Sequence[str] = ("+7",)
    ) -> None:
        self._redis = redis
        self._envelopes = MessageCodec(seal)
        self._caps = json.dumps(asdict(caps))
        self._prefixes = tuple(prefixes)
        self._scripts = {
            name: redis.register_script(getattr(outbox_lua, name))
            for name in ("PUT", "BEGIN", "SETTLE", "DUE", "RECLAIM", "OPEN", "REPORT")
        }

    # --- For those who owe a text

    async def put(  # noqa: PLR0913, PLR0917
        self, key: str, msisdn: str, text: str, kind: Kind, now: datetime, expires_at: datetime
    ) -> Put:
        """Queue one text; see `put_all`."""
        [answer] = await self.put_all([Outgoing(key, msisdn, text, kind, expires_at)], now)
        return answer

    async def put_all(self, letters: Sequence[Outgoing], now: datetime) -> list[Put]:
        """Queue texts, durably when this returns; one answer for each, in their order."""
        answers = [Put.QUEUED if self.allows(each.msisdn) else Put.REFUSED for each in letters]
        allowed = [place for place, answer in enumerate(answers) if answer is Put.QUEUED]
        for some in _parts(allowed, PUT_AT_ONCE):
            sealed = [self._envelopes.sealed(letters[place], now) for place in some]
            said = await self._run("PUT", now.timestamp(), self._caps, *sealed)
            for place, answer in zip(some, said, strict=True):
                answers[place] = _heard(answer)
        return answers

    def allows(self, msisdn: str) -> bool:
        """Whether this is a number that we may text."""
        return is_msisdn(msisdn) and msisdn.startswith(self._prefixes)

    async def state_of(self, key: str) -> State | None:
        """Where the message of a wish has come to; `None` when nothing is known of it."""
        return await self._state(await self._redis.get(self._envelopes.key_of(key)))

    async def state_of_sent(self, gateway_id: str) -> State | None:
        """The same, of the message that the gateway calls so."""
        return await self._state(await self._redis.get(f"sms:gateway:{gateway_id}"))

    async def waiting(self) -> dict[Lane, int]:
        """How many messages wait in each queue or are being sent."""
        return {lane: int(await self._redis.xlen(f"sms:queue:{lane}")) for lane in Lane}

    async def report(self, report: DeliveryReport, now: datetime) -> None:
        """Take a delivery report: early, late, twice, out of order or of no message of ours."""
        if report.state is not None:
            index = self._envelopes.index_of(report.msisdn) if report.msisdn else ""
            args = report.message_id, index, report.state, now.timestamp()
            await self._run("REPORT", *args)

    # --- For the worker

    async def take(
        self, lane: Lane, worker: str, most: int, block_ms: int | None = None
    ) -> list[Claimed]:
        """Up to `most` entries that no worker has had.  `block_ms`: wait for the first."""
        queue = f"sms:queue:{lane}"
        try:
            answer = await self._redis.xreadgroup(
                outbox_lua.GROUP, worker, {queue: ">"}, count=most, block=block_ms
            )
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            await self._run("OPEN", lane)  # a new server, or one that lost everything
            return []
        return [Claimed(lane, entry, fields["id"]) for entry, fields in _entries(answer)]

    async def peek(self, taken: Sequence[Claimed]) -> list[tuple[Claimed, str, str]]:
        """Each with the index of its number and its text, without beginning it."""
        pipe = self._redis.pipeline(transaction=False)
        for each in taken:
            pipe.hmget(f"sms:message:{each.id}", ["index", "text"])
        found = await pipe.execute()
        return [
            (each, index or "", self._envelopes.opened(text, each.id, "text"))
            for each, (index, text) in zip(taken, found, strict=True)
        ]

    async def begin(
        self, taken: Sequence[Claimed], worker: str, rate: Rate, now: datetime
    ) -> list[Sending] | Wait:
        """Write `sending` for those that may be sent now, as one call to the gateway.

        What has expired, or was dealt with by another worker, is left out.  A call
        for a series leaves one token of the rate to a reply.
        """
        lane = taken[0].lane
        need = min(rate.burst, 1 if lane is Lane.REPLIES else 2)
        pairs = [part for each in taken for part in (each.entry, each.id)]
        args = lane, worker, now.timestamp(), rate.calls, rate.burst, need, *pairs
        seconds, *rest = await self._run("BEGIN", *args)
        if float(seconds) > 0:
            return Wait(float(seconds))
        by_id = {each.id: each for each in taken}
        return [self._begun(by_id[part[0]], *part[1:]) for part in _parts(rest, 5)]

    async def settle(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        """Write what became of taken messages, all of one lane."""
        if outcomes:
            parts = [part for outcome in outcomes for part in _parts_of(outcome, now)]
            await self._run("SETTLE", outcomes[0].taken.lane, now.timestamp(), *parts)

    async def requeue_due(self, now: datetime) -> None:
        """Queue again what was to be tried again by now."""
        while await self._run("DUE", now.timestamp(), 200) == 200:
            pass

    async def reclaim(self, lane: Lane, worker: str, lease_ms: int, now: datetime) -> int:
        """Settle what a worker has held for longer than `lease_ms`: it is dead.

        What it was sending becomes `unknown`; what it only held is queued again.
        Returns how many became unknown.
        """
        await self._run("OPEN", lane)
        unknown, start = 0, "0-0"
        while start:
            args = lane, worker, now.timestamp(), lease_ms, start
            start, orphans, _queued = await self._run("RECLAIM", *args)
            unknown += int(orphans)
            start = "" if start == "0-0" else start
        return unknown

    # --- Inside

    async def _state(self, id_: object) -> State | None:
        state = await self._redis.hget(f"sms:message:{id_!s}", "state")
        return State(str(state)) if state else None

    async def _run(self, name: str, *args: Any) -> Any:
        return await self._scripts[name](args=[*args])

    def _begun(self, taken: Claimed, to: str, text: str, attempts: str, expires: str) -> Sending:
        to, text = (
            self._envelopes.opened(to, taken.id, "to"),
            self._envelopes.opened(text, taken.id, "text"),
        )
        return Sending(taken, to, text, int(attempts), datetime.fromtimestamp(float(expires), UTC))


def _heard(answer: str) -> Put:
    """One clear line when a cap of the whole service is first met, at most each hour."""
    if answer.startswith("alarm:"):
        cap = answer.removeprefix("alarm:")
        log.error("outbox: the cap of %s is reached; further SMS are not sent", cap)
        return Put.CAPPED
    return Put(answer)


def _entries(answer: Any) -> list[tuple[str, dict[str, str]]]:
    """The entries of one stream; redis-py gives a list or, in RESP3, a dict of lists."""
    if not answer:
        return []
    if isinstance(answer, dict):
        [batches] = answer.values()
        return [pair for batch in batches for pair in (batch if batch else ())]
    [(_stream, entries)] = answer
    return cast(list[tuple[str, dict[str, str]]], entries)


def _parts_of(outcome: Outcome, now: datetime) -> Iterable[str | float]:
    taken, due = outcome.taken, outcome.due or now
    yield from (taken.entry, taken.id, outcome.state, outcome.why)
    yield from (outcome.gateway_id, due.timestamp(), trouble_of(outcome.why))


def _parts(whole: Sequence[T], size: int) -> list[Sequence[T]]:
    return [whole[start : start + size] for start in range(0, len(whole), size)]
