"""Who is logged in to the operator's pages, and what they may post.

Who knows a token is logged in for eight hours or until log-out: one of their own, which says
who they are and what they may change, or the one of the settings, with which everything may be
changed under any name but those of the others.  The browser keeps a signed cookie that scripts
and other sites cannot read or send; what is posted must carry a CSRF token made from it as well.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import ClassVar, TypeVar

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer
from redis.asyncio import Redis
from starlette.datastructures import FormData
from starlette.requests import ClientDisconnect
from starlette.types import Message

from runtime.callbacks import BadRequest, Form, parse_form
from runtime.encryption import Seal
from web.auth.attempts import Attempts, RevokedSessions
from web.auth.origin import origin_is_host
from web.auth.roster import OperatorEntry, Role, Roster, hash_of, is_name, is_one_of
from web.pages import Context, Pages

COOKIE = "komek_operator"
OPEN_SECONDS = 8 * 3600
MOST_OCTETS = 1024 * 1024
"""Of what an operator posts: a list of contacts, or the words of a node."""
MOST_AT_THE_DOOR = 4096
"""Octets: a name and a token.  Whoever is not logged in makes us parse no more."""
MOST_FIELDS = 100
BODY_SECONDS = 20.0
"""For all of it to come, on a slow line too."""

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Operator:
    """Who is logged in, and what each of their forms must carry.  `own`: by a token of their
    own, which proves the name.
    """

    name: str
    role: Role
    own: bool
    session_id: str
    csrf: str

    def may(self, change: str) -> bool:
        """Whether words, or contacts, may be changed."""
        return self.role.may(change)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a token belongs to; without a name, to all who share it.  `token`: its hash."""

    name: str
    role: Role
    token: str

    @property
    def mark(self) -> str:
        """What a cookie says of the token: it is void once that is another one."""
        return sha256(f"cookie {self.token}".encode()).hexdigest()[:16]


class NotLoggedIn(Exception):
    """There is no valid cookie; the answer leads to the form that asks for the token."""


class LoginDisabled(Exception):
    """Nobody has a token: there is nothing here."""


class NotAllowed(Exception):
    """The role of who asked does not reach so far."""


class Refused(Exception):
    """What was posted did not come from a page of ours."""


class TooLarge(Exception):
    """More was posted than `MOST_OCTETS`."""


class TooSlow(Exception):
    """What was posted did not come within `BODY_SECONDS`."""


@dataclass(frozen=True, slots=True)
class LoginContext(Context):
    """`problem`: the word of the page that says what was wrong, or nothing; `shared`,
    `own`: whether there is a token that several know, and whether some have one of their own.
    """

    template: ClassVar[str] = "auth/login"
    problem: str
    shared: bool
    own: bool


@dataclass(frozen=True, slots=True)
class NotAllowedContext(Context):
    """That the role does not reach so far."""

    template: ClassVar[str] = "auth/refused"


def operator_of(request: Request) -> Operator:
    """Who sent a request that was admitted."""
    operator: Operator = request.state.operator
    return operator


