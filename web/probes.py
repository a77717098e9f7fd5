"""/healthz and /readyz: what a watcher asks of the service, whether it is alive, and ready."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic

from redis.asyncio import Redis
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from menus.live import LiveMenu
from runtime.redis_client import REDIS_ERRORS
from runtime.redis_status import refusal_of
from sms.outbox import Queue, first_in_line
from ussd.scripts import REDIS_SECONDS

SENT_SECONDS = 60.0
"""In which a reply is sent, refused or given up; longer than any call to a gateway takes."""
NO_ANSWER = "does not answer; hops go by their text"
ANSWERS = "answers"


def probes(menu: LiveMenu, redis: Redis, replicas: int) -> Iterator[Route]:
    """Both addresses.  `replicas`: how many must have what is acknowledged."""
    readiness = Readiness(menu, redis, replicas)

    async def show_alive(_request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def show_ready(_request: Request) -> Response:
        return await readiness.answer()

    yield Route("/healthz", show_alive)
    yield Route("/readyz", show_ready)


@dataclass
class Line:
    """Whether replies move on, by who is first in line at each look: no clock but our own."""

    now: Callable[[], float] = monotonic
    _first: str | None = None
    _since: float = 0.0

    def stands(self, first: str | None) -> bool:
        """Whether the same message has been the first for longer than `SENT_SECONDS`."""
        now = self.now()
        if first is None or first != self._first:
            self._first, self._since = first, now
        return now - self._since > SENT_SECONDS


@dataclass
class Readiness:
    """Whether Redis answers and takes changes, and whether replies are sent."""

    menu: LiveMenu
    redis: Redis
    replicas: int
    line: Line = field(default_factory=Line)

    async def answer(self) -> JSONResponse:
        """Also which menu is in force, and how many faults a newer one was refused for."""
        redis, stands = await self._of_redis()
        content = {
            "redis": redis,
            "replies": f"wait for more than {SENT_SECONDS:.0f} s" if stands else "are sent",
            "menu": self.menu.current.version,
            "faults of a refused change": len(self.menu.refused),
        }
        return JSONResponse(content, 200 if redis == ANSWERS and not stands else 503)

    async def _of_redis(self) -> tuple[str, bool]:
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                refusal = await refusal_of(self.redis, self.replicas, REDIS_SECONDS / 2)
                stands = self.line.stands(await first_in_line(self.redis, Queue.REPLIES))
        except REDIS_ERRORS:
            return NO_ANSWER, False
        return (
            f"takes no changes ({refusal}); hops go by their text" if refusal else ANSWERS,
            stands,
        )
