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
from sms.outbox.outbox import Act, Caps, Outbox, PutResult
from sms.outbox.scripts import GROUP
from sms.outbox.status import OutboxState, Worker, outbox_state
from sms.outbox.worker import run_worker

__all__ = [
    "CAPPED",
    "COUNTS_SECONDS",
    "GROUP",
    "MOST_SEGMENTS",
    "OTHER_TROUBLE",
    "SETTLED_DAYS",
    "TROUBLES",
    "UNDER_WAY",
    "Act",
    "Caps",
    "Kind",
    "Outbox",
    "OutboxState",
    "Outgoing",
    "PutResult",
    "Queue",
    "Worker",
    "counts_key",
    "outbox_state",
    "run_worker",
]
