"""Values written back into a language file by ruamel.yaml, its notes and order kept.

Whatever is written has the usual form, which depends on the values and the notes alone:
quotes only where YAML needs them, `|` for words on several lines or on a very long one, a
list in brackets where it fits into a line and else one entry a line.  So values that come
back give back the same bytes.  A file takes about 0.1 s of processor time.
"""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import lru_cache
from io import StringIO
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import CommentMark, YAMLError
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.scalarstring import FoldedScalarString, LiteralScalarString, PlainScalarString
from ruamel.yaml.tokens import CommentToken

from menus.editing.values import NotWritable, Value, Values
from menus.parsing import KeyPath

COLUMNS = 100
"""A list in brackets is not longer, nor are words that stand beside their key."""
INDENT = 2
AT_HAND = 16
"""Texts that were just written: what is checked is then published, and `check` reads all."""
_NEVER_FOLD = 10**6

_Holder = CommentedMap | CommentedSeq


def usual_form(text: str) -> str:
    """The same file in the usual form.  Raises `NotWritable`."""
    return with_values(text, (), {})


def with_values(text: str, steps: KeyPath, values: Values, required: Container[str] = ()) -> str:
    """The file, in the usual form, in which the mapping at `steps` says `values`.

    Keys that are not in `values` stay.  One without words is taken out, unless it is
    required: then it stays and is empty.  Raises `NotWritable`.
    """
    needed = frozenset(key for key in values if key in required)
    return _new_text(text, steps, tuple(values.items()), needed)


@lru_cache(maxsize=AT_HAND)
def _new_text(
    text: str, steps: KeyPath, said: tuple[tuple[str, Value], ...], required: frozenset[str]
) -> str:
    values = dict(said)
    old = text.removeprefix("\ufeff").replace("\r\n", "\n")
    document = _document(old)
    mapping, beside = _mapping(document, steps), _mapping(document, steps[:-1])
    for key, value in values.items():
        if _said(mapping.get(key, value[:0])) != _stripped(value):
            _say(mapping, beside, key, value if value or key in required else None)
    _restyle(document, 0)
    new = _written(document)
    if not _says(new, old, steps, values):
        raise NotWritable("these words cannot be written here: edit the file by hand")
    return new


# --- The document -------------------------------------------------------------


