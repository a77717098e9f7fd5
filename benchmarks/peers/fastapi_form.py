"""The service that many begin with in Python: FastAPI's `Form`, and GET and SET of a session.

`hop.py` starts it with a port and a path, under the same server settings as the floor.
"""

import os
import sys
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Form
from fastapi.responses import PlainTextResponse
from redis.asyncio import Redis

from ussd.sessions import SESSION_SECONDS

_SCREEN = "CON " + "0123456789abcde\n" * 10

app = FastAPI()
redis = Redis.from_url(os.environ["KOMEK_REDIS_URL"])


@app.post(sys.argv[2], response_class=PlainTextResponse)
async def answer(
    sessionId: Annotated[str, Form()],  # noqa: N803 (the gateway's name)
    text: Annotated[str, Form()] = "",
) -> str:
    key = f"peer:{sessionId}"
    await redis.get(key)
    await redis.set(key, text, ex=SESSION_SECONDS)
    return _SCREEN


if __name__ == "__main__":
    uvicorn.run(
        app,
        port=int(sys.argv[1]),
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
    )
