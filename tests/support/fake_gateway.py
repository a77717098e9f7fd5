"""A stand-in for Africa's Talking: a real HTTP server that keeps to its wire, and
misbehaves on demand.  By hand:

    .venv/bin/python -m tests.fake_gateway --port 9000 --reports http://127.0.0.1:8000/…/delivery
    KOMEK_AT_URL=http://127.0.0.1:9000 KOMEK_AT_API_KEY=right …
    curl -d mode=hang http://127.0.0.1:9000/fake/mode     any of `MODES`
    curl http://127.0.0.1:9000/fake/sent                  every recipient, in order
    curl http://127.0.0.1:9000/fake/calls                 the form of every call

A number that ends in `99` and a code of three digits (`+77010099406`) gets that code.
Reports: `never`, `early` (before the answer), `late`, `twice`, `reversed`.
"""

import argparse
import json
import socket
import struct
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode
from uuid import uuid4

API_KEY = "right"
CODES = {
    100: "Processed",
    101: "Sent",
    102: "Queued",
    401: "RiskHold",
    402: "InvalidSenderId",
    403: "InvalidPhoneNumber",
    404: "UnsupportedNumberType",
    405: "InsufficientBalance",
    406: "UserInBlacklist",
    407: "CouldNotRoute",
    409: "DoNotDisturbRejection",
    500: "InternalServerError",
    501: "GatewayError",
    502: "RejectedByGateway",
}
MODES = {
    "accept": "takes every message",
    "charset": "the same, its JSON said to be `application/json; charset=utf-8`",
    "text": "the same, its JSON said to be text",
    "hang": "takes it and does not answer",
    "reset": "takes it and resets the connection",
    "error after": "takes it and answers 500",
    "garbage": "takes it and answers 201 with no JSON",
    "trickle": "takes it and answers a byte now and then",
    "throttle": "429, takes nothing",
    "unavailable": "503, takes nothing",
    "unauthorized": "401 as plain text, takes nothing",
    "bad syntax": "400 as plain text, takes nothing",
    "nobody": "201 and an empty list of recipients",
    "forgetful": "takes every message, and leaves the last recipient out of its answer",
    "conflict": "409 with the usual body",
    "redirect": "302 to somewhere else",
}
_TAKES = {"accept", "charset", "text", "hang", "reset", "error after", "garbage", "trickle"}
_TAKES |= {"forgetful"}


@dataclass(frozen=True)
class Sent:
    """One recipient of a message that was taken."""

    to: str
    text: str
    id: str
    at: float


@dataclass
class FakeGateway:
    """What the server does (may be changed while it runs) and what it has seen."""

    mode: str = "accept"
    modes: Callable[[], str] | None = None
    """Chooses the mode of each call, if set."""
    latency: Callable[[], float] = lambda: 0.0
    """Seconds before a message is taken, and again before the answer."""
    hang_seconds: float = 12.0
    reports_to: str = ""
    reports: str = "never"
    calls: list[dict[str, str]] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    connections: int = 0
    base: str = ""

    def times(self) -> dict[str, int]:
        """How often each number was texted."""
        counts: dict[str, int] = {}
        for each in list(self.sent):
            counts[each.to] = counts.get(each.to, 0) + 1
        return counts

    def take(self, form: dict[str, str], mode: str) -> tuple[list[dict[str, Any]], list[Sent]]:
        """The recipients as an answer tells of them, and those that were accepted."""
        told, taken = [], []
        for number in form.get("to", "").split(","):
            code = 409 if mode == "conflict" else _code(number)
            accepted, id_ = code in (100, 101, 102), f"ATXid_{uuid4().hex}"
            told.append(_recipient(number, code, id_ if accepted else "None"))
            if accepted and mode in _TAKES:
                taken.append(Sent(number, form.get("message", ""), id_, time.time()))
        self.sent.extend(taken)
        return told, taken

    def report_forms(self, sent: Sent) -> list[dict[str, str]]:
        """The reports of one message, in the order in which they are posted."""
        final = "Failed" if sent.to.endswith("13") else "Success"
        forms = [_report(sent, "Submitted"), _report(sent, final)]
        if self.reports == "reversed":
            forms.reverse()
        return forms * 2 if self.reports == "twice" else forms

    def post_reports(self, taken: list[Sent]) -> None:
        """Post the reports of these messages."""
        for sent in taken:
            for form in self.report_forms(sent):
                with suppress(OSError):
                    urllib.request.urlopen(  # noqa: S310
                        self.reports_to, urlencode(form).encode(), timeout=5
                    ).close()


def _code(number: str) -> int:
    code = int(number[-3:]) if number[-5:-3] == "99" else 101
    return code if code in CODES else 101


def _recipient(number: str, code: int, id_: str) -> dict[str, Any]:
    accepted = code in (100, 101, 102)
    return {
        "statusCode": code,
        "number": number,
        "status": "Success" if accepted else CODES[code],
        "cost": "KES 0.8000" if accepted else "0",
        "messageId": id_,
    }


def _report(sent: Sent, status: str) -> dict[str, str]:
    form = {"id": sent.id, "status": status, "phoneNumber": sent.to, "networkCode": "99999"}
    return form | ({"failureReason": "DeliveryFailure"} if status == "Failed" else {})


