"""Who changed which words, when, and from what to what.

One line of JSON for each change, appended to a file and forced to the disk.  A line
that was cut off is passed over; the next one begins anew.
"""

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)

from menus.editing.values import Value, Values
from menus.file_models import FORMER_KEYS
from runtime.files import append_line

log = logging.getLogger(__name__)


class Change(BaseModel):
    """One publish.  `at` is in UTC; `by` is the name of the operator.  `section` was
    written as `passage` before 2026-11-25, and is read so; `before` and `after` may have
    former keys, which become today's.
    """

    model_config = ConfigDict(frozen=True)

    at: datetime
    by: str
    language: str
    section: str = Field(validation_alias=AliasChoices("section", "passage"))
    before: dict[str, Value]
    after: dict[str, Value]
    version_before: str
    version_after: str

    @field_validator("before", "after")
    @classmethod
    def _todays_keys(cls, words: dict[str, Value]) -> dict[str, Value]:
        return {FORMER_KEYS.get(key, key): said for key, said in words.items()}


@dataclass(frozen=True, slots=True)
class State:
    """What a section said for a time, what it said before, and the change that began it.

    Without a change, somebody edited the file by hand.  Without `before`, these are the
    first words that are known.
    """

    words: Values
    before: Values | None = None
    change: Change | None = None


class History:
    """The file of all changes."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def add(self, change: Change) -> None:
        """Write one change down for good.  Raises `OSError`."""
        append_line(self._file, change.model_dump_json())

    def changes(self) -> tuple[Change, ...]:
        """All changes, the first one first; none, if the file cannot be read."""
        try:
            lines = self._file.read_bytes().split(b"\n")
        except FileNotFoundError:
            return ()
        except OSError as error:
            log.warning("words: the history cannot be read: %s", error.strerror)
            return ()
        return tuple(_read(lines))

    def of(self, language: str, section: str) -> tuple[Change, ...]:
        """The changes of one section."""
        all_ = self.changes()
        return tuple(each for each in all_ if (each.language, each.section) == (language, section))


def states(changes: Iterable[Change], now: Values) -> tuple[State, ...]:
    """What a section said from the first words known until `now`, the newest first.

    Where a change found other words than the one before it left, and where it says now
    other words than the last one left, there was an edit by hand.
    """
    told: list[State] = []
    for change in changes:
        if not told:
            told.append(State(change.before))
        elif not same(told[-1].words, change.before):
            told.append(State(change.before, told[-1].words))
        told.append(State(change.after, change.before, change))
    if not told:
        told.append(State(now))
    elif not same(told[-1].words, now):
        told.append(State(now, told[-1].words))
    return tuple(reversed(told))


def same(one: Values, other: Values) -> bool:
    """Whether both say the same; a key without words is one that is not there."""
    return _present(one) == _present(other)


def as_json(words: Values) -> str:
    """Words as one line of text, the same for the same words."""
    return json.dumps(_present(words), ensure_ascii=False, sort_keys=True)


def _present(words: Values) -> dict[str, Value]:
    return {key: said for key, said in words.items() if said}


def _read(lines: Iterable[bytes]) -> Iterator[Change]:
    for line in lines:
        try:
            yield Change.model_validate_json(line)
        except ValidationError:
            continue
