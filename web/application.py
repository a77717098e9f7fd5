"""The web application: what watchers ask, and the pages, made when one is first asked for."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from web.security_headers import SecurityHeaders


def application_of(
    probes: Iterable[Route], make_pages: Callable[[], ASGIApp], lifespan: Any
) -> Starlette:
    """Everything but the callbacks of gateways.  `lifespan`: as Starlette takes it."""
    return Starlette(
        routes=[*probes, Mount("/", LatePages(make_pages))],
        middleware=[Middleware(SecurityHeaders)],
        lifespan=lifespan,
    )


class LatePages:
    """The pages, made when one is first asked for: the code of them, FastAPI and Jinja take
    10 MB and 0.4 s, and a process whom only callers and watchers ask needs none of it.
    """

    def __init__(self, make: Callable[[], ASGIApp]) -> None:
        self._make = make
        self._made: ASGIApp | None = None
        self._making = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pages = self._made or await self._first()
        await pages(scope, receive, send)

    async def _first(self) -> ASGIApp:
        """Made once, in a thread, so that callers do not wait."""
        async with self._making:
            if self._made is None:
                self._made = await asyncio.to_thread(self._make)
            return self._made
