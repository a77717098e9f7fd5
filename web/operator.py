"""The way in and out of the operator's pages, and the first of them."""

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from web.door import Door, NotIn, Operator, Refused

FIRST = "/operator/menu"


def door_pages(door: Door) -> APIRouter:
    """`/operator` itself, the form that asks for the token, and log-out."""
    routes = APIRouter(prefix="/operator")

    @routes.get("")
    async def first(_: Annotated[Operator, Depends(door.operator)]) -> Response:
        return RedirectResponse(FIRST, 303)

    @routes.get("/enter")
    async def ask(request: Request) -> Response:
        return door.ask(request)

    @routes.post("/enter")
    async def enter(request: Request) -> Response:
        return await door.enter(request)

    @routes.post("/leave")
    async def leave(
        posted: Annotated[tuple[Operator, FormData], Depends(door.posted)],
    ) -> Response:
        return await door.leave(posted[0])

    return routes


def lead_to_the_door(app: FastAPI) -> None:
    """What a page raises about who asks for it becomes an answer."""

    async def to_the_door(_request: Request, _error: Exception) -> Response:
        return RedirectResponse("/operator/enter", 303)

    async def refused(_request: Request, _error: Exception) -> Response:
        return PlainTextResponse("Refused: this did not come from a page of ours.", 403)

    app.add_exception_handler(NotIn, to_the_door)
    app.add_exception_handler(Refused, refused)
