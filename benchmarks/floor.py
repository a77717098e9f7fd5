"""The floor: the least that any Python service does for a hop.

A bare ASGI handler under the same server settings reads the same form, asks the
same Redis once through the same client, and answers with a fixed text.  It is
started by `hop.py`.
"""

import os
import sys
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from redis.asyncio import Redis

from runtime.redis_client import connect
from ussd.scripts import REDIS_SECONDS

_SCREEN = b"CON " + b"0123456789abcde\n" * 10
_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-length", str(len(_SCREEN)).encode()),
        (b"content-type", b"text/plain; charset=utf-8"),
    ],
}
_BODY = {"type": "http.response.body", "body": _SCREEN}


class Floor:
    """One form in, one round trip to Redis, one text out."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        await self._redis.get(f"floor:{form['sessionId']}")
        await send(_START)
        await send(_BODY)


if __name__ == "__main__":
    uvicorn.run(
        Floor(connect(os.environ["KOMEK_REDIS_URL"], REDIS_SECONDS)),
        port=int(sys.argv[1]),
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
    )
