"""A stand-in for Kannel's `sendsms`: answers as it is told, over real connections.

What Kannel itself says is tried on Kannel (`tests/kannel/`); this one also hangs, breaks off
and says what Kannel never would.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

ACCEPTED = "202 0: Accepted for delivery"
FULL = "503 Temporal failure, try again later."
HANGS, BREAKS_OFF = "hangs", "breaks off"


@dataclass(frozen=True)
class Asked:
    """One call: its headers, by their names in small letters, and the text."""

    headers: dict[str, str]
    text: str

    @property
    def to(self) -> str:
        return self.headers["x-kannel-to"]


@dataclass
class FakeSendSms:
    """`answer`: to each call, its status and body, or one of the two ways to say nothing."""

    url: str = ""
    answer: Callable[[Asked], str] = lambda _asked: ACCEPTED
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    at_once: int = 0
    most_at_once: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while asked := await _read(reader):
                self.asked.append(asked)
                if not await self._respond(asked, writer):
                    break
        finally:
            writer.close()

    async def _respond(self, asked: Asked, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection is kept."""
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0.005)
        self.at_once -= 1
        answer = self.answer(asked)
        if answer == HANGS:
            await asyncio.sleep(3600)
        if answer in (HANGS, BREAKS_OFF):
            return False
        status, _, body = answer.partition(" ")
        head = f"HTTP/1.1 {status} x\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write((head + body).encode())
        await writer.drain()
        return True


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(headers, body.decode())


@asynccontextmanager
async def fake_sendsms() -> AsyncIterator[FakeSendSms]:
    fake, tasks = FakeSendSms(), set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            tasks.add(task)
        await fake.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    fake.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/cgi-bin/sendsms"
    try:
        yield fake
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        server.close()
        await server.wait_closed()
