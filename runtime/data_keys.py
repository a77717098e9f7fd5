"""Where the data keys are, and how one follows another without loss and without a stop."""

import base64
import logging
import os
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from runtime.encryption import KEY_OCTETS, DataKey, Keys, keys_in
from runtime.settings import FileSecret, Settings

LOOK_SECONDS = 10.0
"""How often a process looks whether the file of the keys is another one."""
NOTICE = timedelta(hours=1)
"""The least from when a new key is in its file until it is used: all processes know it by then."""
FORMER_KEPT = timedelta(days=61)
"""How long a former key is needed: nothing is kept under it for longer than 60 days, since each
tip of a series puts its subscription under the new one.
"""

log = logging.getLogger(__name__)


def keys_of(settings: Settings) -> Keys:
    """The data keys, read again from their file, if they are in one.  Raises `ValueError` if
    the settings have none.
    """
    if settings.data_key is None:
        raise ValueError("no data key")
    text = settings.data_key.get_secret_value()
    if isinstance(settings.data_key, FileSecret):
        return _key_file(settings.data_key.file, text)
    keys = keys_in(text)
    return lambda: keys


@cache
def _key_file(file: Path, text: str) -> "KeyFile":
    """One for all of a process, so that all of it goes over to another key at once."""
    return KeyFile(file, keys_in(text))


class KeyFile:
    """The keys of a file.  While it cannot be read, or has a fault, those known are used."""

    def __init__(
        self, file: Path, known: Sequence[DataKey], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._file, self._known, self._clock = file, known, clock
        self._seen = self._signature()
        self._looked = clock()

    def __call__(self) -> Sequence[DataKey]:
        if self._clock() - self._looked >= LOOK_SECONDS:
            self._looked = self._clock()
            self._look()
        return self._known

    def _look(self) -> None:
        seen = self._signature()
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self._known = keys_in(self._file.read_text("ascii"))
        except (OSError, ValueError):
            log.error("data key: its file cannot be read, or has a fault; the known key is used")
        else:
            log.warning("data key: its file was read again; keys in it: %d", len(self._known))

    def _signature(self) -> tuple[int, ...]:
        try:
            found = self._file.stat()
        except OSError:
            return ()
        return found.st_ino, found.st_mtime_ns, found.st_size


# --- One key after another ------------------------------------------------------------


def with_new_key(keys: Sequence[DataKey], now: datetime) -> tuple[DataKey, ...]:
    """The keys, and one that follows them.  It is used from a midnight of UTC on: who is counted
    once a day is then counted under one key.  Raises `ValueError` while one is still to come.
    """
    if keys[-1].since > now:
        raise ValueError(f"a new key is there already, from {keys[-1].since:%Y-%m-%d %H:%M} UTC on")
    midnight = (now + NOTICE).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (*keys, DataKey(os.urandom(KEY_OCTETS), midnight + timedelta(days=1)))


def needed_until(following: DataKey) -> datetime:
    """Until when the key before this one is needed."""
    return following.since + FORMER_KEPT


def without_former(keys: Sequence[DataKey], now: datetime) -> tuple[DataKey, ...]:
    """The keys without those that nothing is kept under any more."""
    following = [*keys[1:], None]
    left = [
        key
        for key, next_ in zip(keys, following, strict=True)
        if next_ is None or needed_until(next_) > now
    ]
    return (DataKey(left[0].octets), *left[1:])


def new_key() -> str:
    """A first key, as it is written down."""
    return base64.b64encode(os.urandom(KEY_OCTETS)).decode()
