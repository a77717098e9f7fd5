"""What we ask of anything that carries SMS, and how it may fail us.

A result is a value, one for each recipient, and says whether to send again.  Those but the
first also say which of a few errors it was (`GatewayError`), for the figures, and `why` in
words for the log, which name no number and quote no text.

* `Accepted`        the gateway took it; what becomes of it, a report will tell
* `Rejected`        the gateway said no; asking again changes nothing
* `NotSent`         it certainly never left; try again later
* `OutcomeUnknown`  it may have gone; sending again could text a person twice
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from redis.asyncio import Redis

from runtime.callbacks import Callback
from runtime.encryption import Seal
from runtime.settings import KomekSettings, Settings
from sms.states import State

log = logging.getLogger(__name__)

MOST_RECIPIENTS = 100
"""In one call.  No gateway known to us publishes a limit; clients keep to this one."""
LONGEST_TEXT = 2000
"""Characters of a text that are read, whichever gateway it came in by."""


class GatewayError(StrEnum):
    """What went wrong at a gateway, whatever the gateway calls it."""

    OUT_OF_REACH = "out of reach"
    NO_ANSWER = "no answer"
    ACCOUNT = "account"
    TOO_MANY_CALLS = "too many calls"
    REFUSED = "refused"
    GATEWAY_FAILED = "gateway failed"
    NO_CREDIT = "no credit"
    SENDER_ID = "sender ID"
    BLOCKED = "blocked by the person"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Outbound:
    """One text for one or more phones, in one call.  `to`: E.164, each once.

    `ids`: ours, of each phone's message, in the order of `to`; a gateway that takes an id
    reports by it.  `bulk`: of a series, which waits for replies.
    """

    to: tuple[str, ...]
    text: str
    ids: tuple[str, ...] = ()
    bulk: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """`message_id`: the gateway's, by which it reports; empty if it gave none.
    `cost`: as the gateway writes it, such as `KES 0.8000`.
    """

    message_id: str
    cost: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The gateway will not send it."""

    why: str
    error: GatewayError = GatewayError.OTHER


@dataclass(frozen=True, slots=True)
class NotSent:
    """The gateway has nothing of it.  `error` is None where that is none: its queue is full."""

    why: str
    error: GatewayError | None = GatewayError.OTHER


@dataclass(frozen=True, slots=True)
class OutcomeUnknown:
    """The gateway may have it."""

    why: str
    error: GatewayError = GatewayError.OTHER


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

    `message_id`: the gateway's, or ours where it was given one.
    `state`: accepted, delivered or failed; `None` for a word that we do not know.
    `msisdn`: empty when the report names no valid number.
    """

    message_id: str
    state: State | None
    msisdn: str = ""


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SmsHandlers:
    """What is done with what a gateway posts: each returns once that is stored.  What it
    raises, the gateway is told in its way, so that it posts the same again.
    """

    take_text: Callable[[Inbound], Awaitable[None]]
    take_report: Callable[[DeliveryReport], Awaitable[None]]
    take_opt_out: Callable[[str], Awaitable[None]]


async def nothing_to_diagnose(_settings: Settings) -> str:
    """There is nothing to ask."""
    return ""


@dataclass(frozen=True, slots=True)
class SmsDialect:
    """A gateway's way of SMS: all that others know of its file.

    `connect` makes what sends by it.  `callbacks`: what makes the endpoint of each of its
    callbacks, of the secret and the handlers, by the end of the address, such as `sms`.
    `settings`: those that it has for itself.  `address`: the host that is called in the
    place of the gateway's own, by those settings.  `diagnose`: what is wrong with the account
    or the way to the gateway, asked of it without sending anything; empty, nothing.
    `posts_to`: where it reaches us, if that is not the public address.
    """

    connect: Callable[[Settings, Redis, Seal], Gateway]
    callbacks: Mapping[str, Callable[[str, SmsHandlers], Callback]]
    settings: type[KomekSettings] = KomekSettings
    address: Callable[[], str | None] = lambda: None
    diagnose: Callable[[Settings], Awaitable[str]] = nothing_to_diagnose
    posts_to: Callable[[Settings], str | None] = lambda _: None
