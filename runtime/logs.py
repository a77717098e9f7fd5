"""The log: its two forms, the request that a line belongs to, what may be said of an error.

Only lines of our own are written as they are: by the rule of the house they hold no number and
nothing that a person typed.  Of those of libraries, what was filled in is left out, since it
may quote a person, and so is the message of every error.
"""

import json
import logging
import secrets
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

LogForm = Literal["text", "json"]

OURS = {"main", "runtime", "menus", "sms", "ussd", "web", "cli"}
"""The rooms, by which our loggers are named."""

_REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")


def begin_request() -> None:
    """Give the request that this task answers an id: it stands in each line of it."""
    _REQUEST_ID.set(secrets.token_hex(8))


def redacted(error: BaseException) -> str:
    """The kind of error and where it arose.  Its message may quote a person."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "nowhere"
    return f"{type(error).__name__} at {where}"


def room_of(record: logging.LogRecord) -> str:
    """The room, or the library, that wrote a line."""
    return record.name.split(".")[0].strip("_")


def message_of(record: logging.LogRecord) -> str:
    """What may be said of a line, without its error."""
    if room_of(record) in OURS:
        return record.getMessage().strip()
    return str(record.msg).split("\n", 1)[0].strip()


class TextLines(logging.Formatter):
    """Lines for people.  Of an error, its kind and the lines of code that it came through."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (its name there)
        record.message = message_of(record)
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:  # noqa: N802 (its name there)
        error = ei[1] if isinstance(ei, tuple) else None
        if error is None:
            return ""
        return "".join([*traceback.format_tb(error.__traceback__), type(error).__name__])


class JsonLines(logging.Formatter):
    """One object a line, for programs.  The time is in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"time": at, "level": record.levelname, "room": room_of(record)}
        line["message"] = message_of(record)
        if request := _REQUEST_ID.get():
            line["request"] = request
        if record.exc_info and record.exc_info[1]:
            line["error"] = redacted(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def start_log(form: LogForm) -> None:
    """Write what this process logs to its standard error; libraries from
    warnings on.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.captureWarnings(capture=True)
    for name in ("uvicorn", "watchfiles", "httpx"):  # they log each start, change and call
        logging.getLogger(name).setLevel(logging.WARNING)
