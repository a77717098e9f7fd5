"""Kannel's SMS dialect: its words stop in this file.

Kannel's smsbox posts a text as its UTF-8 body, with the sender in a header and its own id
in the query, and repeats it with the same id until it is answered 200: as often, and as long,
as its configuration says; then the text is lost.  A text goes to its `sendsms`
(`kannel_client.py`), which answers with a sentence: a 202 says that Kannel has the text, not
that the operator does.  What becomes of it, Kannel asks us to hear at an address that we give
with the text; our own id stands in it.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, StringConstraints, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict
from redis.asyncio import Redis
from starlette.responses import PlainTextResponse, Response

from runtime.callbacks import BadRequest, Callback, Form, HttpRequest, service_unavailable
from runtime.encryption import Seal
from runtime.msisdn import with_plus
from runtime.settings import (
    AnySecretFile,
    KomekSettings,
    Settings,
    revealed,
    secret_of,
    secret_or_file,
)
from sms.encoding import Encoding, measure
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

MOST_SEGMENTS = 8
"""Of a text that goes out, as `max-messages` of `kannel.conf`; Kannel would cut the rest off
and say that all went well.
"""
DELIVERED, NOT_DELIVERED, BUFFERED, SMSC_ACCEPTED, SMSC_REFUSED = 1, 2, 4, 8, 16
REPORTS = DELIVERED | NOT_DELIVERED | BUFFERED | SMSC_ACCEPTED | SMSC_REFUSED
"""All are asked for: the operator's answer settles what was in doubt, and a report that was not
asked for Kannel logs with the number.
"""

log = logging.getLogger(__name__)

_ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)
_FATES = {
    DELIVERED: State.DELIVERED,
    NOT_DELIVERED: State.FAILED,
    BUFFERED: State.ACCEPTED,
    SMSC_ACCEPTED: State.ACCEPTED,
    SMSC_REFUSED: State.FAILED,
}
_TAKEN = ("0: Accepted for delivery", "3: Queued for later delivery")
_ACCOUNT = NotSent(
    "HTTP 403: check KOMEK_KANNEL_USERNAME and KOMEK_KANNEL_PASSWORD", GatewayError.ACCOUNT
)
_NO_ROUTE = NotSent("HTTP 403: no link of Kannel takes it", GatewayError.REFUSED)
FULL = NotSent("Kannel's queue is full", None)
_NO_SENDER = Rejected("HTTP 400: check KOMEK_SENDER_ID", GatewayError.SENDER_ID)
_REFUSED = Rejected("HTTP 400", GatewayError.REFUSED)
NOBODY = (400, "Missing receiver(s) number(s), rejected")
"""To whom it knows, of a text without a receiver."""
_NOT_TAKEN: Mapping[tuple[int, str], Result] = {
    (403, "Authorization failed for sendsms"): _ACCOUNT,
    (403, "Not routable. Do not try again."): _NO_ROUTE,
    (503, "Temporal failure, try again later."): FULL,
    (400, "Sender missing and no global set, rejected"): _NO_SENDER,
    NOBODY: _REFUSED,
    (400, "Missing receiver number, rejected"): _REFUSED,
    (400, "Empty receiver number not allowed, rejected"): _REFUSED,
    (400, "Number(s) has/have been denied by white- and/or black-lists."): _REFUSED,
    (400, "Coding field misformed, rejected"): _REFUSED,
    (400, "Charset or body misformed, rejected"): _REFUSED,
    (400, "DLR-Mask field misformed, rejected"): _REFUSED,
    (400, "Invalid content-type"): _REFUSED,
}
"""What Kannel 1.4.5 says when it certainly has nothing, by the status and the sentence."""


# --- What comes in ------------------------------------------------------------


def inbound_of(request: HttpRequest) -> Inbound:
    """A text that came in.  Raises `BadRequest` without a valid id, by which a repetition is
    known, or when no phone sent it.
    """
    id_, sender = _id_of(request.query), with_plus(request.header("x-kannel-from"))
    if not sender:
        raise BadRequest(400, "no phone number in X-Kannel-From")
    return Inbound(id_, sender, request.text[:LONGEST_TEXT])


def report_of(request: HttpRequest) -> DeliveryReport:
    """A delivery report, by our own id.  Raises `BadRequest` without a valid one."""
    query = request.query
    word = query.get("status", "")
    kind = int(word) if re.fullmatch(r"[0-9]{1,3}", word) else 0
    if kind not in _FATES:
        log.warning("kannel: unknown delivery status %d", kind)
    return DeliveryReport(_id_of(query), _FATES.get(kind))


def inbound_callback(secret: str, handlers: SmsHandlers) -> Callback:
    """The endpoint for texts."""

    async def answer(request: HttpRequest) -> Response:
        await handlers.take_text(inbound_of(request))
        return PlainTextResponse("")

    return Callback(secret, answer, lambda _request: service_unavailable())


def report_callback(secret: str, handlers: SmsHandlers) -> Callback:
    """The endpoint for delivery reports."""

    async def answer(request: HttpRequest) -> Response:
        await handlers.take_report(report_of(request))
        return PlainTextResponse("")

    return Callback(secret, answer, lambda _request: service_unavailable(), method="GET")


def _id_of(query: Form) -> str:
    id_ = query.get("id", "")
    if not _ID.fullmatch(id_):
        raise BadRequest(400, "no valid id")
    return id_


# --- What goes out --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SendSms:
    """How `sendsms` is asked.  `url`: its address; `sender`: the number or name that texts
    come from; `reports`: the address of our endpoint for delivery reports.
    """

    url: str
    username: str
    password: str
    sender: str
    reports: str

    def headers(self, msisdn: str, text: str, id_: str, *, bulk: bool = False) -> dict[str, str]:
        """All of a call but the text, which is the body.  Without an `id_`, no report.  What
        is no bulk overtakes it in Kannel's queue.
        """
        asked = {
            "X-Kannel-Username": self.username,
            "X-Kannel-Password": self.password,
            "X-Kannel-From": self.sender,
            "X-Kannel-To": msisdn,
            "X-Kannel-Priority": "0" if bulk else "3",
            "Content-Type": "text/plain; charset=UTF-8",
        }
        if measure(text).encoding is Encoding.UCS_2:
            asked["X-Kannel-Coding"] = "2"
        if id_:
            asked["X-Kannel-DLR-Mask"] = str(REPORTS)
            asked["X-Kannel-DLR-Url"] = f"{self.reports}?id={id_}&status=%d"
        return asked


def obstacle(text: str) -> Rejected | None:
    """Why Kannel must not be asked to send this."""
    if not text:
        return Rejected("it is empty")
    if measure(text).segments > MOST_SEGMENTS:
        return Rejected(f"it is longer than {MOST_SEGMENTS} segments")
    return None


@dataclass(frozen=True, slots=True)
class Answer:
    """Of `sendsms`: the HTTP status and the body."""

    status: int
    body: str


def result_of(answer: Answer, id_: str) -> Result:
    """What an answer means for the text that we call so."""
    sentence = answer.body.strip()
    if answer.status == 202 and sentence in _TAKEN:
        return Accepted(id_)
    if answer.status == 404:
        return NotSent("HTTP 404: check KOMEK_KANNEL_URL", GatewayError.ACCOUNT)
    unknown = OutcomeUnknown(f"HTTP {answer.status}, not understood", GatewayError.NO_ANSWER)
    return _NOT_TAKEN.get((answer.status, sentence), unknown)


# --- What is set up ----------------------------------------------------------------


class KannelAccount(KomekSettings):
    """KOMEK_KANNEL_…: where `sendsms` is, who we are there, and how Kannel reaches us."""

    model_config = SettingsConfigDict(env_prefix="KOMEK_KANNEL_")

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+/\S*$")] = (
        "http://127.0.0.1:13013/cgi-bin/sendsms"
    )
    username: Annotated[str, StringConstraints(pattern=r"^[!-~]+$")] = "komek"
    password_file: AnySecretFile | None = None
    password: Annotated[SecretStr | None, Field(validate_default=True)] = None
    callback_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+$")] | None = None

    @field_validator("password")
    @classmethod
    def _from_file(cls, password: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        password = secret_or_file(password, info, required=cls.password_required)
        if password and not re.fullmatch(r"[!-~]+", password.get_secret_value()):
            raise ValueError("may have printable ASCII only, without blanks")
        return password

    password_required: ClassVar[bool] = False

    @property
    def sendsms_port(self) -> int:
        """On which Kannel listens for texts."""
        return urlsplit(self.url).port or (443 if self.url.startswith("https") else 80)

    def posts_to(self, settings: Settings) -> str:
        """Where Kannel reaches us."""
        return self.callback_url or f"http://127.0.0.1:{settings.port}"

    def callbacks(self, settings: Settings) -> str:
        """What the addresses of our callbacks begin with."""
        return f"{self.posts_to(settings)}/kannel/{secret_of(settings)}"


class KannelSettings(KannelAccount):
    """The same, where Kannel is to be used: it has a password."""

    password_required: ClassVar[bool] = True


def send_sms_of(settings: Settings, own: KannelSettings) -> SendSms:
    """Texts come from the short code where no other sender is set."""
    return SendSms(
        url=own.url,
        username=own.username,
        password=revealed(own.password),
        sender=settings.sender_id or settings.short_code,
        reports=f"{own.callbacks(settings)}/sms/delivery",
    )


def connect(settings: Settings, _redis: Redis, _seal: Seal) -> Gateway:
    """What sends by it."""
    from sms.gateways.kannel_client import KannelGateway  # noqa: PLC0415 (only who sends by it)

    return KannelGateway(send_sms_of(settings, KannelSettings()))


def address() -> str | None:
    return urlsplit(KannelSettings().url).hostname


async def diagnose(settings: Settings) -> str:
    """Asked by a text to nobody, which Kannel refuses once it knows who asks."""
    from sms.gateways.kannel_client import answer_to_nobody  # noqa: PLC0415 (as above)

    answer = await answer_to_nobody(send_sms_of(settings, KannelSettings()))
    if answer is None:
        return "no connection to Kannel: check KOMEK_KANNEL_URL, and that smsbox runs"
    if (answer.status, answer.body.strip()) == NOBODY:
        return ""
    return str(getattr(result_of(answer, ""), "why", "it takes a text to nobody"))


KANNEL = SmsDialect(
    connect,
    {"sms": inbound_callback, "sms/delivery": report_callback},
    KannelSettings,
    address,
    diagnose,
    lambda settings: KannelSettings().posts_to(settings),
)
