"""What may come often, told in a log seldom: the first time, then at most once an hour."""

import logging
from collections.abc import Callable
from time import monotonic

EVERY_SECONDS = 3600.0


class LimitedLog:
    """Counts, and tells how many there were since it told last.  `line` has one `%d`."""

    def __init__(
        self, log: logging.Logger, line: str, now: Callable[[], float] = monotonic
    ) -> None:
        self._log = log
        self._line = line
        self._now = now
        self._count = 0
        self._told: float | None = None

    def note(self) -> None:
        """One more."""
        self._count += 1
        if self._told is None or self._now() - self._told >= EVERY_SECONDS:
            self._log.warning(self._line, self._count)
            self._count, self._told = 0, self._now()
