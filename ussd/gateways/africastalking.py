"""Africa's Talking's USSD dialect: its words stop in this file.

The gateway posts a form for each hop and reads `CON ` (the session goes on) or
`END ` at the first octet of the answer, within 10 s.  `text` is empty when the
code is dialled, then all answers of the session joined by `*`.  A second
callback reports the end of a session; it may come twice, late or never.
"""

import re

from runtime.callbacks import COME_AGAIN, BadRequest, Callback, Form, form_callback
from runtime.msisdn import with_plus
from ussd.engine import Screen
from ussd.gateways.dialect import UssdDialect, UssdHandlers
from ussd.hop import Hop

_SESSION_ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)
_UNREADABLE = "\0\ufffd"
"""NUL, and what stands where octets were no UTF-8: no gateway sends either."""
_ENDINGS = {"Success": "by us", "Incomplete": "by the caller", "Failed": "by a failure"}


def hop_callback(secret: str, handlers: UssdHandlers) -> Callback:
    """The endpoint for hops."""

    async def answer(form: Form) -> str:
        return reply(await handlers.answer(hop_of(form)))

    return form_callback(secret, answer, if_broken=lambda: f"END {handlers.emergency()}")


def end_callback(secret: str, handlers: UssdHandlers) -> Callback:
    """The endpoint for the end of a session."""

    async def answer(form: Form) -> str:
        session_id, _ = _session_of(form)
        if session_id is None:
            raise BadRequest(400, "no valid sessionId and phoneNumber")
        how = _ENDINGS.get(form.get("status", ""), "otherwise")
        if not await handlers.end(session_id, how):
            raise BadRequest(503, COME_AGAIN)
        return "OK"

    return form_callback(secret, answer)


def hop_of(form: Form) -> Hop:
    """What a hop's form says.  Raises `BadRequest` when it is no hop at all.

    A caller is answered wherever that is possible: without a valid session, number
    or `text` the hop is played from what there is, and nothing of it is kept.
    """
    if "text" not in form and "sessionId" not in form:
        raise BadRequest(400, "no text and no sessionId")
    text = form.get("text", _UNREADABLE)
    readable = not any(char in text for char in _UNREADABLE)
    session_id, msisdn = _session_of(form) if readable else (None, None)
    return Hop(session_id, answers_of(form.get("text", "")), msisdn)


def answers_of(text: str) -> tuple[str, ...]:
    """The answers in a `text`.

    A `*` always parts two answers, since one that a caller typed cannot be told
    from the gateway's.  An empty part is an empty answer, except that an empty
    `text` is a dial.
    """
    return tuple(text.split("*")) if text else ()


def reply(screen: Screen) -> str:
    """The screen as the gateway wants it."""
    return f"{'END' if screen.ends else 'CON'} {screen.text}"


def _session_of(form: Form) -> tuple[str, str] | tuple[None, None]:
    """The session and the caller's number, when both are what they should be."""
    session_id, msisdn = form.get("sessionId", ""), with_plus(form.get("phoneNumber", ""))
    valid = _SESSION_ID.fullmatch(session_id) and msisdn
    return (session_id, msisdn) if valid else (None, None)


AFRICASTALKING = UssdDialect(
    callbacks={"ussd": hop_callback, "ussd/end": end_callback},
    first_hop="sessionId=try-1&phoneNumber=%2B77010000000&text=",
)
