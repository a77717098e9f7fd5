"""Uvicorn's HTTP with bounds of its own, so that it can be reached without a proxy.

Whoever sends slowly, or nothing, holds a place for a while only: each connection that waits
for a request or for the rest of one is closed after some seconds, and where there are too many
after fewer.  Who has just come is never one of those: a crowd that comes in one moment is
accepted before the first of it is read.  A server that ends answers first what is on its way.
"""

import asyncio
import os
import resource
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_OCTETS = 16 * 1024
"""Of the line and the headers of a request, but for what comes with them at once."""
MOST_OCTETS = 4 * 1024 * 1024
"""Of a whole request.  Each page and callback has a lower limit of its own."""
HEAD_SECONDS, BODY_SECONDS, LINGER_SECONDS = 10.0, 30.0, 1.0
CROWD_SECONDS = 2.0
"""Each that waits has at least so long, however many others do."""
MOST_WAITING = 256
"""Connections of a process that wait for a request; and as many for the rest of one."""
DESCRIPTORS = 8192
_FIRST_GIVEN = 3
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n\r\n"


class Closable(Protocol):
    """Of a connection, what is needed to end it."""

    def close(self) -> None: ...


class WaitingConnections:
    """Connections that wait: each for so many seconds, and beyond so many at once for
    `CROWD_SECONDS`.
    """

    def __init__(self, seconds: float, most: int = MOST_WAITING) -> None:
        self._seconds = seconds
        self._most = most
        self._since: dict[Closable, float] = {}
        self._looking = False

    def begin(self, connection: Closable) -> None:
        """It waits from now on."""
        loop = asyncio.get_running_loop()
        self._since.pop(connection, None)
        self._since[connection] = loop.time()
        if not self._looking:
            self._looking = True
            loop.call_later(1.0, self._look, loop)
        elif len(self._since) > self._most:
            self._close_who_waits_too_long(loop.time())

    def end(self, connection: Closable) -> None:
        """It waits no more."""
        self._since.pop(connection, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close whose time is up, each second while anybody waits."""
        self._close_who_waits_too_long(loop.time())
        self._looking = bool(self._since)
        if self._looking:
            loop.call_later(1.0, self._look, loop)

    def _close_who_waits_too_long(self, now: float) -> None:
        while self._since and (longest := next(iter(self._since))):
            too_many = len(self._since) > self._most
            if now - self._since[longest] <= (CROWD_SECONDS if too_many else self._seconds):
                return
            del self._since[longest]
            longest.close()


_for_head, _for_rest = WaitingConnections(HEAD_SECONDS), WaitingConnections(BODY_SECONDS)


class BoundedHttp(HttpToolsProtocol):
    """HTTP of one connection, with the bounds of this module."""

    _in_head = True
    _octets = 0
    _ending = False

    def close(self) -> None:
        self.transport.close()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        _for_head.begin(self)

    def connection_lost(self, exc: Exception | None) -> None:
        _for_head.end(self)
        _for_rest.end(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._octets += len(data)
        super().data_received(data)
        if self._in_head and self._octets > MOST_HEAD_OCTETS:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        elif self._octets > MOST_OCTETS:
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._in_head = False
        _for_head.end(self)
        _for_rest.begin(self)
        super().on_headers_complete()
        if self._ending:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        self._in_head, self._octets = True, 0
        _for_rest.end(self)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and self._in_head:
            _for_head.begin(self)

    def shutdown(self) -> None:
        """The server ends.  A request that is on its way is still answered."""
        self._ending = True
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(LINGER_SECONDS, self._close_unless_busy)
        else:
            self.cycle.keep_alive = False

    def _close_unless_busy(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()


def allow_descriptors() -> None:
    """Raise the limit of open files to `DESCRIPTORS`, as far as we may: each call takes one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(OSError, ValueError):  # where a sandbox forbids it
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def environment_with(listening: socket.socket, environment: Mapping[str, str]) -> dict[str, str]:
    """What hands the socket to the program that this process becomes, as systemd does."""
    os.dup2(listening.fileno(), _FIRST_GIVEN)
    os.set_inheritable(_FIRST_GIVEN, True)  # where it was that one already
    return {**environment, "LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}


def given_socket() -> socket.socket | None:
    """The listening socket that systemd hands us, or the process that we were before: it stays
    open while we are started anew, so callers wait for us and are not refused.
    """
    ours = os.environ.get("LISTEN_PID") == str(os.getpid())
    if not ours or os.environ.get("LISTEN_FDS") != "1":
        return None
    given = socket.socket(fileno=_FIRST_GIVEN)
    given.set_inheritable(True)
    return given
