"""The door of the operator's pages: who may come in, and what they may send.

The token of the settings opens it, for eight hours or until log-out.  The browser
keeps a signed cookie that scripts and other sites cannot read or send; what is
posted must carry a token made from it as well.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer
from redis.asyncio import Redis
from starlette.datastructures import FormData

from sms.sealing import Seal
from sms.sender import REDIS_TROUBLE
from web.pages import Pages

COOKIE = "komek_operator"
OPEN_SECONDS = 8 * 3600
ATTEMPTS = 10
"""Wrong tokens from one address, before it must wait."""
ATTEMPTS_WITHIN = timedelta(minutes=10)
LONGEST_NAME = 60
MOST_OCTETS = 1024 * 1024
"""Of what an operator posts: the contacts of a country, or the words of a node."""
MOST_FIELDS = 100


@dataclass(frozen=True, slots=True)
class Operator:
    """Who is looking: the name they gave, and what each of their forms must carry."""

    name: str
    visit: str
    csrf: str


class NotIn(Exception):
    """Nobody has come in through the door; they are led to it."""


class Refused(Exception):
    """What was posted did not come from a page of ours, or is too large."""


class Door:
    """Knows the token.  Without one in the settings, `opens` is False: nothing is here."""

    def __init__(self, token: str | None, pages: Pages, redis: Redis, seal: Seal) -> None:
        self.opens = token is not None
        self._token = token or secrets.token_urlsafe()
        key = sha256(f"{self._token} {seal.index('operator cookie')}".encode()).hexdigest()
        self._cookies = URLSafeTimedSerializer(key, salt="visit")
        self._csrf = URLSafeTimedSerializer(key, salt="csrf")
        self._pages = pages
        self._attempts = Attempts(redis, seal)
        self._over = Ended(redis)

    async def operator(self, request: Request) -> Operator:
        """Who looks at a page.  Raises `NotIn`.  For `Depends`."""
        try:
            name, visit = self._cookies.loads(request.cookies.get(COOKIE, ""), OPEN_SECONDS)
        except (BadSignature, ValueError, TypeError):
            raise NotIn from None
        if not self.opens or await self._over.has(visit):
            raise NotIn
        return Operator(name, visit, str(self._csrf.dumps(visit)))

    async def posted(self, request: Request) -> tuple[Operator, FormData]:
        """Who posted a form, and the form.  Raises `NotIn` and `Refused`.  For `Depends`."""
        operator = await self.operator(request)
        form = await form_of(request)
        if not self._is_ours(str(form.get("csrf", "")), operator.visit):
            raise Refused
        return operator, form

    def ask(self, request: Request, status: int = 200, problem: str = "") -> Response:
        """The form that asks for the token."""
        return self._pages.show(request, "door", status, problem=problem)

    async def enter(self, request: Request) -> Response:
        """Let in who knows the token; elsewhere, ask again."""
        form = await form_of(request)
        name, token = str(form.get("name", "")).strip(), str(form.get("token", ""))
        address = request.client.host if request.client else ""
        if not await self._attempts.may(address):
            return self.ask(request, 429, "too_often")
        if not (self.opens and compare_digest(token.encode(), self._token.encode())):
            await self._attempts.failed(address)
            return self.ask(request, 403, "wrong_token")
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            return self.ask(request, 422, "no_name")
        return self._let_in(request, name)

    async def leave(self, operator: Operator) -> Response:
        """Log out: the cookie is taken back, and a copy of it opens nothing."""
        await self._over.add(operator.visit)
        response = RedirectResponse("/operator/enter", 303)
        response.delete_cookie(COOKIE, "/operator", httponly=True, samesite="strict")
        return response

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


async def form_of(request: Request) -> FormData:
    """The form of a request.  Raises `Refused` when it is too large, or of another site."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Refused
    if int(request.headers.get("content-length", MOST_OCTETS + 1)) > MOST_OCTETS:
        raise Refused
    return await request.form(max_files=1, max_fields=MOST_FIELDS, max_part_size=MOST_OCTETS)


class Attempts:
    """Wrong tokens by the address they came from, which is kept as a keyed hash for
    `ATTEMPTS_WITHIN`.  Without Redis, this process counts by itself.
    """

    def __init__(self, redis: Redis, seal: Seal) -> None:
        self._redis = redis
        self._index: Callable[[str], str] = lambda address: seal.index(f"address {address}")
        self._counted: dict[str, int] = {}

    async def may(self, address: str) -> bool:
        """Whether one more attempt may be made."""
        index = self._index(address)
        try:
            count = int(await self._redis.get(f"web:attempts:{index}") or 0)
        except REDIS_TROUBLE:
            count = self._counted.get(index, 0)
        return count < ATTEMPTS

    async def failed(self, address: str) -> None:
        """Count one."""
        index = self._index(address)
        self._counted[index] = self._counted.get(index, 0) + 1
        key, pipe = f"web:attempts:{index}", self._redis.pipeline(transaction=True)
        pipe.incr(key)
        pipe.expire(key, ATTEMPTS_WITHIN, nx=True)
        try:
            await pipe.execute()
        except REDIS_TROUBLE:
            return


class Ended:
    """The visits that ended by log-out, as long as their cookies would open the door."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._here: set[str] = set()

    async def add(self, visit: str) -> None:
        self._here.add(visit)
        try:
            await self._redis.set(f"web:ended:{visit}", "", ex=OPEN_SECONDS)
        except REDIS_TROUBLE:
            return

    async def has(self, visit: str) -> bool:
        if visit in self._here:
            return True
        try:
            return bool(await self._redis.exists(f"web:ended:{visit}"))
        except REDIS_TROUBLE:
            return False
