"""Kannel's way of dialled sessions: its words stop in this file.

A USSD centre speaks SMPP: what was dialled or answered comes as a `deliver_sm`, a screen goes
as a `submit_sm`.  Two optional parameters (TLVs) of both make it a session: `ussd_service_op`
says whether one begins, goes on or ends, another one names it.  Kannel hands over the one as
a post, with the TLVs in a header, and makes the other of the answer to it and its headers.

Only the last answer comes; those before are kept by `ussd/answers.py`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from urllib.parse import quote_from_bytes, unquote_to_bytes
from uuid import uuid4

from pydantic import Field, StringConstraints
from pydantic_settings import SettingsConfigDict
from starlette.responses import PlainTextResponse, Response

from runtime.callbacks import COME_AGAIN, BadRequest, Callback, HttpRequest
from runtime.clock import utc_now
from runtime.msisdn import with_plus
from runtime.settings import KomekSettings, Numbers
from sms.encoding import Encoding, measure
from ussd.answers import SessionName
from ussd.engine import Screen
from ussd.gateways.dialect import UssdDialect, UssdHandlers
from ussd.hop import Hop
from ussd.paging import Budget

LATE_SECONDS = 180
"""A hop that Kannel could not post for so long belongs to no session any more."""
ITS_SESSION_INFO = "its_session_info"
"""Of SMPP 3.4: its first octet numbers the session, its second one the hops."""
HOLDS = Budget(160, 70)
"""What Kannel 1.4.5 carries in one screen; it cuts the rest off, whatever a centre takes."""
LONGEST_TEXT = 200
"""Characters of an answer that are read; more than a phone can send."""

_HOP_ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)
_DIALLED = re.compile(r"\*[0-9*]+#?")
_SERVICE_TYPE = re.compile(r"[A-Za-z0-9_-]{1,20}")
"""SMPP has 5 characters at most (3.4, section 5.2.11); some centres have more."""
SERVICE_TYPE = "USSD"
"""Where a centre names none."""


class SessionReply(StrEnum):
    """What the screen's session parameter says.

    `ECHO`: what the answer's said.  `END_BIT`: the same, its lowest bit set on the last
    screen.  `COUNT`: its second octet counts on in the upper 7 bits, and has the end bit, as
    SMPP 3.4 (5.3.2.43) describes `its_session_info`.
    """

    ECHO = "echo"
    END_BIT = "end-bit"
    COUNT = "count"


class KannelUssdSettings(KomekSettings):
    """KOMEK_KANNEL_USSD_…: what differs from one USSD centre to the next.

    `session_tlv`: the parameter that names a session; `session_octets`: how many of its first
    octets do, the others change from hop to hop; if unset, the first of `its_session_info`,
    and all of another one.  `begins`, `answers`: the operations of a hop;
    any other says that the network ended the session.  `asks`, `ends`: those of a screen that
    waits for an answer, and of the last one.  `sender`: what screens come from; if unset, the
    digits of what was dialled.
    """

    model_config = SettingsConfigDict(env_prefix="KOMEK_KANNEL_USSD_")

    session_tlv: Annotated[str, StringConstraints(pattern=r"^\w+$")] = ITS_SESSION_INFO
    session_octets: Annotated[int, Field(ge=1, le=255)] | None = None
    session_reply: SessionReply = SessionReply.ECHO
    begins: Numbers = (1,)
    answers: Numbers = (18,)
    asks: Annotated[int, Field(ge=0, le=255)] = 2
    ends: Annotated[int, Field(ge=0, le=255)] = 17
    sender: Annotated[str, StringConstraints(pattern=r"^[\w*#+]+$")] | None = None

    def name_in(self, session: bytes) -> bytes:
        """Of the parameter, what stays the same from hop to hop."""
        first = 1 if self.session_tlv == ITS_SESSION_INFO else None
        return session[: self.session_octets or first]


class Step(StrEnum):
    """What a hop is."""

    BEGINS = "begins"
    ANSWERS = "answers"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class UssdPost:
    """A hop as Kannel posts it.  `caller`: as the network writes the number."""

    hop: str
    centre: str
    caller: str
    dialled: str
    service_type: str
    text: str
    operation: int | None
    session: bytes


def post_of(request: HttpRequest, own: KannelUssdSettings) -> UssdPost:
    """What a hop says.  Without an id of its own it is no repetition of any other."""
    id_, tlvs = request.query.get("id", ""), tlvs_of(request.header("x-kannel-meta-data"))
    operation, named = tlvs.get("ussd_service_op"), request.header("x-kannel-binfo")
    return UssdPost(
        hop=id_ if _HOP_ID.fullmatch(id_) else uuid4().hex,
        centre=request.header("x-kannel-smsc"),
        caller=request.header("x-kannel-from"),
        dialled=request.header("x-kannel-to"),
        service_type=named if _SERVICE_TYPE.fullmatch(named) else SERVICE_TYPE,
        text=request.text,
        operation=int.from_bytes(operation) if operation else None,
        session=tlvs.get(own.session_tlv, b""),
    )


def tlvs_of(meta_data: str) -> dict[str, bytes]:
    """The TLVs in `?smpp?ussd_service_op=%12&its_session_info=%2B%00&`, by their names."""
    group = meta_data.partition("?smpp?")[2].partition("?")[0]
    pairs = (each.partition("=") for each in group.split("&") if each)
    return {name: unquote_to_bytes(value.replace("+", " ")) for name, _, value in pairs}


def step_of(post: UssdPost, own: KannelUssdSettings) -> Step:
    """Where a centre sends no operation, the text of a dial is the code."""
    if post.operation is None:
        return Step.BEGINS if _DIALLED.fullmatch(post.text) else Step.ANSWERS
    if post.operation in own.begins:
        return Step.BEGINS
    return Step.ANSWERS if post.operation in own.answers else Step.ENDED


def answers_of(post: UssdPost) -> tuple[str, ...]:
    """A `*` parts two answers, as it does where the gateway joins them with it."""
    return tuple(post.text[:LONGEST_TEXT].split("*"))


def who(post: UssdPost, own: KannelUssdSettings) -> SessionName:
    """What tells the session from all others that run."""
    session = own.name_in(post.session)
    caller = with_plus(post.caller) or post.caller
    return SessionName(caller, f"kannel {post.centre} {session.hex()}")


def is_late(request: HttpRequest, now: datetime) -> bool:
    """Whether a hop waited in Kannel while nobody took it; its session is long over."""
    at = request.query.get("at", "")
    return bool(re.fullmatch(r"[0-9]{1,12}", at)) and now.timestamp() - int(at) > LATE_SECONDS


def reply(post: UssdPost, screen: Screen, own: KannelUssdSettings) -> Response:
    """The screen as Kannel wants it."""
    tlvs = [f"ussd_service_op={own.ends if screen.ends else own.asks}"]
    if post.session:
        session = session_reply(post.session, own.session_reply, ends=screen.ends)
        tlvs.append(f"{own.session_tlv}={quote_from_bytes(session, safe='')}")
    headers = {
        "X-Kannel-From": own.sender or re.sub(r"\D", "", post.dialled),
        "X-Kannel-BInfo": post.service_type,
        "X-Kannel-Meta-Data": f"?smpp?{'&'.join(tlvs)}",
    }
    if measure(screen.text).encoding is Encoding.UCS_2:
        headers["X-Kannel-Coding"] = "2"
    return PlainTextResponse(screen.text, headers=headers)


def session_reply(session: bytes, how: SessionReply, *, ends: bool) -> bytes:
    """The session parameter of a screen, of that of its hop."""
    match how:
        case SessionReply.END_BIT:
            return session[:-1] + bytes([session[-1] | ends])
        case SessionReply.COUNT if len(session) > 1:
            count = (session[1] >> 1) + 1 & 0x7F
            return session[:1] + bytes([count << 1 | ends]) + session[2:]
        case _:
            return session


def hop_callback(
    secret: str, handlers: UssdHandlers, now: Callable[[], datetime] = utc_now
) -> Callback:
    """The endpoint for hops."""
    own = KannelUssdSettings()

    def emergency(request: HttpRequest) -> Response:
        return reply(post_of(request, own), Screen(handlers.emergency(), ends=True), own)

    async def answer(request: HttpRequest) -> Response:
        post = post_of(request, own)
        if is_late(request, now()):
            return PlainTextResponse("")
        if step_of(post, own) is Step.ENDED:
            await _end(post, own, handlers)
            return PlainTextResponse("")
        screen = await _screen(post, own, handlers)
        return reply(post, screen, own) if screen else emergency(request)

    return Callback(secret, answer, emergency)


async def _screen(post: UssdPost, own: KannelUssdSettings, handlers: UssdHandlers) -> Screen | None:
    """None where the answers before are not known."""
    session = who(post, own)
    if step_of(post, own) is Step.BEGINS:
        heard = await handlers.answers.begin(session, post.hop, handlers.dialled(post.text))
    else:
        heard = await handlers.answers.add(session, post.hop, answers_of(post))
    if heard is None:
        return None
    hop = Hop(_id(heard.first_hop), heard.answers, with_plus(post.caller) or None)
    screen = await handlers.answer(hop)
    if screen.ends:
        await handlers.answers.leave(session)
        await handlers.end(hop.session_id or "", "by us")
    return screen


async def _end(post: UssdPost, own: KannelUssdSettings, handlers: UssdHandlers) -> None:
    """The network says that the session is over.  Raises `BadRequest` where that is not stored."""
    session = who(post, own)
    first_hop = await handlers.answers.leave(session)
    if first_hop is None or (
        first_hop and not await handlers.end(_id(first_hop), "by the network")
    ):
        raise BadRequest(503, COME_AGAIN)
    await handlers.answers.delete(session)


def _id(first_hop: str) -> str:
    """Of a session, among those of all gateways."""
    return f"kannel:{first_hop}"


KANNEL = UssdDialect(callbacks={"ussd": hop_callback}, settings=KannelUssdSettings, holds=HOLDS)
