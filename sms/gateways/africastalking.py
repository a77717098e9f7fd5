"""Africa's Talking's SMS dialect: its words stop in this file.

In come forms: texts, delivery reports, opt-outs.  A text is repeated each minute
for 12 h until it is answered 200, so a callback answers 503 while what came cannot
be stored, and 4xx where it cannot be read: 200 means stored.  To what goes out
(`africastalking_client.py`) come answers, in which a refusal of every recipient looks like
a success.
"""

import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict
from redis.asyncio import Redis

from runtime.callbacks import BadRequest, Callback, Form, form_callback
from runtime.encryption import Seal
from runtime.msisdn import with_plus
from runtime.settings import AnySecretFile, KomekSettings, Settings, revealed, secret_or_file
from sms.gateways.port import (
    LONGEST_TEXT,
    Accepted,
    DeliveryReport,
    Gateway,
    GatewayError,
    Inbound,
    NotSent,
    OutcomeUnknown,
    Rejected,
    Result,
    SmsDialect,
    SmsHandlers,
)
from sms.states import State

_ID = re.compile(r"[\w.:@+-]{1,128}", re.ASCII)
_ACCEPTED = {100, 101, 102}
_REJECTED = {
    401: Rejected("401 RiskHold", GatewayError.REFUSED),
    402: Rejected("402 InvalidSenderId", GatewayError.SENDER_ID),
    403: Rejected("403 InvalidPhoneNumber", GatewayError.REFUSED),
    404: Rejected("404 UnsupportedNumberType", GatewayError.REFUSED),
    405: Rejected("405 InsufficientBalance", GatewayError.NO_CREDIT),
    406: Rejected("406 UserInBlacklist", GatewayError.BLOCKED),
    407: Rejected("407 CouldNotRoute", GatewayError.REFUSED),
    409: Rejected("409 DoNotDisturbRejection", GatewayError.BLOCKED),
    502: Rejected("502 RejectedByGateway", GatewayError.REFUSED),
}
"""What the status code of a recipient means."""
_TRY_AGAIN = {
    401: NotSent(
        "HTTP 401: check KOMEK_AT_USERNAME and KOMEK_AT_API_KEY (a new key needs minutes)",
        GatewayError.ACCOUNT,
    ),
    403: NotSent("HTTP 403: check KOMEK_AT_USERNAME and KOMEK_AT_API_KEY", GatewayError.ACCOUNT),
    429: NotSent("HTTP 429: too many calls", GatewayError.TOO_MANY_CALLS),
    503: NotSent("HTTP 503: the gateway takes nothing just now", GatewayError.GATEWAY_FAILED),
}
"""Whole calls that were certainly not dealt with, and may be some minutes later."""
_FATES = {
    "Sent": State.ACCEPTED,
    "Submitted": State.ACCEPTED,
    "Buffered": State.ACCEPTED,
    "Success": State.DELIVERED,
    "Failed": State.FAILED,
    "Rejected": State.FAILED,
    "AbsentSubscriber": State.FAILED,
    "Expired": State.FAILED,
}

T = TypeVar("T")

log = logging.getLogger(__name__)


# --- What comes in ------------------------------------------------------------


def inbound_of(form: Form) -> Inbound:
    """A text that came in.  Raises `BadRequest` without a valid `id`, by which a repetition is
    known, or when no phone sent it.
    """
    return Inbound(_id_of(form), _number_of(form, "from"), form.get("text", "")[:LONGEST_TEXT])


def report_of(form: Form) -> DeliveryReport:
    """A delivery report.  Raises `BadRequest` without a valid `id`, or without a status."""
    id_, word = _id_of(form), form.get("status", "")
    if not word:
        raise BadRequest(400, "no status")
    if word not in _FATES:
        log.warning("africastalking: unknown delivery status %r", _word(word))
    return DeliveryReport(id_, _FATES.get(word), with_plus(form.get("phoneNumber", "")))


def opt_out_of(form: Form) -> str:
    """The number that wants nothing more.  Raises `BadRequest` when it is none."""
    return _number_of(form, "phoneNumber")


def inbound_callback(secret: str, handlers: SmsHandlers) -> Callback:
    """The endpoint for texts."""
    return _callback(secret, inbound_of, handlers.take_text)


def report_callback(secret: str, handlers: SmsHandlers) -> Callback:
    """The endpoint for delivery reports."""
    return _callback(secret, report_of, handlers.take_report)


def opt_out_callback(secret: str, handlers: SmsHandlers) -> Callback:
    """The endpoint for opt-outs."""
    return _callback(secret, opt_out_of, handlers.take_opt_out)


def _callback(
    secret: str, read: Callable[[Form], T], take: Callable[[T], Awaitable[None]]
) -> Callback:
    """What `take` raises is answered 503, upon which the gateway comes again."""

    async def answer(form: Form) -> str:
        await take(read(form))
        return "OK"

    return form_callback(secret, answer)


def _number_of(form: Form, field: str) -> str:
    number = with_plus(form.get(field, ""))
    if not number:
        raise BadRequest(400, f"no phone number in {field}")
    return number


