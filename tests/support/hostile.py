"""The callbacks of `hostile.jsonl`, and posting one octet by octet, as no client would.

A line of the file is a callback: `path` with `SECRET` for the secret and `NOW` for the time of
posting (a hop that is older than its session is answered with nothing),
`body` or `base64`, and what must come out: `status`, `answer` (a screen, empty, OK, or any), how
many `wishes` it may leave in the outbox, and what its answer must `not` have.  A text is
also a list, where `["x", 5000]` is `x` 5,000 times.
"""

import base64
import json
import re
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sms.encoding import Encoding, measure
from tests.support.service import SECRET

TABLE = Path(__file__).parents[1] / "hostile.jsonl"
SECONDS = 20.0
UNITS = {Encoding.GSM_7: 160, Encoding.UCS_2: 70}


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: str
    body: str


@dataclass(frozen=True)
class Case:
    """A line of the file."""

    name: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    status: str
    answer: str
    wishes: int
    unwanted: tuple[str, ...] = field(default=())

    def faults(self, got: Answer) -> list[str]:
        """All that is wrong with the answer."""
        said = got.headers + got.body
        return [
            *([] if _fits(self.status, got.status) else [f"{got.status}, not {self.status}"]),
            *([] if _has_form(self.answer, got) else [f"not {self.answer}: {got.body[:80]!r}"]),
            *(f"says {each!r}" for each in (*self.unwanted, "Traceback") if each in said),
        ]

    def octets(self) -> bytes:
        """The whole request."""
        given = {"Host": "127.0.0.1", **self.headers}
        given |= {"Content-Length": str(len(self.body)), "Connection": "close"}
        path = self.path.replace("NOW", str(int(time.time())))
        lines = [f"{self.method} {path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in given.items()]
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogatepass") + self.body


def cases() -> list[Case]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return [_case(json.loads(line)) for line in lines]


def post(base: str, case: Case) -> Answer:
    """Raises `OSError` where nothing comes back."""
    port = int(base.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
        with suppress(ConnectionError):  # the answer came before all was sent
            connection.sendall(case.octets())
        return _answer(_received(connection))


def _case(row: dict[str, Any]) -> Case:
    headers = {name: _text(value) for name, value in row["headers"].items()}
    if row["type"]:
        headers = {"Content-Type": _text(row["type"]), **headers}
    body = _text(row.get("body", "")).encode("utf-8", "surrogatepass")
    return Case(
        row["name"],
        row["method"],
        _text(row["path"]).replace("SECRET", SECRET),
        headers,
        base64.b64decode(row["base64"]) if "base64" in row else body,
        row["status"],
        row["answer"],
        row["wishes"],
        tuple(row["not"]),
    )


def _text(given: str | list[Any]) -> str:
    if isinstance(given, str):
        return given
    return "".join(each if isinstance(each, str) else each[0] * each[1] for each in given)


def _received(connection: socket.socket) -> bytes:
    received = b""
    with suppress(ConnectionResetError):
        while octets := connection.recv(65536):
            received += octets
    return received


def _answer(octets: bytes) -> Answer:
    if not octets:
        raise ConnectionError("no answer")
    head, _, body = octets.partition(b"\r\n\r\n")
    first, _, headers = head.decode("latin-1").partition("\r\n")
    return Answer(int(first.split()[1]), headers, body.decode())


def _fits(wanted: str, status: int) -> bool:
    """`wanted`: a status, or classes of them, such as `2xx or 4xx`."""
    return str(status) in wanted or f"{status // 100}xx" in wanted


def _has_form(wanted: str, got: Answer) -> bool:
    """A refusal may say why."""
    if wanted == "any" or got.status >= 400:
        return True
    return any(FORMS[each](got) for each in wanted.split(" or "))


def is_screen(got: Answer) -> bool:
    """Words that fit a phone, and no character that is not shown."""
    body = re.sub(r"\A(CON|END) ", "", got.body)
    measured = measure(body)
    shown = body.replace("\n", "").isprintable()
    return bool(body) and shown and measured.units <= UNITS[measured.encoding]


FORMS: dict[str, Callable[[Answer], bool]] = {
    "screen": is_screen,
    "empty": lambda got: not got.body,
    "OK": lambda got: got.body in ("OK", ""),
}
