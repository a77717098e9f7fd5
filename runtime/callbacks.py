"""Forms that a gateway posts to us: checked for the secret, their size and their fields.

A callback carries no signature, so its path carries a secret.  The body is a
form; it is read by us, since form parsers drop the empty `text` of every first
hop, and none of them keeps to a limit that we know.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from hmac import compare_digest
from urllib.parse import parse_qsl

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.logs import redacted

MOST_OCTETS = 64 * 1024
"""Of a body.  The longest honest one is an end-of-session event, below 2,000."""
MOST_FIELDS = 64
BODY_SECONDS = 10.0

Form = Mapping[str, str]
Answer = Callable[[Form], Awaitable[str]]

log = logging.getLogger(__name__)


class BadForm(Exception):
    """The body is none that a gateway sends.  `status` is the HTTP answer to it."""

    def __init__(self, status: int, what: str) -> None:
        super().__init__(what)
        self.status = status


class Callback:
    """Answers the forms that a gateway posts to one of its addresses with text.

    A wrong secret is 404, as if nothing were here; a form that is none is 4xx.
    `answer` never sees either.  What it raises besides `BadForm` is logged
    without the message, which could quote the form, and answered with
    `if_broken`: a caller is never shown an error.
    """

    def __init__(self, secret: str, answer: Answer, if_broken: Callable[[], str]) -> None:
        self._secret = secret.encode()
        self._answer = answer
        self._if_broken = if_broken

    async def respond(self, secret: str, scope: Scope, receive: Receive) -> Response:
        """The HTTP answer to one post."""
        if not compare_digest(secret.encode(errors="replace"), self._secret):
            return PlainTextResponse("Not Found", 404)
        if scope["method"] != "POST":
            return PlainTextResponse("Method Not Allowed", 405, {"Allow": "POST"})
        if not _may_be_form(scope):
            log.error("callback: the content type is not that of a form")
            return PlainTextResponse(self._if_broken())
        try:
            return PlainTextResponse(await self._answer(parse_form(await read_body(receive))))
        except BadForm as bad:
            return PlainTextResponse(str(bad), bad.status)
        except Exception as error:
            log.error("callback failed: %s", redacted(error))
            return PlainTextResponse(self._if_broken())


class CallbackRouter:
    """Routes `/{gateway}/{secret}/{what}` to a callback, and all else to the application.

    It stands before the application: the layers of that one would cost as much as the
    whole answer and have nothing to add.
    """

    def __init__(self, callbacks: Mapping[tuple[str, str], Callback], application: ASGIApp) -> None:
        self._callbacks = callbacks
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _, gateway, secret, what = (*scope.get("path", "").split("/", 3), "", "", "", "")[:4]
        callback = self._callbacks.get((gateway, what)) if scope["type"] == "http" else None
        if callback is None:
            await self._application(scope, receive, send)
        else:
            response = await callback.respond(secret, scope, receive)
            await response(scope, receive, send)


def _may_be_form(scope: Scope) -> bool:
    """Whether the content type is a form's, or missing."""
    types = [value for name, value in scope["headers"] if name == b"content-type"]
    return not types or types[0].lower().startswith(b"application/x-www-form-urlencoded")


async def read_body(receive: Receive) -> bytes:
    """The whole body.  Raises `BadForm` when it is too large, too slow or cut off."""
    message = await receive()
    if not message.get("more_body"):
        return _chunk(message, 0)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _rest_of_body(_chunk(message, 0), receive)
    except TimeoutError:
        raise BadForm(408, "the form did not come in time") from None


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
        raise BadForm(400, "the form was cut off")
    chunk: bytes = message.get("body", b"")
    if size + len(chunk) > MOST_OCTETS:
        raise BadForm(413, f"a form has at most {MOST_OCTETS} octets")
    return chunk


def parse_form(body: bytes) -> Form:
    """The fields of a form; empty ones count.  Raises `BadForm`.

    Octets that are no UTF-8 become U+FFFD.  A field that comes twice could be
    read in two ways, so the form is refused.
    """
    text = body.decode(errors="replace")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise BadForm(400, f"a form has at most {MOST_FIELDS} fields") from None
    form = dict(pairs)
    if len(form) < len(pairs):
        raise BadForm(400, "a field comes twice")
    return form
