"""What a watcher asks of the service: whether it is alive, and ready."""

import asyncio
from contextlib import suppress

from fastapi.responses import JSONResponse
from redis.asyncio import Redis

from menus.live import LiveMenu
from runtime.redis_client import REDIS_ERRORS
from ussd.scripts import REDIS_SECONDS


async def alive() -> dict[str, str]:
    return {"status": "alive"}


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
