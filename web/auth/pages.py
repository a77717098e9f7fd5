"""The way in and out of the operator's pages, and the first of them."""

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from web.auth.door import Door, LoginDisabled, NotLoggedIn, Operator, Refused, TooLarge, TooSlow

FIRST = "/operator/menu"

_SAID = {
    LoginDisabled: (404, "Not Found"),
    Refused: (403, "Refused: this did not come from a page of ours."),
    TooLarge: (413, "Too large: at most 1 MB at once."),
    TooSlow: (408, "Too slow: it did not come in time."),
}


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

    async def plainly(_request: Request, error: Exception) -> Response:
        status, said = _SAID[type(error)]
        return PlainTextResponse(said, status)

    app.add_exception_handler(NotLoggedIn, to_the_door)
    for what in _SAID:
        app.add_exception_handler(what, plainly)
