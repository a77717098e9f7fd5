"""JSON posted by a page of ours, and by nobody else."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from fastapi import HTTPException, Request
from pydantic import BaseModel, ValidationError

from runtime.callbacks import BadRequest, read_body
from web.auth.authentication import Refused
from web.auth.origin import origin_is_host

T = TypeVar("T", bound=BaseModel)


def json_of(form: type[T]) -> Callable[[Request], Awaitable[T]]:
    """What reads such a body as `form`.  It raises `Refused` when another site may have sent
    the body, and `HTTPException` when the body is not what it should be.  For `Depends`.
    """

    async def read(request: Request) -> T:
        if not is_same_origin_json(request):
            raise Refused
        try:
            return form.model_validate_json(await read_body(request.receive))
        except BadRequest as bad:
            raise HTTPException(bad.status, str(bad)) from None
        except ValidationError as wrong:
            raise HTTPException(422, f"{wrong.error_count()} faults") from None

    return read


def is_same_origin_json(request: Request) -> bool:
    """Whether a page of this origin sent it.

    A form of another site cannot be of JSON's type; its script can be only with our
    consent, which nobody gets.  Browsers say where a request is from, too: all name the
    origin of a post, and `Sec-Fetch-Site` comes where the address is trustworthy.
    """
    headers = request.headers
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    site = headers.get("sec-fetch-site")
    if kind != "application/json" or site not in {None, "same-origin"}:
        return False
    same = origin_is_host(request)
    return site is not None if same is None else same
