"""What the service answers to the page of the phone, in JSON."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ParamSpec

from runtime.redis_client import REDIS_ERRORS

Answer = dict[str, Any]
P = ParamSpec("P")


def with_redis_state(handler: Callable[P, Awaitable[Answer]]) -> Callable[P, Awaitable[Answer]]:
    """The handler, whose answer also has `redis: true`, or is `redis: false` alone when Redis
    does not answer.
    """

    @wraps(handler)
    async def answer(*args: P.args, **kwargs: P.kwargs) -> Answer:
        try:
            return {"redis": True, **await handler(*args, **kwargs)}
        except REDIS_ERRORS:
            return {"redis": False}

    return answer
