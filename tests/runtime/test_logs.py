"""The log: one object a line with the id of its request, and nothing of a person in it."""

import asyncio
import json
import logging
import re
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from runtime.callbacks import CallbackRouter, form_callback
from runtime.logs import JsonLines, TextLines
from tests.support.commands import command, process, refused
from tests.support.operators import entered, visitor
from tests.support.patience import PATIENCE
from tests.support.service import NO_TLS, SECRET
from tests.support.trees import HTTP, edit, serving, serving_soon

PERSON = "+77019876549"
FORMS = {"text": TextLines(), "json": JsonLines()}


def record(name: str, message: str, *filled: object, error: bool = False) -> logging.LogRecord:
    """A line as a logger of that name makes it."""
    raised = sys.exc_info() if error else None
    return logging.LogRecord(name, logging.ERROR, __file__, 7, message, filled, raised)


def one(form: logging.Formatter, made: logging.LogRecord) -> dict[str, Any]:
    written = form.format(made)
    assert "\n" not in written
    line: dict[str, Any] = json.loads(written)
    return line


def test_a_line_is_one_object() -> None:
    made = record("sms.outbox.worker", "worker: %d messages\nof %s", 3, "Қ")
    line = one(JsonLines(), made)
    assert datetime.fromisoformat(line.pop("time")) == pytest.approx(
        datetime.fromtimestamp(made.created, UTC), abs=datetime.resolution * 1000
    )
    assert line == {"level": "ERROR", "room": "sms", "message": "worker: 3 messages\nof Қ"}


@pytest.mark.parametrize(
    ("name", "room"),
    [("__main__", "main"), ("web.auth.authentication", "web"), ("uvicorn.error", "uvicorn")],
)
def test_each_line_says_which_room_wrote_it(name: str, room: str) -> None:
    assert one(JsonLines(), record(name, "so"))["room"] == room


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("message", "filled", "told"),
    [
        (f"Task exception was never retrieved\nfuture: <{PERSON}>", (), "never retrieved"),
        ("Retrying %r after %s", (PERSON, "an end"), "Retrying"),
    ],
)
def test_what_libraries_fill_in_is_left_out(
    form: str, message: str, filled: tuple[object, ...], told: str
) -> None:
    written = FORMS[form].format(record("asyncio", message, *filled))
    assert told in written
    assert PERSON[1:] not in written


@pytest.mark.parametrize("form", FORMS)
def test_of_an_error_only_kind_and_place_are_told(form: str) -> None:
    try:
        int(PERSON[1:] + " is who texted")
    except ValueError:
        written = FORMS[form].format(record("menus.live", "menu: failed", error=True))
    assert PERSON[1:] not in written
    assert re.search(r"ValueError at .*test_logs\.py:\d+|test_logs\.py[^V]*ValueError", written)


# --- Requests -----------------------------------------------------------------------


@pytest.fixture
def kept(caplog: pytest.LogCaptureFixture) -> logging.Logger:
    """What is logged now is kept as JSON in `caplog.text`."""
    caplog.handler.setFormatter(JsonLines())
    return logging.getLogger("web.trial")


async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """An application that logs a line, waits and fails."""
    logging.getLogger("web.trial").warning("one")
    await asyncio.to_thread(logging.getLogger("web.trial").warning, "aside")
    raise LookupError(PERSON)


async def answer(form: object) -> str:
    logging.getLogger("sms.trial").warning("answers")
    return "yes"


async def posted(*paths: str) -> list[int]:
    """What a server of Uvicorn with our router answers."""
    router = CallbackRouter({("trial", "sms"): form_callback(SECRET, answer)}, broken)
    config = uvicorn.Config(router, log_config=None, lifespan="off", port=0)
    server, listening = uvicorn.Server(config), config.bind_socket()
    serving = asyncio.create_task(server.serve([listening]))
    base = f"http://127.0.0.1:{listening.getsockname()[1]}"
    async with httpx.AsyncClient(base_url=base, trust_env=False, verify=NO_TLS) as client:
        codes = [(await client.post(path, data={"a": "b"})).status_code for path in paths]
    server.should_exit = True
    await serving
    return codes


async def test_each_line_of_a_request_has_its_id(
    kept: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    kept.warning("before")
    codes = await posted("/page", f"/trial/{SECRET}/sms", "/page")
    assert codes == [500, 200, 500]
    lines = [json.loads(each) for each in caplog.text.splitlines()]
    told = [(each["room"], each["message"]) for each in lines if each["level"] != "INFO"]
    of_page = [("web", "one"), ("web", "aside"), ("uvicorn", "Exception in ASGI application")]
    assert told == [("web", "before"), *of_page, ("sms", "answers"), *of_page]
    ids = [each.get("request") for each in lines if each["level"] != "INFO"]
    assert ids[0] is None
    assert [ids[1], ids[5]] * 3 == [ids[1], ids[5], ids[2], ids[6], ids[3], ids[7]]
    assert len({*ids}) == 4
    assert PERSON[1:] not in caplog.text


def no_http(base: str) -> bytes:
    """What a server says to a line that is no HTTP."""
    host, port = base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as line:
        line.sendall(b"GARBAGE\r\n\r\n")
        return line.recv(100)


def provoke(base: str, secret: str) -> None:
    """Make a service warn: of a callback, of a log-in, of what is no HTTP."""
    posted = HTTP.post(f"{base}/africastalking/{secret}/sms", content=b"{}")
    assert posted.status_code >= 400
    with visitor(base) as stranger:
        assert entered(stranger, "no-token-of-ours-at-all").status_code == 403
    assert no_http(base).startswith(b"HTTP/1.1 400 ")


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_service_writes_json_and_nothing_else(tree: Path, workers: str) -> None:
    own = {"KOMEK_LOG": "json", "KOMEK_CALLBACK_SECRET": SECRET}
    begun = serving(tree, "--workers", "2", **own) if workers == "2" else serving_soon(tree, **own)
    with begun as server:
        provoke(server.url, SECRET)
        written = server.said()
    lines = [json.loads(each) for each in written.splitlines()]
    assert all({"time", "level", "room", "message"} <= each.keys() for each in lines)
    said = {each["message"]: each for each in lines}
    assert any(each.startswith("service: listens on 127.0.0.1, port ") for each in said)
    of_uvicorn = said["Invalid HTTP request received."]
    assert (of_uvicorn["room"], of_uvicorn.get("request")) == ("uvicorn", None)
    requests = [said[each]["request"] for each in said if each.startswith(("callback", "operator"))]
    assert len({*requests}) == len(requests) == 2
    assert SECRET not in written


def test_another_form_is_refused(tmp_path: Path) -> None:
    told = refused(command(tmp_path, "worker", settings={"KOMEK_LOG": "jsn"}))
    assert told == ["KOMEK_LOG: Input should be 'text' or 'json'"]


@pytest.mark.usefixtures("processes")
def test_a_worker_goes_on_with_the_kept_menu_and_says_so_in_json(tree: Path) -> None:
    """Its files have become faulty, and no service runs: it ends, but not for the menu."""
    settings = {"KOMEK_LOG": "json", "KOMEK_DATA_DIR": str(tree / "data")}
    assert "no service runs" in process(tree, "worker", settings=settings).stderr
    edit(tree / "menus" / "ru.yaml", "native_reader", "native_reeder")
    lines = process(tree, "worker", settings=settings).stderr.splitlines()
    line = json.loads(lines[0])
    assert (line["level"], line["room"]) == ("ERROR", "menus")
    assert line["message"].startswith("menu: change refused, ")
    assert "no service runs" in lines[1]
