"""The parts that the words of a language are edited in: one for each node, and one for
each section beside the nodes.

Which keys a section has, and of what kind, is what its form says: a new key of a form
is edited without a line here.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from pydantic import BaseModel

from menus import file_models
from menus.editing.values import Value, Values
from menus.faults import Fault
from menus.model import Node
from menus.parsing import KeyPath, Source

MOST_CHARACTERS = 10_000
"""Of one key.  What messages and screens take is far below."""
MOST_ENTRIES = 200

_UNSEEN = re.compile(r"[\t\v\f\x1c-\x1e\x85\u2028\u2029]")
_UNPRINTABLE = re.compile(
    r"[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


class FieldKind(StrEnum):
    """What one key holds: words on one line or on several, or a list of either."""

    LINE = "line"
    TEXT = "text"
    LINES = "lines"
    TEXTS = "texts"

    @property
    def lists(self) -> bool:
        return self in (FieldKind.LINES, FieldKind.TEXTS)


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a section."""

    key: str
    kind: FieldKind
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Section:
    """A place of a language file.  A node's has the name of the node; the name of
    another has a full stop, which no node's has: `all.sms`, and `checklist.visa` for a
    statement of a checklist.
    """

    name: str
    steps: KeyPath
    fields: tuple[Field, ...]

    @property
    def is_node(self) -> bool:
        return self.steps[:1] == ("nodes",) and len(self.steps) == 2

    @property
    def node(self) -> str:
        """The node that it is a part of; empty for words of none."""
        return str(self.steps[1]) if self.steps[:1] == ("nodes",) else ""


def sections(nodes: Iterable[Node]) -> dict[str, Section]:
    """Every section of a language by its name, the nodes in the order given."""
    of_nodes = (each for node in nodes for each in _of_node(node))
    beside = (
        Section("all.language", (), _fields(file_models.Words, "language")),
        Section("all.phrases", ("phrases",), _fields(file_models.Phrases)),
        Section("all.sms", ("sms",), _fields(file_models.SmsWords)),
        Section("all.embassy", ("sms", "embassy"), _fields(file_models.EmbassyWords)),
    )
    return {each.name: each for each in (*of_nodes, *beside)}


def _of_node(node: Node) -> Iterator[Section]:
    way = ("nodes", node.name)
    yield Section(node.name, way, _fields(file_models.NodeWords))
    for name in node.statements:
        steps = (*way, "statements", name)
        yield Section(f"{node.name}.{name}", steps, _fields(file_models.StatementWords))


def words_at(source: Source, section: Section) -> Values:
    """What a section says in a file, as it stands there; nothing for what is not words."""
    data: object = source.data
    for step in section.steps:
        data = data.get(step) if isinstance(data, dict) else None
    said = data if isinstance(data, dict) else {}
    return {field.key: _wording(said.get(field.key), field) for field in section.fields}


def typed(section: Section, values: Callable[[str], list[str]]) -> Values:
    """What somebody typed, in the form that files have: composed letters (NFC), line
    ends of one kind, nothing that no file can hold, no spaces that nobody sees.

    A key that was not typed at all says nothing.
    """
    return {field.key: _typed(values(field.key), field) for field in section.fields}


def too_large(section: Section, words: Values) -> list[str]:
    """The keys that hold more than any message or screen needs."""
    return [
        field.key
        for field in section.fields
        if len(_joined(words[field.key])) > MOST_CHARACTERS
        or (field.kind.lists and len(words[field.key]) > MOST_ENTRIES)
    ]


def key_of(fault: Fault, source: Source, section: Section) -> str | None:
    """The key that a fault is about; empty for the section as a whole, None when it
    stands elsewhere.
    """
    where, places = fault.where, source.places
    if where.file != source.file:
        return None
    for field in section.fields:
        way = (*section.steps, field.key)
        if way in places.keys and places.keys[way].line <= where.line <= places.ends[way]:
            return field.key
    first, last = source.key(*section.steps), places.ends.get(section.steps, 0)
    inside = section.steps and section.steps in places.keys and first.line <= where.line <= last
    return "" if inside or (where == source.key("nodes") and fault.screen == section.name) else None


@cache
def _fields(form: type[BaseModel], *without: str) -> tuple[Field, ...]:
    schema = form.model_json_schema()
    required = schema.get("required", [])
    return tuple(
        Field(key, kind, key in required, said.get("description", ""))
        for key, said in schema["properties"].items()
        if key not in without and (kind := _kind(said))
    )


def _kind(schema: dict[str, Any]) -> FieldKind | None:
    """None for what holds further keys."""
    for each in (schema, *schema.get("anyOf", ())):
        if each.get("type") == "string":
            return FieldKind.LINE if "pattern" in each else FieldKind.TEXT
        if each.get("type") == "array":
            return FieldKind.LINES if "pattern" in each["items"] else FieldKind.TEXTS
    return None


def _wording(said: object, field: Field) -> Value:
    if field.kind.lists:
        entries = said if isinstance(said, list) else []
        return tuple(each.strip() for each in entries if isinstance(each, str))
    return said.strip() if isinstance(said, str) else ""


def _typed(values: list[str], field: Field) -> Value:
    clean = [_clean(each) for each in values]
    if field.kind is FieldKind.TEXTS:
        return tuple(filter(None, clean))
    if field.kind is FieldKind.LINES:
        return tuple(filter(None, (line.strip() for each in clean for line in each.split("\n"))))
    text = clean[0] if clean else ""
    return text if field.kind is FieldKind.TEXT else " ".join(text.split("\n"))


def _clean(text: str) -> str:
    one_kind = re.sub(r"\r\n?|[\x85\u2028\u2029]", "\n", text)
    composed = unicodedata.normalize("NFC", _UNSEEN.sub(" ", one_kind))
    lines = _UNPRINTABLE.sub("", composed).split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def _joined(wording: Value) -> str:
    return wording if isinstance(wording, str) else "\n".join(wording)
