"""YAML, read so that nothing is guessed and nothing forgets where it stood.

Every scalar stays the string that was typed (`no` is not false, `0711` keeps
its zero), a key that stands twice is a fault, and each key and value has a line
and a column.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from menus.faults import Fault, Where

MOST_CHARACTERS = 1_000_000
MOST_LEVELS = 10

_PLACEHOLDER = re.compile(r"\{[^{}\n]*\}")

Steps = tuple[str | int, ...]
"""The way to a value: keys of mappings and indexes of lists, from the top."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file: what it says, and where it says it."""

    file: str
    lines: tuple[str, ...] = ()
    data: object = None
    keys: dict[Steps, Where] = field(default_factory=dict)
    values: dict[Steps, Where] = field(default_factory=dict)
    ends: dict[Steps, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def key(self, *steps: str | int) -> Where:
        """Where the key stands; of a list's entry, the entry itself."""
        return self.keys.get(steps) or self.value(*steps)

    def value(self, *steps: str | int) -> Where:
        """Where the value stands, or the nearest thing above it that does."""
        while steps and steps not in self.values:
            steps = steps[:-1]
        return self.values.get(steps, Where(self.file))

    def known(self, steps: Iterable[str | int]) -> Steps:
        """As much of the way as the file has; what it does not have is left out."""
        way: Steps = ()
        for step in steps:
            if (*way, step) in self.values:
                way = (*way, step)
        return way

    def word(self, word: str, *steps: str | int, nth: int = 0, whole: bool = False) -> Where:
        """Where a word stands in the value, for the `nth` time, however it is quoted.

        `whole`: not as a part of another word.  A number's name in braces is not
        looked into.  The value itself, if the word is not written in it as it is.
        """
        pattern = rf"(?<!\w){re.escape(word)}(?!\w)" if whole else re.escape(word)
        hidden = not _PLACEHOLDER.fullmatch(word)
        start, last = self.value(*steps), self.ends.get(steps, len(self.lines))
        found: list[Where] = []
        for number, line in enumerate(self.lines[start.line - 1 : last], start.line):
            seen = _PLACEHOLDER.sub(lambda each: " " * len(each[0]), line) if hidden else line
            begin = start.column - 1 if number == start.line else 0
            columns = [match.start() + 1 for match in re.finditer(pattern, seen)]
            found += [Where(self.file, number, each) for each in columns if each > begin]
        return found[nth] if nth < len(found) else start


def read(path: Path, file: str) -> Source:
    """Read one file, named `file` in its faults.  Never raises for its content."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        if fault := _excess(file, text):
            return Source(file, faults=[fault])
        node = yaml.compose(text, Loader=yaml.CBaseLoader)
    except OSError as error:
        return _unread(file, Where(file), f"cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        where = Where(file, error.object[: error.start].count(b"\n") + 1)
        return _unread(file, where, "is not UTF-8: save the file as UTF-8")
    except yaml.MarkedYAMLError as error:
        where = _where(file, error.problem_mark or error.context_mark)
        return _unread(file, where, f"is not YAML: {_problem(error, text)}")
    except yaml.reader.ReaderError as error:
        where = Source(file, tuple(text.splitlines())).word(chr(error.character))
        return _unread(file, where, f"is not YAML: {error.reason}")
    source = Source(file, tuple(text.splitlines()))
    return replace(source, data=_plain(source, node, ()) if node else {})


def _excess(file: str, text: str) -> Fault | None:
    """What no menu needs, and a reader of YAML can be brought down with."""
    if len(text) > MOST_CHARACTERS:
        return Fault(Where(file), "file", f"has more than {MOST_CHARACTERS:,} characters")
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CBaseLoader):
        where = _where(file, event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            return Fault(where, "file", "an alias (*) stands here: write the words themselves")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_LEVELS:
            return Fault(where, "file", f"is nested more than {MOST_LEVELS} levels deep")
    return None


def _unread(file: str, where: Where, what: str) -> Source:
    return Source(file, faults=[Fault(where, "file", what)])


def _problem(error: yaml.MarkedYAMLError, text: str) -> str:
    """What is wrong; a tab before words is the most common, and the worst told."""
    mark = error.problem_mark
    tab = mark and text[mark.index : mark.index + 1] == "\t"
    return "a tab indents this line: use spaces" if tab else str(error.problem)


def _where(file: str, mark: Any) -> Where:
    return Where(file, mark.line + 1, mark.column + 1) if mark else Where(file)


def _plain(source: Source, node: yaml.Node, steps: Steps) -> object:
    source.values[steps] = _where(source.file, node.start_mark)
    block = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
    source.ends[steps] = node.end_mark.line + (0 if block else 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(source, node, steps)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(source, each, (*steps, n)) for n, each in enumerate(node.value)]
    return node.value


def _mapping(source: Source, node: yaml.MappingNode, steps: Steps) -> dict[str, object]:
    plain: dict[str, object] = {}
    for key_node, value_node in node.value:
        where = _where(source.file, key_node.start_mark)
        if not isinstance(key_node, yaml.ScalarNode):
            source.faults.append(Fault(where, screen_of(steps), "a key must be one word"))
            continue
        key = str(key_node.value)
        if key in plain:
            first = source.keys[(*steps, key)].line
            what = f"'{key}' stands here twice (first in line {first}): keep one"
            source.faults.append(Fault(where, screen_of((*steps, key)), what))
            continue
        source.keys[(*steps, key)] = where
        plain[key] = _plain(source, value_node, (*steps, key))
    return plain


def screen_of(steps: Steps) -> str:
    """The screen that a place in a file belongs to, as faults name it."""
    if len(steps) > 1 and steps[0] == "nodes":
        return str(steps[1])
    return str(steps[0]) if steps else "file"
