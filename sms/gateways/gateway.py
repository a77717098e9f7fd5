"""What we ask of anything that carries SMS, and how it may fail us.

A result is a value, one for each recipient, and says whether to send again:

* `Accepted`        the gateway took it; what becomes of it, a report will tell
* `Rejected`        the gateway said no; asking again changes nothing
* `NotSent`         it certainly never left; try again later
* `OutcomeUnknown`  it may have gone; sending again could text a person twice
"""

from dataclasses import dataclass
from typing import Protocol

from sms.states import State

MOST_RECIPIENTS = 100
"""In one call.  No gateway known to us publishes a limit; clients keep to this one."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """One text for one or more phones, in one call.  `to`: E.164, each once."""

    to: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """`message_id`: the gateway's, by which it reports; empty if it gave none.
    `cost`: as the gateway writes it, such as `KES 0.8000`.
    """

    message_id: str
    cost: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """`why` (as in the other results) names no number and quotes no text."""

    why: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """The gateway has nothing of it."""

    why: str


@dataclass(frozen=True, slots=True)
class OutcomeUnknown:
    """The gateway may have it."""

    why: str


Result = Accepted | Rejected | NotSent | OutcomeUnknown


class Gateway(Protocol):
    """Something that carries SMS."""

    async def send(self, outbound: Outbound) -> dict[str, Result]:
        """Hand over a text, once, and say what came of it for each recipient.

        Never raises.  A recipient that the answer leaves out counts as unknown.
        """


@dataclass(frozen=True, slots=True)
class Inbound:
    """A text that came in.  `id`: the gateway's, the same when it repeats itself."""

    id: str
    sender: str
    text: str


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a gateway says of a message that it has or had.

    `state`: accepted, delivered or failed; `None` for a word that we do not know.
    `msisdn`: empty when the report names no valid number.
    """

    message_id: str
    state: State | None
    msisdn: str = ""
