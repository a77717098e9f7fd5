"""What a gateway asks of us: checked for the secret, its size and its fields.

A callback carries no signature, so its path carries a secret.  Forms are read by
us, since form parsers drop the empty `text` of every first hop, and none of them
keeps to a limit that we know.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hmac import compare_digest
from urllib.parse import unquote_plus

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.load_shedding import Bound, Shed
from runtime.log_limit import LimitedLog
from runtime.logs import begin_request, redacted

MOST_OCTETS = 64 * 1024
"""Of a body.  The longest honest one is an end-of-session event, below 2,000."""
MOST_FIELDS = 64
BODY_SECONDS = 10.0
MOST_UNDER_WAY = 4000
"""Requests to one callback that a process has begun to read and has not answered.  Of 5,000 texts
in one moment those within the bound are taken, and calls among them answered, within 2 s
(`benchmarks/crowd.py`); a gateway waits for 10 s.
"""
COME_AGAIN = "come again"
NO_FORM = "the content type is not that of a form"
FORM_TYPE = b"application/x-www-form-urlencoded"

Form = Mapping[str, str]

log = logging.getLogger(__name__)


class BadRequest(Exception):
    """The request is none that a gateway makes.  `status` is the HTTP answer to it."""

    def __init__(self, status: int, what: str) -> None:
        super().__init__(what)
        self.status = status


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What a gateway asks, each part read when it is asked for."""

    scope: Scope
    body: bytes

    @property
    def form(self) -> Form:
        """The fields of the body.  Raises `BadRequest`."""
        return parse_form(self.body)

    @property
    def query(self) -> Form:
        """The fields behind the `?` of the address.  Raises `BadRequest`."""
        return parse_form(self.scope.get("query_string", b""))

    @property
    def text(self) -> str:
        """The body.  Octets that are no UTF-8 become U+FFFD."""
        return self.body.decode(errors="replace")

    def header(self, name: str) -> str:
        """The header of this name, in small letters; empty if there is none."""
        values = (value for each, value in self.scope["headers"] if each == name.encode())
        return str(next(values, b"").decode("latin-1"))


class Callback:
    """Answers what a gateway asks at one of its addresses.

    A wrong secret is 404, as if nothing were here; a request that is none is 4xx.
    `answer` never sees either.  What it raises besides `BadRequest` is logged
    without the message, which could quote the request, and answered with
    `if_broken`: a caller is never shown an error.  So is, at once and unread, what comes
    while `MOST_UNDER_WAY` others are not answered yet.
    """

    def __init__(
        self,
        secret: str,
        answer: Callable[[HttpRequest], Awaitable[Response]],
        if_broken: Callable[[HttpRequest], Response],
        method: str = "POST",
    ) -> None:
        self._secret = secret.encode()
        self._answer = answer
        self._if_broken = if_broken
        self._method = method
        crowd = LimitedLog(log, "callbacks: too many at once, %d answered unread")
        self.bound = Bound(MOST_UNDER_WAY, Shed.UNREAD, crowd)

    async def respond(self, secret: str, scope: Scope, receive: Receive) -> Response:
        """The HTTP answer to one request."""
        if not compare_digest(secret.encode(errors="replace"), self._secret):
            return PlainTextResponse("Not Found", 404)
        if scope["method"] != self._method:
            return PlainTextResponse("Method Not Allowed", 405, {"Allow": self._method})
        if self.bound.sheds():
            return self._if_broken(HttpRequest(scope, b""))
        with self.bound:
            return await self._read_and_answered(scope, receive)

    async def _read_and_answered(self, scope: Scope, receive: Receive) -> Response:
        try:
            return await self._answered(HttpRequest(scope, await read_body(receive)))
        except BadRequest as bad:
            if bad.status < 500:
                log.warning("callback %s: refused with %d: %s", _name(scope), bad.status, bad)
            return PlainTextResponse(str(bad), bad.status)

    async def _answered(self, request: HttpRequest) -> Response:
        try:
            return await self._answer(request)
        except BadRequest:
            raise
        except Exception as error:
            log.error("callback %s failed: %s", _name(request.scope), redacted(error))
            return self._if_broken(request)


