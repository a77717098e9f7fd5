"""Faults that a person switches on at the phone, to see what callers see.

With the simulator only.  Each is real and ends by itself: a session that is lost is
deleted, Redis is made to wait, the simulator's gateway fails as others do.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from redis.asyncio import Redis

from runtime.redis_client import REDIS_ERRORS
from sms.gateways import Fault, Simulator
from ussd.sessions import Sessions
from web.auth import json_of

LONGEST_PAUSE_SECONDS = 30


class LostSession(BaseModel):
    """The session to be lost."""

    session: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,128}$")]


class Pause(BaseModel):
    """How long Redis is to wait."""

    seconds: Annotated[int, Field(ge=1, le=LONGEST_PAUSE_SECONDS)]


class GatewayFault(BaseModel):
    """How the gateway is to fail; None: it works."""

    fault: Fault | None


def fault_pages(redis: Redis, simulator: Simulator, sessions: Sessions) -> APIRouter:
    """What the page's switches ask for.  `redis: false` in an answer: Redis did not answer."""
    routes = APIRouter(prefix="/phone")

    @routes.post("/lose")
    async def lose(asked: Annotated[LostSession, Depends(json_of(LostSession))]) -> dict[str, Any]:
        try:
            return {"redis": True, "lost": await sessions.forget(asked.session)}
        except REDIS_ERRORS:
            return {"redis": False}

    @routes.post("/pause")
    async def pause(asked: Annotated[Pause, Depends(json_of(Pause))]) -> dict[str, Any]:
        """All clients of this Redis wait, ours and others: as if it hung."""
        try:
            await redis.client_pause(asked.seconds * 1000, all=True)
        except REDIS_ERRORS:
            return {"redis": False}
        return {"redis": True, "seconds": asked.seconds}

    @routes.post("/gateway")
    async def gateway(
        asked: Annotated[GatewayFault, Depends(json_of(GatewayFault))],
    ) -> dict[str, Any]:
        try:
            await simulator.fail(asked.fault)
        except REDIS_ERRORS:
            return {"redis": False}
        return {"redis": True}

    return routes
