"""One text for one number, or for many, and how Redis holds it: sealed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

from runtime.encryption import INDEX_DIGITS, CannotOpen, Seal
from runtime.partitions import WHOLE, Partition
from sms.encoding import measure
from sms.outbox.counts import day_of, start_of

KEY_SECONDS = 48 * 3600
"""How long a request is recognised; gateways repeat a callback for up to 24 h."""
UNCLAIMED_SECONDS = 23 * 3600
"""After its expiry, the most that a message which no worker claimed is kept."""

BLANK = "-" * INDEX_DIGITS
"""In a batch, the index of a number that is not there."""


DANGER, AGREED = "words of danger", "agreed on a screen"
"""For what some replies are kept.  A flood of one keyword uses up neither."""


class MessageKind(StrEnum):
    """What a message is.  An emergency reply may exceed the cap of its number once."""

    REPLY = "reply"
    EMERGENCY = "emergency"
    SERIES = "series"


class Queue(StrEnum):
    """The queues.  Series wait until there is no reply."""

    REPLIES = "replies"
    SERIES = "series"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One text for one number.  `key` names the request that it answers: the same key, one
    message.  `gateway`: by which it is to leave; empty, by the first that is set up.
    `reserve`: the part of all replies that is kept for such ones, if one is.
    """

    key: str
    msisdn: str
    text: str
    kind: MessageKind
    expires_at: datetime
    gateway: str = ""
    reserve: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """One tip for up to a call of people, who are all different and of one partition.
    `indexes`: see `Seal.index`.  `former_keys`: as version 0.1.0 named the tip of each, where it
    may have queued that for them alone.
    """

    msisdns: tuple[str, ...]
    indexes: tuple[str, ...]
    former_keys: tuple[str, ...]
    text: str
    expires_at: datetime
    gateway: str = ""
    partition: Partition = WHOLE


Sealed = dict[str, Any]
"""A message as the scripts of the outbox take it."""


class MessageCodec:
    """Seals outgoing texts into messages, and opens them again."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def indexes_of_key(self, key: str) -> list[str]:
        """What stands for a key in the names of Redis, and may have stood for it before."""
        return self._seal.indexes(f"key {key}")

    def seal(self, outgoing: Outgoing, now: datetime, partition: Partition = WHOLE) -> Sealed:
        """A new message."""
        indexes = self.indexes_of(outgoing.msisdn)
        to = {outgoing.msisdn: indexes[0]}
        message = self._sealed(to, outgoing, outgoing.kind, partition, now)
        return {
            **message,
            "keys": self.indexes_of_key(outgoing.key),
            "indexes": indexes,
            "who_before": self.index_of_day(day_of(now) - 1, outgoing.msisdn),
            "reserve": outgoing.reserve,
            "urgent": outgoing.kind is MessageKind.EMERGENCY,
            "key_seconds": max(KEY_SECONDS, int(message["seconds"])),
        }

    def seal_batch(self, batch: Batch, now: datetime) -> Sealed:
        """The same, of a batch."""
        to = dict(zip(batch.msisdns, batch.indexes, strict=True))
        message = self._sealed(to, batch, MessageKind.SERIES, batch.partition, now)
        former = [self.indexes_of_key(key) if key else [] for key in batch.former_keys]
        return {**message, "former_keys": former}

    def _sealed(
        self,
        to: Mapping[str, str],
        what: Outgoing | Batch,
        kind: MessageKind,
        partition: Partition,
        now: datetime,
    ) -> Sealed:
        id_, day = partition.name(uuid4().hex), day_of(now)
        midnight = start_of(day)
        return {
            "id": id_,
            "to": self.seal_numbers(dict(enumerate(to, 1)), id_),
            "text": self._seal.seal(what.text, f"{id_} text"),
            "index": "".join(to.values()),
            "queue": Queue.SERIES if kind is MessageKind.SERIES else Queue.REPLIES,
            "gateway": what.gateway,
            "kind": kind,
            "segments": measure(what.text).segments,
            "day": day,
            "who": "".join(self._seal.index(_counted(day, each), midnight) for each in to),
            "expires": what.expires_at.timestamp(),
            "seconds": max(0, int((what.expires_at - now).total_seconds())) + UNCLAIMED_SECONDS,
        }

    def seal_numbers(self, numbers: Mapping[int, str], id_: str) -> str:
        """Those of a message, by their places, from 1."""
        places = range(1, max(numbers, default=0) + 1)
        return self._seal.seal(",".join(numbers.get(n, "") for n in places), f"{id_} to")

    def open_numbers(self, sealed: str | None, id_: str) -> dict[int, str]:
        """The same again; none when they cannot be opened."""
        numbers = self.open(sealed, id_, "to").split(",")
        return {place: number for place, number in enumerate(numbers, 1) if number}

    def indexes_of(self, msisdn: str) -> list[str]:
        """By which messages to a number are found; they are put under the first."""
        return self._seal.indexes(msisdn)

    def index_of_day(self, day: int, msisdn: str) -> str:
        """By which a number is counted on a day, whichever data key is used later."""
        return self._seal.index(_counted(day, msisdn), start_of(day))

    def forgotten_keys(self, msisdn: str) -> list[str]:
        """The keys, each of which says that a number was forgotten."""
        indexes = self._seal.indexes(f"forgotten {msisdn}")
        return [f"sms:forgotten:{index}" for index in indexes]

    def open(self, sealed: str | None, id_: str, what: str) -> str:
        """Empty when it cannot be opened: the data key was changed."""
        try:
            return self._seal.open(sealed or "", f"{id_} {what}")
        except CannotOpen:
            return ""


def _counted(day: int, msisdn: str) -> str:
    return f"recipient {day} {msisdn}"
