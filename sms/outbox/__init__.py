"""Messages that must be sent: kept in Redis, each sent at most once, counted by day."""

from sms.outbox.counts import (
    CAPPED,
    COUNTS_SECONDS,
    MOST_SEGMENTS,
    SETTLED_DAYS,
    UNDER_WAY,
    counts_key,
)
from sms.outbox.forgetting import Forgotten, forget_messages
from sms.outbox.messages import AGREED, DANGER, Batch, MessageKind, Outgoing, Queue
from sms.outbox.outbox import Act, BatchPut, Caps, Outbox, PutResult
from sms.outbox.status import (
    OutboxStatus,
    Worker,
    first_in_line,
    people_waiting,
    read_counts,
    read_outbox_status,
)
from sms.outbox.worker import run_worker

__all__ = [
    "AGREED",
    "CAPPED",
    "COUNTS_SECONDS",
    "DANGER",
    "MOST_SEGMENTS",
    "SETTLED_DAYS",
    "UNDER_WAY",
    "Act",
    "Batch",
    "BatchPut",
    "Caps",
    "Forgotten",
    "MessageKind",
    "Outbox",
    "OutboxStatus",
    "Outgoing",
    "PutResult",
    "Queue",
    "Worker",
    "counts_key",
    "first_in_line",
    "forget_messages",
    "people_waiting",
    "read_counts",
    "read_outbox_status",
    "run_worker",
]