def _id_of(form: Form) -> str:
    id_ = form.get("id", "")
    if not _ID.fullmatch(id_):
        raise BadRequest(400, "no valid id")
    return id_


def _word(text: object) -> str:
    """A word of the gateway as it may stand in a log: letters, no number."""
    return re.sub(r"[^A-Za-z ]", "", str(text))[:40]


# --- What is answered ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """To a call: the HTTP status and the body."""

    status: int
    body: str


def results_of(answer: Answer, to: list[str]) -> dict[str, Result]:
    """What an answer means for each recipient.  It quotes numbers; the results do not.

    A call that failed as a whole may carry results of recipients all the same
    (HTTP 409), and these come first.
    """
    told = _recipients(answer.body)
    if told:
        by_number = {f"+{str(each.get('number')).lstrip('+')}": _result(each) for each in told}
        missing = OutcomeUnknown("not named in the answer", GatewayError.NO_ANSWER)
        return {msisdn: by_number.get(msisdn, missing) for msisdn in to}
    return dict.fromkeys(to, _whole(answer, told))


def _whole(answer: Answer, told: list[Mapping[str, Any]] | None) -> Result:
    status = answer.status
    if status in _TRY_AGAIN:
        return _TRY_AGAIN[status]
    if status >= 500:
        return OutcomeUnknown(f"HTTP {status}", GatewayError.GATEWAY_FAILED)
    if status < 200 or status == 408:
        return OutcomeUnknown(f"HTTP {status}", GatewayError.NO_ANSWER)
    if status >= 300:
        why = f"HTTP {status}: check KOMEK_AT_URL and KOMEK_SENDER_ID"
        return Rejected(why, GatewayError.REFUSED)
    if told is None:
        return OutcomeUnknown(f"HTTP {status}, unreadable", GatewayError.NO_ANSWER)
    why = f"refused as a whole: {_word(_message(answer.body))}"
    return Rejected(why, GatewayError.REFUSED)


def _recipients(body: str) -> list[Mapping[str, Any]] | None:
    """The recipients that an answer tells of; `None` when it cannot be read.

    The body is read as JSON whatever its type is said to be.
    """
    try:
        told = json.loads(body)["SMSMessageData"]["Recipients"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return [each for each in told if isinstance(each, dict)] if isinstance(told, list) else None


def _message(body: str) -> object:
    return json.loads(body)["SMSMessageData"].get("Message", "")


def _result(recipient: Mapping[str, Any]) -> Result:
    try:
        code = int(recipient.get("statusCode", 0))
    except (TypeError, ValueError):
        code = 0
    id_ = str(recipient.get("messageId") or "")
    if code in _ACCEPTED or (code == 0 and recipient.get("status") == "Success"):
        known = _ID.fullmatch(id_) and id_ != "None"
        return Accepted(id_ if known else "", str(recipient.get("cost", "")))
    if code in _REJECTED:
        return _REJECTED[code]
    return OutcomeUnknown(f"{code} {_word(recipient.get('status', ''))}")


# --- What is set up ----------------------------------------------------------------


class AfricasTalkingSettings(KomekSettings):
    """KOMEK_AT_…: the account; `url` only to override the gateway's own address."""

    model_config = SettingsConfigDict(env_prefix="KOMEK_AT_")

    username: Annotated[str, Field(validate_default=True)] = ""
    api_key_file: AnySecretFile | None = None
    api_key: Annotated[SecretStr | None, Field(validate_default=True)] = None
    url: str | None = None

    @field_validator("username")
    @classmethod
    def _named(cls, name: str) -> str:
        if not name:
            raise ValueError("is missing; set it to the name of your account")
        return name

    @field_validator("api_key")
    @classmethod
    def _required(cls, key: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        return secret_or_file(key, info, required=True)


def connect(settings: Settings, _redis: Redis, _seal: Seal) -> Gateway:
    """What sends by the gateway's own SDK."""
    from sms.gateways.africastalking_client import AfricasTalkingGateway  # noqa: PLC0415 (it says why)

    own = AfricasTalkingSettings()
    return AfricasTalkingGateway(own.username, revealed(own.api_key), own.url, settings.sender_id)


def address() -> str | None:
    return urlsplit(AfricasTalkingSettings().url or "").hostname


async def diagnose(_settings: Settings) -> str:
    """Asked by the account's balance, which only its key may read."""
    from sms.gateways.africastalking_client import balance_status  # noqa: PLC0415 (as above)

    own = AfricasTalkingSettings()
    status = await balance_status(own.username, revealed(own.api_key), own.url)
    if status is None:
        return "no connection to Africa's Talking"
    refused = _TRY_AGAIN.get(status)
    return "" if status == 200 else refused.why if refused else f"HTTP {status}"


CALLBACKS = {
    "sms": inbound_callback,
    "sms/delivery": report_callback,
    "sms/opt-out": opt_out_callback,
}
AFRICASTALKING = SmsDialect(connect, CALLBACKS, AfricasTalkingSettings, address, diagnose)
