"""The door of the operator's pages: who may come in, and what they may send.

The token of the settings opens it, for eight hours or until log-out.  The browser
keeps a signed cookie that scripts and other sites cannot read or send; what is
posted must carry a token made from it as well.
"""

import asyncio
import logging
import secrets
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer
from redis.asyncio import Redis
from starlette.datastructures import FormData
from starlette.requests import ClientDisconnect
from starlette.types import Message

from runtime.encryption import Seal
from web.auth.attempts import Attempts, RevokedSessions
from web.auth.origin import of_our_origin
from web.pages import Pages

COOKIE = "komek_operator"
OPEN_SECONDS = 8 * 3600
LONGEST_NAME = 60
MOST_OCTETS = 1024 * 1024
"""Of what an operator posts: a list of contacts, or the words of a node."""
MOST_FIELDS = 100
BODY_SECONDS = 20.0
"""For all of it to come, on a slow line too."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Operator:
    """Who is looking: the name they gave, and what each of their forms must carry."""

    name: str
    visit: str
    csrf: str


class NotLoggedIn(Exception):
    """Nobody has come in through the door; they are led to it."""


class LoginDisabled(Exception):
    """The settings have no token: there is nothing here."""


class Refused(Exception):
    """What was posted did not come from a page of ours."""


class TooLarge(Exception):
    """More was posted than `MOST_OCTETS`."""


class TooSlow(Exception):
    """What was posted did not come within `BODY_SECONDS`."""


class Door:
    """Knows the token.  Without one in the settings, `opens` is False: nothing is here."""

    def __init__(self, token: str | None, pages: Pages, redis: Redis, seal: Seal) -> None:
        self.opens = token is not None
        self._token = token or secrets.token_urlsafe()
        key = signing_key(self._token, seal)
        self._cookies = URLSafeTimedSerializer(key, salt="visit")
        self._csrf = URLSafeTimedSerializer(key, salt="csrf")
        self._pages = pages
        self._attempts = Attempts(redis, seal)
        self._over = RevokedSessions(redis, OPEN_SECONDS)

    async def operator(self, request: Request) -> Operator:
        """Who looks at a page.  Raises `LoginDisabled` and `NotLoggedIn`.  For `Depends`."""
        self._must_open()
        try:
            name, visit = self._cookies.loads(request.cookies.get(COOKIE, ""), OPEN_SECONDS)
        except (BadSignature, ValueError, TypeError):
            raise NotLoggedIn from None
        if await self._over.has(visit):
            raise NotLoggedIn
        return Operator(name, visit, str(self._csrf.dumps(visit)))

    async def posted(self, request: Request) -> tuple[Operator, FormData]:
        """Who posted a form, and the form.  Raises `LoginDisabled`, `NotLoggedIn`, `Refused`,
        `TooLarge` and `TooSlow`.  For `Depends`.
        """
        operator = await self.operator(request)
        form = await form_of(request)
        if not self._is_ours(str(form.get("csrf", "")), operator.visit):
            raise Refused
        return operator, form

    def ask(self, request: Request, status: int = 200, problem: str = "") -> Response:
        """The form that asks for the token.  Raises `LoginDisabled`."""
        self._must_open()
        return self._pages.show(request, "auth/login", status, problem=problem)

    async def enter(self, request: Request) -> Response:
        """Let in who knows the token and gives a name; ask the others again.

        Raises `LoginDisabled`, `Refused`, `TooLarge` and `TooSlow`.
        """
        self._must_open()
        form = await form_of(request)
        name, token = str(form.get("name", "")).strip(), str(form.get("token", ""))
        address = request.client.host if request.client else ""
        if not await self._attempts.may(address):
            return self.ask(request, 429, "too_often")
        if not alike(token, self._token):
            log.warning("operator: a wrong token at the door")
            return self.ask(request, 403, "wrong_token")
        await self._attempts.forget(address)
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            return self.ask(request, 422, "no_name")
        return self._let_in(request, name)

    async def leave(self, operator: Operator) -> Response:
        """Log out: the cookie is taken back, and a copy of it opens nothing."""
        await self._over.add(operator.visit)
        response = RedirectResponse("/operator/enter", 303)
        response.delete_cookie(COOKIE, "/operator", httponly=True, samesite="strict")
        return response

    def _must_open(self) -> None:
        if not self.opens:
            raise LoginDisabled

    def _let_in(self, request: Request, name: str) -> Response:
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

    def _is_ours(self, csrf: str, visit: str) -> bool:
        try:
            return bool(self._csrf.loads(csrf, OPEN_SECONDS) == visit)
        except BadSignature:
            return False


def signing_key(token: str, seal: Seal) -> str:
    """What signs the cookies: another token or another data key makes them void."""
    return sha256(f"{token} {seal.index('operator cookie')}".encode()).hexdigest()


def alike(given: str, token: str) -> bool:
    """Compared in a time that tells nothing; also for what is no Unicode text."""
    return compare_digest(given.encode("utf-8", "surrogatepass"), token.encode())


# --- What is posted -----------------------------------------------------------


async def form_of(request: Request) -> FormData:
    """The form of a request.  Raises `Refused`, `TooLarge` and `TooSlow`; what comes
    beyond the limit is not read, whatever the request says of its length.
    """
    if not comes_from_here(request):
        raise Refused
    came = 0

    async def measured() -> Message:
        nonlocal came
        message = await request.receive()
        came += len(message.get("body", b""))
        if came > MOST_OCTETS:
            raise TooLarge
        return message

    read = Request(request.scope, measured).form
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await read(max_files=1, max_fields=MOST_FIELDS, max_part_size=MOST_OCTETS)
    except TimeoutError:
        raise TooSlow from None
    except ClientDisconnect:  # nobody is there to hear the answer
        raise Refused from None


def comes_from_here(request: Request) -> bool:
    """Whether the browser says that a page of ours sent this.

    Browsers leave `Sec-Fetch-Site` out where the page came without TLS; `Origin` tells
    then.  What is no browser has neither, and no cookie that others could misuse.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    return of_our_origin(request) is not False
