"""One text for one number, and how Redis holds it: sealed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import uuid4

from runtime.encryption import CannotOpen, Seal
from sms.encoding import measure
from sms.outbox.counts import day_of, start_of

KEY_SECONDS = 48 * 3600
"""How long a request is recognised; gateways repeat a callback for up to 24 h."""
UNCLAIMED_SECONDS = 23 * 3600
"""After its expiry, the most that a message which no worker claimed is kept."""


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


class MessageCodec:
    """Seals outgoing texts into messages, and opens them again."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def indexes_of_key(self, key: str) -> list[str]:
        """What stands for a key in the names of Redis, and may have stood for it before."""
        return self._seal.indexes(f"key {key}")

    def seal(self, outgoing: Outgoing, now: datetime) -> dict[str, str | float | list[str]]:
        """A new message, as the scripts of the outbox take it."""
        id_, day = uuid4().hex, day_of(now)
        left = max(0, int((outgoing.expires_at - now).total_seconds()))
        return {
            "id": id_,
            "keys": self.indexes_of_key(outgoing.key),
            "to": self._seal.seal(outgoing.msisdn, f"{id_} to"),
            "text": self._seal.seal(outgoing.text, f"{id_} text"),
            "index": self._seal.index(outgoing.msisdn),
            "indexes": self.indexes_of(outgoing.msisdn),
            "queue": Queue.SERIES if outgoing.kind is MessageKind.SERIES else Queue.REPLIES,
            "gateway": outgoing.gateway,
            "urgent": outgoing.kind is MessageKind.EMERGENCY,
            "kind": outgoing.kind,
            "segments": measure(outgoing.text).segments,
            "day": day,
            "who": self.index_of_day(day, outgoing.msisdn),
            "who_before": self.index_of_day(day - 1, outgoing.msisdn),
            "reserve": outgoing.reserve,
            "expires": outgoing.expires_at.timestamp(),
            "seconds": left + UNCLAIMED_SECONDS,
            "key_seconds": max(KEY_SECONDS, left + UNCLAIMED_SECONDS),
        }

    def indexes_of(self, msisdn: str) -> list[str]:
        """By which messages to a number are found; they are put under the first."""
        return self._seal.indexes(msisdn)

    def index_of_day(self, day: int, msisdn: str) -> str:
        """By which a number is counted on a day, whichever data key is used later."""
        return self._seal.index(f"recipient {day} {msisdn}", start_of(day))

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
