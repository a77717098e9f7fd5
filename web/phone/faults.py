"""Faults that a person switches on at the phone, to see what callers see.

With the simulator only.  Each is real and ends by itself: a session that is lost is
deleted, Redis is made to wait, the simulator's gateway fails as others do.
"""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from redis.asyncio import Redis

from runtime.redis_client import servers_of
from sms.gateways import GatewayFault, Simulator
from ussd.sessions import Sessions
from web.auth import json_of
from web.phone.answers import Answer, with_redis_state

LONGEST_PAUSE_SECONDS = 30


class LostSession(BaseModel):
    """The session to be lost."""

    session: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,128}$")]


class Pause(BaseModel):
    """How long Redis is to wait."""

    seconds: Annotated[int, Field(ge=1, le=LONGEST_PAUSE_SECONDS)]


class ChosenFault(BaseModel):
    """How the gateway is to fail; None: it works."""

    fault: GatewayFault | None


def fault_pages(redis: Redis, simulator: Simulator, sessions: Sessions) -> APIRouter:
    """What the page's switches ask for."""
    routes = APIRouter(prefix="/phone")

    @routes.post("/lose")
    @with_redis_state
    async def lose(asked: Annotated[LostSession, Depends(json_of(LostSession))]) -> Answer:
        return {"lost": await sessions.forget(asked.session)}

    @routes.post("/pause")
    @with_redis_state
    async def pause(asked: Annotated[Pause, Depends(json_of(Pause))]) -> Answer:
        """All clients of this Redis wait, ours and others: as if it hung."""
        for server in await servers_of(redis):
            await redis.client_pause(asked.seconds * 1000, all=True, **server)
        return {"seconds": asked.seconds}

    @routes.post("/gateway")
    @with_redis_state
    async def fail(asked: Annotated[ChosenFault, Depends(json_of(ChosenFault))]) -> Answer:
        await simulator.fail(asked.fault)
        return {}

    return routes