def form_callback(
    secret: str,
    answer: Callable[[Form], Awaitable[str]],
    if_broken: Callable[[], str] | None = None,
) -> Callback:
    """A callback that forms are posted to, and that answers them with text.

    `if_broken`: what a caller who waits for the answer is shown, whatever is wrong with the form.
    Where nobody waits, that is 4xx, and what fails is 503: the gateway comes again.
    """

    def broken(_request: HttpRequest) -> Response:
        return PlainTextResponse(if_broken()) if if_broken else service_unavailable()

    async def answered(request: HttpRequest) -> Response:
        try:
            return PlainTextResponse(await answer(form_of(request)))
        except BadRequest as bad:
            if not if_broken:
                raise
            log.error("callback %s: %s", _name(request.scope), bad)
            return broken(request)

    return Callback(secret, answered, broken)


def form_of(request: HttpRequest) -> Form:
    """The form that was posted.  Raises `BadRequest`."""
    if not _may_be_form(request.scope):
        raise BadRequest(415, NO_FORM)
    return request.form


def service_unavailable() -> Response:
    """Says that what was posted is not stored."""
    return PlainTextResponse(COME_AGAIN, 503)


class CallbackRouter:
    """Routes `/{gateway}/{secret}/{what}` to a callback, and all else to the application.

    It stands before the application: the layers of that one would cost as much as the
    whole answer and have nothing to add.
    """

    def __init__(self, callbacks: Mapping[tuple[str, str], Callback], application: ASGIApp) -> None:
        self._callbacks = callbacks
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begin_request()
        _, gateway, secret, what = (*scope.get("path", "").split("/", 3), "", "", "", "")[:4]
        callback = self._callbacks.get((gateway, what)) if scope["type"] == "http" else None
        if callback is None:
            await self._application(scope, receive, send)
        else:
            response = await callback.respond(secret, scope, receive)
            await response(scope, receive, send)


def _name(scope: Scope) -> str:
    """Which callback, without its secret."""
    _, gateway, _secret, what = (*scope.get("path", "").split("/", 3), "", "", "", "")[:4]
    return f"{gateway}/{what}"


def _may_be_form(scope: Scope) -> bool:
    """Whether the content type is a form's, or missing."""
    types = [value for name, value in scope["headers"] if name == b"content-type"]
    return not types or types[0].partition(b";")[0].strip().lower() == FORM_TYPE


async def read_body(receive: Receive) -> bytes:
    """The whole body.  Raises `BadRequest` when it is too large, too slow or cut off."""
    message = await receive()
    if not message.get("more_body"):
        return _chunk(message, 0)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _rest_of_body(_chunk(message, 0), receive)
    except TimeoutError:
        raise BadRequest(408, "the body did not come in time") from None


async def _rest_of_body(body: bytes, receive: Receive) -> bytes:
    chunks, size, more = [body], len(body), True
    while more:
        message = await receive()
        chunks.append(_chunk(message, size))
        size += len(chunks[-1])
        more = message.get("more_body", False)
    return b"".join(chunks)


def _chunk(message: Message, size: int) -> bytes:
    if message["type"] == "http.disconnect":
        raise BadRequest(400, "the body was cut off")
    chunk: bytes = message.get("body", b"")
    if size + len(chunk) > MOST_OCTETS:
        raise BadRequest(413, f"a body has at most {MOST_OCTETS} octets")
    return chunk


def parse_form(body: bytes) -> Form:
    """The fields of a form or a query; empty ones count.  Raises `BadRequest`.

    Octets that are no UTF-8 become U+FFFD.  A field that comes twice could be
    read in two ways, so the form is refused.
    """
    fields = body.decode(errors="replace").split("&")
    if len(fields) > MOST_FIELDS:
        raise BadRequest(400, f"a form has at most {MOST_FIELDS} fields")
    pairs = [_pair_of(field) for field in fields if field]
    form = dict(pairs)
    if len(form) < len(pairs):
        raise BadRequest(400, "a field comes twice")
    return form


def _pair_of(field: str) -> tuple[str, str]:
    """Its name and its value.  `parse_qsl` would also decode what is plain: half of its time."""
    name, _, value = field.partition("=")
    return _decoded(name), _decoded(value)


def _decoded(text: str) -> str:
    return unquote_plus(text) if "%" in text or "+" in text else text
