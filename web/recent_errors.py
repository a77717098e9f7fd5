"""The last warnings and errors of this process, for the page of health.

Only lines of our own are kept as they were written: by the rule of the house they
hold no number and nothing that a person typed.  Of the others, kind and place.
"""

import logging
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

from runtime.logs import OURS, redacted, room_of

MOST = 50
LONGEST = 400
"""Characters of a line."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log."""

    at: datetime
    level: str
    text: str


class RecentErrors(logging.Handler):
    """Keeps the newest lines in memory, at most `MOST`."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines: deque[LogLine] = deque(maxlen=MOST)

    def listen(self) -> "RecentErrors":
        """Listen to what this process logs, in place of an earlier listener."""
        root = logging.getLogger()
        for before in [each for each in root.handlers if isinstance(each, RecentErrors)]:
            root.removeHandler(before)
        root.addHandler(self)
        return self

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one; never raises."""
        try:
            at = datetime.fromtimestamp(record.created, UTC)
            self._lines.append(LogLine(at, record.levelname, text_of(record)))
        except Exception:
            self.handleError(record)

    def newest_first(self) -> list[LogLine]:
        return list(self._lines)[::-1]


def text_of(record: logging.LogRecord) -> str:
    """What may be shown of a line."""
    parts = [record.getMessage().strip() if room_of(record) in OURS else record.name]
    if record.exc_info and record.exc_info[1]:
        parts.append(redacted(record.exc_info[1]))
    return ": ".join(parts)[:LONGEST]