class Authentication:
    """Knows the tokens.  While there is none nobody can log in, and every address under
    `/operator` is 404.
    """

    def __init__(
        self, shared: str | None, roster: Roster, pages: Pages, redis: Redis, seal: Seal
    ) -> None:
        self._shared = (Holder("", Role.ALL, hash_of(shared)),) if shared else ()
        self._roster = roster
        self._seal = seal
        self._pages = pages
        self._attempts = Attempts(redis, seal)
        self._revoked = RevokedSessions(redis, OPEN_SECONDS)

    async def admit(self, request: Request) -> None:
        """Let a request with a valid cookie pass, and note in it who sent it: see
        `operator_of`.  Raises `LoginDisabled` and `NotLoggedIn`.  For `Depends`.
        """
        self._require_tokens()
        try:
            cookie = self._cookies.loads(request.cookies.get(COOKIE, ""), OPEN_SECONDS)
            name, session_id, mark = cookie
        except (BadSignature, ValueError, TypeError):
            raise NotLoggedIn from None
        holder = next((each for each in self._holders() if each.mark == mark), None)
        if holder is None or await self._revoked.has(session_id):
            raise NotLoggedIn
        if not holder.name and is_one_of(name, self._roster.known()):
            raise NotLoggedIn  # somebody has that name by now
        csrf, own = str(self._csrf.dumps(session_id)), bool(holder.name)
        request.state.operator = Operator(holder.name or name, holder.role, own, session_id, csrf)

    def demand(self, change: Role) -> Callable[[Request], None]:
        """Lets an admitted operator pass who may change this; raises `NotAllowed` for others.
        For `Depends`.
        """

        def demanded(request: Request) -> None:
            if not operator_of(request).may(change):
                raise NotAllowed

        return demanded

    def form_to_change(self, change: Role) -> Callable[[Request], Awaitable[FormData]]:
        """Reads what an operator posted who may change this.  It raises what `demand` and
        `read_form` raise.  For `Depends`.
        """
        demanded = self.demand(change)

        async def read(request: Request) -> FormData:
            demanded(request)
            return await self.read_form(request)

        return read

    async def read_form(self, request: Request) -> FormData:
        """The form that an admitted operator posted from a page of ours.  Raises `Refused`,
        `TooLarge` and `TooSlow`.  For `Depends`.
        """
        form = await read_form(request)
        if not self._csrf_matches(str(form.get("csrf", "")), operator_of(request).session_id):
            raise Refused
        return form

    def show_login(self, request: Request, status: int = 200, problem: str = "") -> Response:
        """The form that asks for a token.  Raises `LoginDisabled`."""
        self._require_tokens()
        context = LoginContext(problem, bool(self._shared), bool(self._roster.known()))
        return self._pages.show(request, context, status)

    def show_not_allowed(self, request: Request) -> Response:
        """That the role of an admitted operator does not reach so far."""
        return self._pages.show(request, NotAllowedContext(), 403)

    async def log_in(self, request: Request) -> Response:
        """Let in who knows a token, and with the shared one gives a name; ask the others again.

        Attempts of an address are counted before anything is read.  However many there were,
        a right token opens: many people may share an address, and no token can be guessed.
        Raises `LoginDisabled`, `Refused`, `TooLarge` and `TooSlow`.
        """
        self._require_tokens()
        address = request.client.host if request.client else ""
        few = await self._attempts.count_and_tell_few(address)
        form = await read_login(request)
        name, token = str(form.get("name", "")).strip(), hash_of(str(form.get("token", "")))
        holder = next((h for h in self._holders() if compare_digest(h.token, token)), None)
        if holder is None:
            return self._show_wrong(request, few=few)
        await self._attempts.forget(address)
        if not holder.name and not is_name(name):
            return self.show_login(request, 422, "no_name")
        if not holder.name and is_one_of(name, self._roster.known()):
            return self.show_login(request, 422, "name_taken")
        return self._start_session(request, holder.name or name, holder)

    def _show_wrong(self, request: Request, *, few: bool) -> Response:
        if not few:
            return self.show_login(request, 429, "too_often")
        log.warning("operator: a wrong token")
        return self.show_login(request, 403, "wrong_token")

    async def log_out(self, request: Request) -> Response:
        """Take the cookie of an admitted operator back; a copy of it opens nothing."""
        await self._revoked.add(operator_of(request).session_id)
        response = RedirectResponse("/operator/enter", 303)
        response.delete_cookie(COOKIE, "/operator", httponly=True, samesite="strict")
        return response

    @property
    def _cookies(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(signing_keys(self._seal), salt="session")

    @property
    def _csrf(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(signing_keys(self._seal), salt="csrf")

    def _holders(self) -> tuple[Holder, ...]:
        return (*self._shared, *map(holder_of, self._roster.known()))

    def _require_tokens(self) -> None:
        if not self._holders():
            raise LoginDisabled

    def _start_session(self, request: Request, name: str, holder: Holder) -> Response:
        response = RedirectResponse("/operator", 303)
        cookie = str(self._cookies.dumps([name, secrets.token_urlsafe(12), holder.mark]))
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


def holder_of(entry: OperatorEntry) -> Holder:
    return Holder(entry.name, entry.role, entry.token)


def signing_keys(seal: Seal) -> list[str]:
    """What cookies are signed with: the last one signs, all are taken.  Another data key makes
    them void, unless it follows one that is known.
    """
    return seal.indexes("operator cookie")[::-1]


# --- What is posted -----------------------------------------------------------


async def read_form(request: Request, most: int = MOST_OCTETS) -> FormData:
    """The form of a request.  Raises `Refused`, `TooLarge` and `TooSlow`; what comes
    beyond `most` octets is not read, whatever the request says of its length.
    """

    async def read(bounded: Request) -> FormData:
        return await bounded.form(max_files=1, max_fields=MOST_FIELDS, max_part_size=most)

    return await _read(request, most, read)


async def read_login(request: Request) -> Form:
    """The same of the form of a log-in, by a parser that costs callers next to nothing."""
    try:
        return parse_form(await _read(request, MOST_AT_THE_DOOR, Request.body))
    except BadRequest:
        raise Refused from None


async def _read(request: Request, most: int, read: Callable[[Request], Awaitable[T]]) -> T:
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

    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await read(Request(request.scope, measured))
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
