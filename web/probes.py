"""/healthz and /readyz: what a watcher asks of the service, whether it is alive, and ready."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

from redis.asyncio import Redis
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from menus.live import LiveMenu
from runtime.redis_client import REDIS_ERRORS
from ussd.scripts import REDIS_SECONDS


def probes(menu: LiveMenu, redis: Redis) -> Iterator[Route]:
    """Both addresses."""

    async def show_alive(_request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def show_ready(_request: Request) -> Response:
        return await ready(menu, redis)

    yield Route("/healthz", show_alive)
    yield Route("/readyz", show_ready)


async def ready(menu: LiveMenu, redis: Redis) -> JSONResponse:
    """Whether Redis answers; which menu is in force, and how many faults a newer
    one was refused for.
    """
    answers = False
    with suppress(*REDIS_ERRORS):
        async with asyncio.timeout(REDIS_SECONDS):
            answers = bool(await redis.ping())
    content = {
        "redis": "answers" if answers else "does not answer; hops go by their text",
        "menu": menu.current.version,
        "faults of a refused change": len(menu.refused),
    }
    return JSONResponse(content, 200 if answers else 503)