class _Handler(BaseHTTPRequestHandler):
    gateway: ClassVar[FakeGateway]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.gateway.connections += 1

    def do_GET(self) -> None:
        if self.path.startswith("/version1/user?"):
            right = self.headers.get("apiKey") == API_KEY
            self._answer(200 if right else 401, "{}")
            return
        if self.path == "/fake/calls":
            self._answer(200, json.dumps(self.gateway.calls))
            return
        everything = [[each.to, each.text, each.id] for each in self.gateway.sent]
        self._answer(200, json.dumps(everything))

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        raw = self.rfile.read(length)
        if len(raw) < length:  # whoever asked was killed in the middle of it
            self.close_connection = True
            return
        form = {name: values[0] for name, values in parse_qs(raw.decode(), True).items()}
        if self.path == "/fake/mode":
            self.gateway.mode = form["mode"]
            self._answer(200, "{}")
        elif self.path != "/version1/messaging":
            self._answer(404, "Not Found", "text/plain")
        else:
            self._messaging(form)

    def _messaging(self, form: dict[str, str]) -> None:
        gateway = self.gateway
        mode = gateway.modes() if gateway.modes else gateway.mode
        mode = mode if self.headers.get("apiKey") == API_KEY else "unauthorized"
        gateway.calls.append(form)
        time.sleep(gateway.latency())
        if mode in _REFUSALS:
            self._answer(*_REFUSALS[mode])
            return
        told, taken = gateway.take(form, mode)
        if gateway.reports == "early":
            gateway.post_reports(taken)
        time.sleep(gateway.latency())
        self._tell(mode, told)
        if gateway.reports_to and gateway.reports not in ("never", "early"):
            threading.Thread(target=gateway.post_reports, args=[taken]).start()

    def _tell(self, mode: str, told: list[dict[str, Any]]) -> None:
        if mode in ("hang", "reset"):
            self._break_off(self.gateway.hang_seconds if mode == "hang" else 0.0)
            return
        told = told[:-1] if mode == "forgetful" else told
        message = {"Message": f"Sent to {len(told)}", "Recipients": told}
        body = json.dumps({"SMSMessageData": message})
        kind = {"charset": "application/json; charset=utf-8", "text": "text/html"}
        if mode == "error after":
            self._answer(500, "oops", "text/plain")
        elif mode == "garbage":
            self._answer(201, "<html>Sent</html>")
        elif mode == "trickle":
            self._trickle(body)
        else:
            self._answer(
                409 if mode == "conflict" else 201, body, kind.get(mode, "application/json")
            )

    def _trickle(self, body: str) -> None:
        self._head(201, len(body), "application/json")
        with suppress(OSError):
            for octet in body.encode():
                self.wfile.write(bytes([octet]))
                time.sleep(0.1)

    def _break_off(self, seconds: float) -> None:
        time.sleep(seconds)
        at_once = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        self.connection.close()
        self.close_connection = True

    def _answer(self, status: int, body: str, kind: str = "application/json") -> None:
        with suppress(OSError):  # whoever asked is gone: killed, most likely
            self._head(status, len(body.encode()), kind)
            self.wfile.write(body.encode())

    def _head(self, status: int, length: int, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        if status == 302:
            self.send_header("Location", f"{self.gateway.base}/elsewhere")
        self.end_headers()

    def handle(self) -> None:
        with suppress(OSError, ValueError):
            super().handle()

    def finish(self) -> None:
        with suppress(OSError, ValueError):
            super().finish()

    def log_message(self, *_: object) -> None:
        """Nothing: the log would quote numbers."""


_NOBODY = json.dumps({"SMSMessageData": {"Message": "InvalidSenderId", "Recipients": []}})
_REFUSALS = {
    "throttle": (429, "Too many requests", "text/plain"),
    "unavailable": (503, "Service Unavailable", "text/plain"),
    "unauthorized": (401, "The supplied authentication is invalid", "text/plain"),
    "bad syntax": (400, "The request contains bad syntax or cannot be fulfilled", "text/plain"),
    "nobody": (201, _NOBODY, "application/json"),
    "redirect": (302, "elsewhere", "text/plain"),
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256


def serve(gateway: FakeGateway, port: int = 0) -> _Server:
    """A server, not yet serving; `gateway.base` is its address."""
    server = _Server(("127.0.0.1", port), type("Handler", (_Handler,), {"gateway": gateway}))
    gateway.base = f"http://127.0.0.1:{server.server_port}"
    return server


@contextmanager
def fake_gateway(port: int = 0) -> Iterator[FakeGateway]:
    """A gateway that runs until the block ends."""
    gateway = FakeGateway()
    server = serve(gateway, port)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield gateway
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in for Africa's Talking.")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--mode", choices=MODES, default="accept")
    parser.add_argument("--reports", default="", help="where delivery reports are posted")
    options = parser.parse_args()
    reports = "late" if options.reports else "never"
    gateway = FakeGateway(options.mode, reports_to=options.reports, reports=reports)
    with serve(gateway, options.port) as server, suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()
