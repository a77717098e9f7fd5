"""The door of the operator's pages: who is logged in, and what they may post.

Who knows the token of the settings is logged in for eight hours or until log-out.  The
browser keeps a signed cookie that scripts and other sites cannot read or send; what is
posted must carry a CSRF token made from it as well.
"""

import asyncio
import logging
import secrets
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import ClassVar

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer
from redis.asyncio import Redis
from starlette.datastructures import FormData
from starlette.requests import ClientDisconnect
from starlette.types import Message

from runtime.encryption import Seal
from web.auth.attempts import Attempts, RevokedSessions
from web.auth.origin import origin_is_host
from web.pages import Context, Pages

COOKIE = "komek_operator"
OPEN_SECONDS = 8 * 3600
LONGEST_NAME = 60
MOST_OCTETS = 1024 * 1024
"""Of what an operator posts: a list of contacts, or the words of a node."""
MOST_AT_THE_DOOR = 4096
"""Octets: a name and a token.  Whoever is not logged in makes us parse no more."""
MOST_FIELDS = 100
BODY_SECONDS = 20.0
"""For all of it to come, on a slow line too."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Operator:
    """Who is logged in: the name they gave, and what each of their forms must carry."""

    name: str
    session_id: str
    csrf: str


class NotLoggedIn(Exception):
    """There is no valid cookie; the answer leads to the form that asks for the token."""


class LoginDisabled(Exception):
    """The settings have no token: there is nothing here."""


class Refused(Exception):
    """What was posted did not come from a page of ours."""


class TooLarge(Exception):
    """More was posted than `MOST_OCTETS`."""


class TooSlow(Exception):
    """What was posted did not come within `BODY_SECONDS`."""


@dataclass(frozen=True, slots=True)
class LoginContext(Context):
    """`problem`: the word of the page that says what was wrong, or nothing."""

    template: ClassVar[str] = "auth/login"
    problem: str


def operator_of(request: Request) -> Operator:
    """Who sent a request that the door has admitted."""
    operator: Operator = request.state.operator
    return operator


class Door:
    """Knows the token.  Without one in the settings nobody can log in, and every address
    under `/operator` is 404.
    """

    def __init__(self, token: str | None, pages: Pages, redis: Redis, seal: Seal) -> None:
        self._enabled = token is not None
        self._token = token or secrets.token_urlsafe()
        key = signing_key(self._token, seal)
        self._cookies = URLSafeTimedSerializer(key, salt="session")
        self._csrf = URLSafeTimedSerializer(key, salt="csrf")
        self._pages = pages
        self._attempts = Attempts(redis, seal)
        self._revoked = RevokedSessions(redis, OPEN_SECONDS)

    async def admit(self, request: Request) -> None:
        """Let a request with a valid cookie pass, and note in it who sent it: see
        `operator_of`.  Raises `LoginDisabled` and `NotLoggedIn`.  For `Depends`.
        """
        self._require_token()
        try:
            name, session_id = self._cookies.loads(request.cookies.get(COOKIE, ""), OPEN_SECONDS)
        except (BadSignature, ValueError, TypeError):
            raise NotLoggedIn from None
        if await self._revoked.has(session_id):
            raise NotLoggedIn
        request.state.operator = Operator(name, session_id, str(self._csrf.dumps(session_id)))

    async def read_form(self, request: Request) -> FormData:
        """The form that an admitted operator posted from a page of ours.  Raises `Refused`,
        `TooLarge` and `TooSlow`.  For `Depends`.
        """
        form = await read_form(request)
        if not self._csrf_matches(str(form.get("csrf", "")), operator_of(request).session_id):
            raise Refused
        return form

    def show_login(self, request: Request, status: int = 200, problem: str = "") -> Response:
        """The form that asks for the token.  Raises `LoginDisabled`."""
        self._require_token()
        return self._pages.show(request, LoginContext(problem), status)

    async def log_in(self, request: Request) -> Response:
        """Let in who knows the token and gives a name; ask the others again.

        Raises `LoginDisabled`, `Refused`, `TooLarge` and `TooSlow`.
        """
        self._require_token()
        address = request.client.host if request.client else ""
        if not await self._attempts.count_and_allow(address):
            return self.show_login(request, 429, "too_often")
        form = await read_form(request, MOST_AT_THE_DOOR)
        name, token = str(form.get("name", "")).strip(), str(form.get("token", ""))
        if not equal_in_constant_time(token, self._token):
            log.warning("operator: a wrong token at the door")
            return self.show_login(request, 403, "wrong_token")
        await self._attempts.forget(address)
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            return self.show_login(request, 422, "no_name")
        return self._start_session(request, name)

    async def log_out(self, request: Request) -> Response:
        """Take the cookie of an admitted operator back; a copy of it opens nothing."""
        await self._revoked.add(operator_of(request).session_id)
        response = RedirectResponse("/operator/enter", 303)
        response.delete_cookie(COOKIE, "/operator", httponly=True, samesite="strict")
        return response

    def _require_token(self) -> None:
        if not self._enabled:
            raise LoginDisabled

    def _start_session(self, request: Request, name: str) -> Response:
        response = RedirectResponse("/operator", 303)
        cookie = str(self._cookies.dumps([name, secrets.token_urlsafe(12)]))
        response.set_cookie(
            COOKIE,
            cookie,
            OPEN_SECONDS,
            path="/operator",
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
        return response

    def _csrf_matches(self, csrf: str, session_id: str) -> bool:
        try:
            return bool(self._csrf.loads(csrf, OPEN_SECONDS) == session_id)
        except BadSignature:
            return False


def signing_key(token: str, seal: Seal) -> str:
    """What signs the cookies: another token or another data key makes them void."""
    return sha256(f"{token} {seal.index('operator cookie')}".encode()).hexdigest()


def equal_in_constant_time(given: str, token: str) -> bool:
    """Also for what is no Unicode text."""
    return compare_digest(given.encode("utf-8", "surrogatepass"), token.encode())


# --- What is posted -----------------------------------------------------------


async def read_form(request: Request, most: int = MOST_OCTETS) -> FormData:
    """The form of a request.  Raises `Refused`, `TooLarge` and `TooSlow`; what comes
    beyond `most` octets is not read, whatever the request says of its length.
    """
    if not is_same_origin(request):
        raise Refused
    came = 0

    async def measured() -> Message:
        nonlocal came
        message = await request.receive()
        came += len(message.get("body", b""))
        if came > most:
            raise TooLarge
        return message

    read = Request(request.scope, measured).form
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await read(max_files=1, max_fields=MOST_FIELDS, max_part_size=most)
    except TimeoutError:
        raise TooSlow from None
    except ClientDisconnect:  # nobody is there to hear the answer
        raise Refused from None


def is_same_origin(request: Request) -> bool:
    """Whether the browser says that a page of ours sent this.

    Browsers leave `Sec-Fetch-Site` out where the page came without TLS; `Origin` tells
    then.  What is no browser has neither, and no cookie that others could misuse.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    return origin_is_host(request) is not False
