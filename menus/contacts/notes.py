"""Who changed which contact on the operator's pages, when, and how.

The list itself says who made sure of a contact last; this says it of every change, also of
calls that nobody answered and of lists that were taken over.  One line of JSON for each.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from runtime.clock import utc_now
from runtime.files import append_line

log = logging.getLogger(__name__)


class ContactNote(BaseModel):
    """One change of one or more contacts, by their ids.  `at` is in UTC; `did`: what was done,
    in a word, such as `verified`.
    """

    model_config = ConfigDict(frozen=True)

    at: datetime
    by: str
    did: str
    ids: tuple[str, ...]


class ContactNotes:
    """The file of all changes."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def add(self, by: str, did: str, ids: Sequence[str]) -> None:
        """Write one change down, which has been made: where that fails, the log says so."""
        note = ContactNote(at=utc_now().replace(microsecond=0), by=by, did=did, ids=tuple(ids))
        try:
            append_line(self._file, note.model_dump_json())
        except OSError as error:
            log.error("contacts: who changed one cannot be noted: %s", error.strerror)

    def of(self, id_: str) -> tuple[ContactNote, ...]:
        """Those of one contact, the newest first; none, if the file cannot be read."""
        try:
            lines = self._file.read_bytes().split(b"\n")
        except FileNotFoundError:
            return ()
        except OSError as error:
            log.warning("contacts: who changed them cannot be read: %s", error.strerror)
            return ()
        return tuple(each for each in _read(reversed(lines)) if id_ in each.ids)


def _read(lines: Iterable[bytes]) -> Iterator[ContactNote]:
    """But for what was cut off."""
    for line in lines:
        try:
            yield ContactNote.model_validate_json(line)
        except ValidationError:
            continue