class _OnlyWords(VersionedResolver):
    """Takes every scalar for words, as our reader does: `no` is not false."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:  # noqa: ARG002
        return super().resolve(kind, value, (False, False))


def _yaml() -> YAML:
    """For YAML 1.1, which our reader speaks; 1.2 needs fewer quotes."""
    writer = YAML()
    writer.version = (1, 1)
    writer.width = _NEVER_FOLD
    writer.indent(mapping=INDENT, sequence=2 * INDENT, offset=INDENT)
    return writer


def _document(text: str) -> CommentedMap:
    reader = _yaml()
    reader.Resolver = _OnlyWords
    try:
        document = reader.load(text)
    except (YAMLError, ValueError):
        document = None
    if not isinstance(document, CommentedMap):
        raise NotWritable("the file is not YAML: mend it by hand first")
    return document


def _written(document: CommentedMap) -> str:
    new = StringIO()
    _yaml().dump(document, new)
    return new.getvalue().removeprefix("%YAML 1.1\n---\n")


def _mapping(document: CommentedMap, steps: KeyPath) -> CommentedMap:
    """The mapping at the end of the way."""
    found: Any = document
    for step in steps:
        found = found.get(step) if isinstance(found, CommentedMap) else None
    if not isinstance(found, CommentedMap):
        raise NotWritable("the file has no such words yet: add them by hand first")
    return found


# --- One key ------------------------------------------------------------------


def _say(mapping: CommentedMap, beside: CommentedMap, key: str, value: Value | None) -> None:
    """Let the key say the value; None takes it out."""
    if value is None:
        _remove(mapping, key)
    elif key not in mapping:
        _add(mapping, beside, key, value)
    else:
        note = _take_note(mapping, key)
        if isinstance(value, tuple) and isinstance(mapping[key], CommentedSeq):
            _replace_entries(mapping[key], value)
        else:
            mapping[key] = _new(value)
        _put_note(mapping, key, note)


def _add(mapping: CommentedMap, beside: CommentedMap, key: str, value: Value) -> None:
    """Where the mappings beside this one have the key."""
    orders = [list(each) for each in beside.values() if isinstance(each, CommentedMap)]
    earlier = [order[: order.index(key)] for order in orders if key in order] or [list(mapping)]
    above = {other for order in earlier for other in order}
    place = max((n for n, other in enumerate(mapping, 1) if other in above), default=0)
    note = _Note()
    if 0 < place == len(mapping):
        note = _take_note(mapping, last := list(mapping)[-1])
        _put_note(mapping, last, replace(note, below=""))
    mapping.insert(place, key, _new(value))
    _put_note(mapping, key, replace(note, beside=""))


def _remove(mapping: CommentedMap, key: str) -> None:
    """The notes under it go to the key before; `_says` finds those that cannot."""
    note, keys = _take_note(mapping, key), list(mapping)
    if note.beside:
        raise NotWritable(f"a note stands beside '{key}': edit the file by hand")
    del mapping[key]
    if key != keys[0] and note.below:
        _put_note(mapping, keys[keys.index(key) - 1], note)


def _replace_entries(entries: CommentedSeq, value: tuple[str, ...]) -> None:
    """Only those that differ, since notes belong to entries."""
    old = [_said(each) for each in entries]
    differ = SequenceMatcher(None, old, _stripped(value), autojunk=False)
    for what, a, b, c, d in reversed(differ.get_opcodes()):
        if what != "equal":
            both = min(b - a, d - c)
            for n in range(both):
                entries[a + n] = value[c + n]
            for n in reversed(range(a + both, b)):
                del entries[n]
            for n, words in enumerate(value[c + both : d], a + both):
                entries.insert(n, words)


def _new(value: Value) -> Any:
    return value if isinstance(value, str) else CommentedSeq(value)


# --- The usual form -----------------------------------------------------------


def _restyle(holder: _Holder, column: int) -> None:
    """Give everything in the holder, whose keys stand at the column, the usual style.

    A list with notes keeps the style that it has.
    """
    for key, value in list(_items(holder)):
        note = _take_note(holder, key)
        room = COLUMNS - column - (len(f"{key}: ") if isinstance(key, str) else INDENT)
        if isinstance(value, CommentedSeq) and not (note.beside or _has_notes(holder, key)):
            _restyle_list(value, room)
        if isinstance(value, _Holder):
            _restyle(value, column + INDENT)
        else:
            holder[key] = _scalar(value, room)
        _put_note(holder, key, note)


def _restyle_list(entries: CommentedSeq, room: int) -> None:
    """In brackets or one entry a line."""
    words = [_said(each) for each in entries]
    short = all(isinstance(each, str) and "\n" not in each for each in words)
    if short and len(f"[{', '.join(map(str, words))}]") <= room:
        entries.fa.set_flow_style()
    else:
        entries.fa.set_block_style()


def _scalar(value: Any, room: int) -> Any:
    """Words beside their key, or under it where they are long."""
    if not isinstance(value, str):
        raise NotWritable(f"'{value}' is not written as words: edit the file by hand")
    words = value.strip()
    if "\n" in words or len(words) > room:
        return LiteralScalarString(words + "\n")
    return PlainScalarString(words)


def _items(holder: _Holder) -> Iterator[tuple[Any, Any]]:
    return iter(holder.items()) if isinstance(holder, CommentedMap) else enumerate(holder)


# --- Notes --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Note:
    """What stands behind a value, or behind its `|`, and on the lines under it."""

    beside: str = ""
    below: str = ""


def _take_note(holder: _Holder, key: Any) -> _Note:
    """Take away the note of a value: ruamel.yaml keeps it with the last key in that."""
    holder, key, place = _note_place(holder, key)
    value: Any = holder[key]
    notes = holder.ca.items.get(key)
    token: Any = notes[place] if notes else None
    written = token.value if token else ""
    if notes:
        notes[place:] = [None] * len(notes[place:])
    if isinstance(value, CommentedSeq):
        value.ca.comment = None
    if isinstance(value, LiteralScalarString | FoldedScalarString):
        indent = " " * token.start_mark.column if written.startswith("#") else ""
        return _Note((getattr(value, "comment", None) or "").strip(), indent + written)
    beside, _, below = written.partition("\n")
    return _Note(beside, below)


def _put_note(holder: _Holder, key: Any, note: _Note) -> None:
    holder, key, place = _note_place(holder, key)
    value: Any = holder[key]
    is_block = isinstance(value, LiteralScalarString)
    behind_bar = f" {note.beside}" if is_block and note.beside else None
    written = note.below if is_block else f"{note.beside}\n{note.below}"
    if is_block:
        value.comment = behind_bar
    if note != _Note():
        notes = holder.ca.items.setdefault(key, [None] * 4)
        notes[place] = CommentToken(written, CommentMark(0), None) if written else None
        notes[3] = [behind_bar] if behind_bar and place == 2 else None


def _has_notes(holder: _Holder, key: Any) -> bool:
    """Whether there are notes at the head of a list or between its entries."""
    notes = [holder.ca.items.get(key, ()), *holder[key].ca.items.values()]
    return any(any(each) for each in notes)


def _note_place(holder: _Holder, key: Any) -> tuple[_Holder, Any, int]:
    value = holder[key]
    if isinstance(value, _Holder) and value and not value.fa.flow_style():
        return _note_place(value, list(_items(value))[-1][0])
    return holder, key, 2 if isinstance(holder, CommentedMap) else 0


# --- What was written ---------------------------------------------------------


def _says(new: str, old: str, steps: KeyPath, values: Values) -> bool:
    """Whether the new file says the values, and all else, notes too, as before."""
    try:
        now, before = _data(new), _data(old)
    except yaml.YAMLError:
        return False
    holder, rest = now, before
    for step in steps:
        holder, rest = holder[step], rest[step]
    said = {key: holder.pop(key, _stripped(value)[:0]) for key, value in values.items()}
    for key in values:
        rest.pop(key, None)
    wanted = {key: _stripped(value) for key, value in values.items()}
    return said == wanted and now == before and _notes(new) == _notes(old)


def _data(text: str) -> Any:
    return _said(yaml.load(text, Loader=yaml.CBaseLoader))  # noqa: S506 (makes words only)


def _said(data: Any) -> Any:
    """Data as they are compared: a list as a tuple, words without the spaces around."""
    if isinstance(data, dict):
        return {key: _said(value) for key, value in data.items()}
    if isinstance(data, list):
        return tuple(map(_said, data))
    return data.strip() if isinstance(data, str) else data


def _stripped(value: Value) -> Value:
    return value.strip() if isinstance(value, str) else tuple(each.strip() for each in value)


def _notes(text: str) -> list[str]:
    """The notes of a file, in order."""
    left, rest = 0, []
    for token in yaml.scan(text, Loader=yaml.CBaseLoader):
        if isinstance(token, yaml.ScalarToken):
            start, end = token.start_mark.index, token.end_mark.index
            block = token.style in ("|", ">")
            rest.append(text[left : text.index("\n", start) if block else start])
            left = end
    return [note.rstrip() for note in re.findall(r"#.*", "\n".join([*rest, text[left:]]))]
