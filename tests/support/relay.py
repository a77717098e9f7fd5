"""What stands between Kannel and Komek in the tests, and fails as a service does.

Each post takes the next of `ways`; once they are used up, it passes, as each report does.

    error   500, and Komek hears nothing        drop   closed, and Komek hears nothing
    hang    no answer, and Komek hears nothing  lose   Komek answers, and nobody hears it
"""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HANG_SECONDS = 3.5
"""Longer than the patience of `HURRY`."""


@dataclass
class Relay:
    target: str
    base: str = ""
    ways: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    """Path and query of each request."""
    seconds: list[float] = field(default_factory=list)
    """How long Komek took for each."""

    def way_of(self, command: str) -> str:
        return self.ways.pop(0) if self.ways and command == "POST" else "pass"


class _Handler(BaseHTTPRequestHandler):
    relay: Relay
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle(self) -> None:
        with suppress(OSError):  # Kannel was killed
            super().handle()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.relay.seen.append(self.path)
        match self.relay.way_of(self.command):
            case "error":
                self._answer(500, {}, b"")
            case "hang":
                time.sleep(HANG_SECONDS)
                self.close_connection = True
            case "drop":
                self.close_connection = True
            case "lose":
                self._ask(body)
                self.close_connection = True
            case _:
                self._answer(*self._ask(body))

    def do_GET(self) -> None:
        self.do_POST()

    def _ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        address, began = urlsplit(self.relay.target), time.monotonic()
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)
        try:
            connection.request(self.command, self.path, body, dict(self.headers.items()))
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        self.relay.seconds.append(time.monotonic() - began)
        return response.status, dict(response.getheaders()), answer

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    """Kannel opens many connections at once; of more than wait, some take seconds."""


@contextmanager
def relay_to(target: str) -> Iterator[Relay]:
    relay = Relay(target)
    handler = type("Handler", (_Handler,), {"relay": relay})
    server = _Server(("127.0.0.1", 0), handler)
    relay.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
