"""Log-in, log-out, and the first of the operator's pages."""

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response

from web.auth.authentication import (
    Authentication,
    LoginDisabled,
    NotAllowed,
    NotLoggedIn,
    Refused,
    TooLarge,
    TooSlow,
)

FIRST_PAGE = "/operator/menu"

_ANSWERS = {
    LoginDisabled: (404, "Not Found"),
    Refused: (403, "Refused: this did not come from a page of ours."),
    TooLarge: (413, "Too large: at most 1 MB at once."),
    TooSlow: (408, "Too slow: it did not come in time."),
}


def login_pages(auth: Authentication) -> APIRouter:
    """`/operator` itself, the form that asks for the token, and log-out."""
    routes = APIRouter(prefix="/operator")

    @routes.get("", dependencies=[Depends(auth.admit)])
    async def first() -> Response:
        return RedirectResponse(FIRST_PAGE, 303)

    @routes.get("/enter")
    async def show_login(request: Request) -> Response:
        return auth.show_login(request)

    @routes.post("/enter")
    async def log_in(request: Request) -> Response:
        return await auth.log_in(request)

    @routes.post("/leave", dependencies=[Depends(auth.admit), Depends(auth.read_form)])
    async def log_out(request: Request) -> Response:
        return await auth.log_out(request)

    return routes


def answer_refusals(app: FastAPI, auth: Authentication) -> None:
    """Turn what a refused request raises into answers."""

    async def lead_to_login(_request: Request, _error: Exception) -> Response:
        return RedirectResponse("/operator/enter", 303)

    async def refuse(_request: Request, error: Exception) -> Response:
        status, text = _ANSWERS[type(error)]
        return PlainTextResponse(text, status)

    async def not_allowed(request: Request, _error: Exception) -> Response:
        return auth.show_not_allowed(request)

    app.add_exception_handler(NotLoggedIn, lead_to_login)
    app.add_exception_handler(NotAllowed, not_allowed)
    for kind in _ANSWERS:
        app.add_exception_handler(kind, refuse)
