"""What can become of a message, and in which order.

    queued ─► sending ─► accepted ─► delivered | failed
       ▲         │  └──► unknown  ─► accepted | delivered | failed
       └─────────┘  └──► failed
    queued ─► expired

A message only goes forward.  The one way back, from `sending` to `queued`, is
taken when the gateway certainly has nothing.  `unknown` means that the gateway
may have it: it is never sent again, and a delivery report settles it.  The
table is the only one: the scripts in Redis are made from it.
"""

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Of a message in the outbox."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    EXPIRED = "expired"


_S = State
NEXT: Mapping[State, frozenset[State]] = {
    _S.QUEUED: frozenset({_S.SENDING, _S.EXPIRED}),
    _S.SENDING: frozenset({_S.QUEUED, _S.ACCEPTED, _S.FAILED, _S.UNKNOWN}),
    _S.UNKNOWN: frozenset({_S.ACCEPTED, _S.DELIVERED, _S.FAILED}),
    _S.ACCEPTED: frozenset({_S.DELIVERED, _S.FAILED}),
    _S.DELIVERED: frozenset(),
    _S.FAILED: frozenset(),
    _S.EXPIRED: frozenset(),
}
"""Which states may follow a state."""

FINAL = frozenset(state for state, following in NEXT.items() if not following)
"""Nothing that happens later changes these."""
