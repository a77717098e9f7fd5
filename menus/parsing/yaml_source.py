"""YAML, read so that nothing is guessed and nothing forgets where it stood.

Every scalar stays the string that was typed (`no` is not false, `0711` keeps
its zero), a key that stands twice is a fault, and each key and value has a line
and a column.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from menus.at_hand import at_hand
from menus.faults import Fault, Location

MOST_CHARACTERS = 1_000_000
MOST_LEVELS = 10
FILES_AT_HAND = 24
"""Those of six languages and some that were changed: who edits one file waits for no other."""

_PLACEHOLDER = re.compile(r"\{[^{}\n]*\}")

KeyPath = tuple[str | int, ...]
"""The way to a value: keys of mappings and indexes of lists, from the top."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the keys and the values of a file stand, and the line that each value ends in."""

    keys: dict[KeyPath, Location] = field(default_factory=dict)
    values: dict[KeyPath, Location] = field(default_factory=dict)
    ends: dict[KeyPath, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Source:
    """One file: what it says, and where it says it.

    A file that is read again and says the same is the same object: what was found out about
    it can be kept by it.  The places are looked up only when somebody asks: a file without
    a fault needs none.
    """

    file: str
    text: str = ""
    data: object = None
    faults: list[Fault] = field(default_factory=list)

    @cached_property
    def lines(self) -> tuple[str, ...]:
        return tuple(self.text.splitlines())

    @cached_property
    def places(self) -> Places:
        """None of a file that is not YAML."""
        return _Reader(self.file, self.text).places() if self.data is not None else Places()

    def key(self, *steps: str | int) -> Location:
        """Where the key stands; of a list's entry, the entry itself."""
        return self.places.keys.get(steps) or self.value(*steps)

    def value(self, *steps: str | int) -> Location:
        """Where the value stands, or the nearest thing above it that does."""
        values = self.places.values
        while steps and steps not in values:
            steps = steps[:-1]
        return values.get(steps, Location(self.file))

    def known(self, steps: Iterable[str | int]) -> KeyPath:
        """As much of the way as the file has; what it does not have is left out."""
        way: KeyPath = ()
        for step in steps:
            if (*way, step) in self.places.values:
                way = (*way, step)
        return way

    def word(self, word: str, *steps: str | int, nth: int = 0, whole: bool = False) -> Location:
        """Where a word stands in the value, for the `nth` time, however it is quoted.

        `whole`: not as a part of another word.  A number's name in braces is not
        looked into.  The value itself, if the word is not written in it as it is.
        """
        pattern = rf"(?<!\w){re.escape(word)}(?!\w)" if whole else re.escape(word)
        hidden = not _PLACEHOLDER.fullmatch(word)
        start, last = self.value(*steps), self.places.ends.get(steps, len(self.lines))
        found: list[Location] = []
        for number, line in enumerate(self.lines[start.line - 1 : last], start.line):
            seen = _PLACEHOLDER.sub(lambda each: " " * len(each[0]), line) if hidden else line
            begin = start.column - 1 if number == start.line else 0
            columns = [match.start() + 1 for match in re.finditer(pattern, seen)]
            found += [Location(self.file, number, each) for each in columns if each > begin]
        return found[nth] if nth < len(found) else start


def read(path: Path, file: str) -> Source:
    """Read one file, named `file` in its faults.  Never raises for its content."""
    try:
        return _source(path.read_text(encoding="utf-8-sig"), file)
    except OSError as error:
        return _unread(Location(file), f"cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        where = Location(file, error.object[: error.start].count(b"\n") + 1)
        return _unread(where, "is not UTF-8: save the file as UTF-8")


def data_of(text: str) -> object:
    """What a text says, as `Source.data`: nobody changes it, for it is kept."""
    return _parsed(text).data


@at_hand(FILES_AT_HAND)
def _source(text: str, file: str) -> Source:
    source = _parsed(text)
    faults = [replace(each, where=replace(each.where, file=file)) for each in source.faults]
    return replace(source, file=file, faults=faults)


@at_hand(FILES_AT_HAND)
def _parsed(text: str) -> Source:
    """What a file says, whatever its name is."""
    file = ""
    if len(text) > MOST_CHARACTERS:
        what = f"has more than {MOST_CHARACTERS:,} characters"
        return Source(file, text, faults=[Fault(Location(file), "file", what)])
    try:
        reader = _Reader(file, text)
        data = reader.data()
    except _Excess as excess:
        return Source(file, text, faults=[excess.fault])
    except yaml.MarkedYAMLError as error:
        where = _where(file, error.problem_mark or error.context_mark)
        return _unread(where, f"is not YAML: {_problem(error, text)}", text)
    except yaml.reader.ReaderError as error:
        where = Source(file, text).word(chr(error.character))
        return _unread(where, f"is not YAML: {error.reason}", text)
    return Source(file, text, data, reader.faults)


class _Excess(Exception):
    """What no menu needs, and a reader of YAML can be brought down with."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.what)
        self.fault = fault


class _Reader:
    """Makes data, or places, of libyaml's events: its nodes would take twice the time."""

    def __init__(self, file: str, text: str) -> None:
        self.faults: list[Fault] = []
        self._file = file
        self._next: Callable[[], Any] = yaml.CBaseLoader(text).get_event
        self._places: Places | None = None

    def data(self) -> object:
        """What the file says; nothing is an empty mapping.  Of a key that stands twice, the
        first counts.  Raises `yaml.YAMLError` and `_Excess`.
        """
        self._next()  # the stream begins
        data: object = {}
        if isinstance(self._next(), yaml.DocumentStartEvent):
            data = self._value(self._next(), ())
            self._next()  # the document ends
            self._expect_no_more(self._next())
        return data

    def places(self) -> Places:
        """Where everything stands."""
        self._places = Places()
        self.data()
        return self._places

    def _value(self, event: Any, steps: KeyPath) -> object:
        if isinstance(event, yaml.ScalarEvent):
            self._note(event, event, steps)
            return event.value
        self._expect_no_excess(event, steps)
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        data, end = (self._mapping if is_mapping else self._list)(steps)
        self._note(event, end, steps)
        return data

    def _mapping(self, steps: KeyPath) -> tuple[object, Any]:
        data: dict[str, object] = {}
        lines: dict[str, int] = {}
        while not isinstance(key := self._next(), yaml.MappingEndEvent):
            name = key.value if isinstance(key, yaml.ScalarEvent) else None
            if name is None or name in data:
                self._refuse_key(key, steps, lines)
                continue
            lines[name] = key.start_mark.line + 1
            if self._places:
                self._places.keys[*steps, name] = _where(self._file, key.start_mark)
            data[name] = self._value(self._next(), (*steps, name))
        return data, key

    def _list(self, steps: KeyPath) -> tuple[object, Any]:
        data: list[object] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            data.append(self._value(event, (*steps, len(data))))
        return data, event

    def _refuse_key(self, key: Any, steps: KeyPath, lines: Mapping[str, int]) -> None:
        """Note what is wrong with a key, and pass over it and what it says."""
        where = _where(self._file, key.start_mark)
        if isinstance(key, yaml.ScalarEvent):
            what = f"'{key.value}' stands here twice (first in line {lines[key.value]}): keep one"
            self.faults.append(Fault(where, screen_of((*steps, key.value)), what))
        else:
            self.faults.append(Fault(where, screen_of(steps), "a key must be one word"))
        places, self._places = self._places, None
        if not isinstance(key, yaml.ScalarEvent):
            self._value(key, (*steps, ""))
        self._value(self._next(), (*steps, ""))
        self._places = places

    def _note(self, first: Any, last: Any, steps: KeyPath) -> None:
        """Where a value stands."""
        if self._places:
            self._places.values[steps] = _where(self._file, first.start_mark)
            block = isinstance(first, yaml.ScalarEvent) and first.style in ("|", ">")
            self._places.ends[steps] = last.end_mark.line + (0 if block else 1)

    def _expect_no_excess(self, event: Any, steps: KeyPath) -> None:
        what = ""
        if isinstance(event, yaml.AliasEvent):
            what = "an alias (*) stands here: write the words themselves"
        elif len(steps) >= MOST_LEVELS:
            what = f"is nested more than {MOST_LEVELS} levels deep"
        if what:
            raise _Excess(Fault(_where(self._file, event.start_mark), "file", what))

    @staticmethod
    def _expect_no_more(event: Any) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            mark: Any = event.start_mark
            raise yaml.MarkedYAMLError(None, None, "but found another document", mark)


def _unread(where: Location, what: str, text: str = "") -> Source:
    return Source(where.file, text, faults=[Fault(where, "file", what)])


def _problem(error: yaml.MarkedYAMLError, text: str) -> str:
    """What is wrong; a tab before words is the most common, and the worst told."""
    mark = error.problem_mark
    tab = mark and text[mark.index : mark.index + 1] == "\t"
    return "a tab indents this line: use spaces" if tab else str(error.problem)


def _where(file: str, mark: Any) -> Location:
    return Location(file, mark.line + 1, mark.column + 1) if mark else Location(file)


def screen_of(steps: KeyPath) -> str:
    """The screen that a place in a file belongs to, as faults name it."""
    if len(steps) > 1 and steps[0] == "nodes":
        return str(steps[1])
    return str(steps[0]) if steps else "file"
