"""Messages that must be sent: kept in Redis, each sent at most once, counted by day."""

from sms.outbox.counts import (
    CAPPED,
    COUNTS_SECONDS,
    MOST_SEGMENTS,
    OTHER_TROUBLE,
    SETTLED_DAYS,
    TROUBLES,
    UNDER_WAY,
    counts_key,
)
from sms.outbox.messages import Kind, Outgoing, Queue
from sms.outbox.outbox import Caps, Outbox, PutResult
from sms.outbox.scripts import GROUP
from sms.outbox.status import OutboxState, outbox_state

__all__ = [
    "CAPPED",
    "COUNTS_SECONDS",
    "GROUP",
    "MOST_SEGMENTS",
    "OTHER_TROUBLE",
    "SETTLED_DAYS",
    "TROUBLES",
    "UNDER_WAY",
    "Caps",
    "Kind",
    "Outbox",
    "OutboxState",
    "Outgoing",
    "PutResult",
    "Queue",
    "counts_key",
    "outbox_state",
]
