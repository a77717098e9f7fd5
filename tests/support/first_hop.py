"""Answers one dialled hop as `serve` does, then shows one page; run as a process.

Prints the modules that are loaded after the hop, and in a second line after the page.
"""

import asyncio
import sys
from typing import Any

from main import create_app
from runtime.settings import Settings, secret_of

FORM = b"sessionId=s-1&phoneNumber=%2B77010000000&text="


async def main() -> None:
    settings = Settings()
    app = create_app(settings)
    hop = f"/africastalking/{secret_of(settings)}/ussd"
    assert b"112" in await answered(app, "POST", hop, FORM)
    print(*sys.modules)
    assert b"<html" in await answered(app, "GET", "/operator/enter")
    print(*sys.modules)


async def answered(app: Any, method: str, path: str, body: bytes = b"") -> bytes:
    """The body of the answer."""
    said: list[bytes] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body}

    async def send(message: dict[str, Any]) -> None:
        said.append(message.get("body", b""))

    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": []}
    await app(scope, receive, send)
    return b"".join(said)


asyncio.run(main())
