"""YAML, read so that nothing is guessed and nothing forgets where it stood.

Every scalar stays the string that was typed (`no` is not false, `0711` keeps
its zero), a key that stands twice is a fault, and each key and value has a line
and a column.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml

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
        found = Places()
        if self.data is not None and (node := _composed(self.text)):
            _note_places(self.file, node, (), found)
        return found

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


@lru_cache(maxsize=FILES_AT_HAND)
def _source(text: str, file: str) -> Source:
    source = _parsed(text)
    faults = [replace(each, where=replace(each.where, file=file)) for each in source.faults]
    return replace(source, file=file, faults=faults)


@lru_cache(maxsize=FILES_AT_HAND)
def _parsed(text: str) -> Source:
    """What a file says, whatever its name is."""
    file = ""
    try:
        if fault := _excess(file, text):
            return Source(file, text, faults=[fault])
        node = _composed(text)
    except yaml.MarkedYAMLError as error:
        where = _where(file, error.problem_mark or error.context_mark)
        return _unread(where, f"is not YAML: {_problem(error, text)}", text)
    except yaml.reader.ReaderError as error:
        where = Source(file, text).word(chr(error.character))
        return _unread(where, f"is not YAML: {error.reason}", text)
    source = Source(file, text)
    return replace(source, data=_plain(source, node, ()) if node else {})


def _composed(text: str) -> Any:
    """The nodes of a text; None, where there are none.  Raises `yaml.YAMLError`."""
    return yaml.compose(text, Loader=yaml.CBaseLoader)


def _excess(file: str, text: str) -> Fault | None:
    """What no menu needs, and a reader of YAML can be brought down with."""
    if len(text) > MOST_CHARACTERS:
        return Fault(Location(file), "file", f"has more than {MOST_CHARACTERS:,} characters")
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CBaseLoader):
        if isinstance(event, yaml.AliasEvent):
            what = "an alias (*) stands here: write the words themselves"
            return Fault(_where(file, event.start_mark), "file", what)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_LEVELS:
            what = f"is nested more than {MOST_LEVELS} levels deep"
            return Fault(_where(file, event.start_mark), "file", what)
    return None


def _unread(where: Location, what: str, text: str = "") -> Source:
    return Source(where.file, text, faults=[Fault(where, "file", what)])


def _problem(error: yaml.MarkedYAMLError, text: str) -> str:
    """What is wrong; a tab before words is the most common, and the worst told."""
    mark = error.problem_mark
    tab = mark and text[mark.index : mark.index + 1] == "\t"
    return "a tab indents this line: use spaces" if tab else str(error.problem)


def _where(file: str, mark: Any) -> Location:
    return Location(file, mark.line + 1, mark.column + 1) if mark else Location(file)


def _plain(source: Source, node: yaml.Node, steps: KeyPath) -> object:
    if isinstance(node, yaml.MappingNode):
        pairs = _pairs(node)
        if len(pairs) < len(node.value):
            source.faults.extend(_faults_of_keys(source.file, node, steps))
        return {name: _plain(source, each, (*steps, name)) for name, (_, each) in pairs.items()}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(source, each, (*steps, n)) for n, each in enumerate(node.value)]
    return node.value


def _pairs(node: yaml.MappingNode) -> dict[str, tuple[yaml.ScalarNode, yaml.Node]]:
    """Of a key that stands twice, the first."""
    pairs: dict[str, tuple[yaml.ScalarNode, yaml.Node]] = {}
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode):
            pairs.setdefault(key.value, (key, value))
    return pairs


def _faults_of_keys(file: str, node: yaml.MappingNode, steps: KeyPath) -> Iterator[Fault]:
    first = _pairs(node)
    for key, _ in node.value:
        where = _where(file, key.start_mark)
        if not isinstance(key, yaml.ScalarNode):
            yield Fault(where, screen_of(steps), "a key must be one word")
        elif first[key.value][0] is not key:
            line = first[key.value][0].start_mark.line + 1
            what = f"'{key.value}' stands here twice (first in line {line}): keep one"
            yield Fault(where, screen_of((*steps, key.value)), what)


def _note_places(file: str, node: yaml.Node, steps: KeyPath, found: Places) -> None:
    found.values[steps] = _where(file, node.start_mark)
    block = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
    found.ends[steps] = node.end_mark.line + (0 if block else 1)
    if isinstance(node, yaml.MappingNode):
        for name, (key, value) in _pairs(node).items():
            found.keys[(*steps, name)] = _where(file, key.start_mark)
            _note_places(file, value, (*steps, name), found)
    elif isinstance(node, yaml.SequenceNode):
        for n, each in enumerate(node.value):
            _note_places(file, each, (*steps, n), found)


def screen_of(steps: KeyPath) -> str:
    """The screen that a place in a file belongs to, as faults name it."""
    if len(steps) > 1 and steps[0] == "nodes":
        return str(steps[1])
    return str(steps[0]) if steps else "file"
