"""Words put back into the text of their file, in the form that a person gives them.

Only the values that changed are written anew, in their own place; notes, order, quotes
and line ends of everything else stay as they are, to the octet.  What is written depends
on the words alone, so words that come back give back the same lines.
"""

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

import yaml

from menus.parsing import Steps

Wording = str | tuple[str, ...]
"""What one key says: words, or a list of them."""
Words = Mapping[str, Wording]

COLUMNS = 100
"""No line that can be cut is longer, as in the files."""
INDENT = 2

_Edit = tuple[int, int, str]
"""From one character to another, and what to put there."""

_BLOCK_HEAD = re.compile(r"[|>][-+0-9]*")
_QUOTED_OR_NOTE = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|(?<=\s)#')


class NotWritable(Exception):
    """The file is written in a way that only a person should change; says in which."""


def rewritten(text: str, steps: Steps, words: Words, required: Container[str] = ()) -> str:
    """The text of a file in which the mapping at `steps` says `words`.

    Keys that are not in `words` stay.  One without words is taken out, unless it is
    required: then it stays and is empty.  Raises `NotWritable`.
    """
    page = _Page(text, _composed(text), required)
    holder = page.mapping(steps)
    edits = [edit for key, said in words.items() for edit in page.edits(holder, steps, key, said)]
    new = text
    for start, end, put in sorted(edits, reverse=True):
        new = new[:start] + put + new[end:]
    if edits and not _says(_composed(new), page.root, steps, words):
        raise NotWritable("these words cannot be written here: edit the file by hand")
    return new


@dataclass(frozen=True, slots=True)
class _Page:
    """A text, and what a reader of YAML finds in it."""

    text: str
    root: yaml.Node
    required: Container[str]

    def mapping(self, steps: Steps) -> yaml.MappingNode:
        """The keys at the end of the way, each on lines of its own."""
        node: yaml.Node | None = self.root
        for step in steps:
            node = _value(node, str(step)) if isinstance(node, yaml.MappingNode) else None
        if node is None:
            raise NotWritable("the file has no such words yet: add them by hand first")
        if not isinstance(node, yaml.MappingNode) or node.flow_style or not node.value:
            raise NotWritable("these words do not stand on lines of their own: edit by hand")
        return node

    def edits(
        self, holder: yaml.MappingNode, steps: Steps, key: str, said: Wording
    ) -> Iterator[_Edit]:
        """What must be changed for the key to say this; nothing, if it does."""
        old = _value(holder, key)
        column = holder.value[0][0].start_mark.column
        if old is None and said:
            yield self._added(holder, steps, key, said)
        elif old is not None and not said and key not in self.required:
            yield self._removed(old, next(k for k, _ in holder.value if k.value == key))
        elif old is not None and _said(old) != _stripped(said):
            yield from self._changed(old, key, said, column)

    def _changed(self, old: yaml.Node, key: str, said: Wording, column: int) -> Iterator[_Edit]:
        if (
            isinstance(old, yaml.SequenceNode)
            and not old.flow_style
            and said
            and isinstance(said, tuple)
        ):
            yield from self._entries(old, said)
            return
        start, end, note = self._span(old)
        if isinstance(old, yaml.CollectionNode) and _has_notes(
            self.text[start : old.end_mark.index]
        ):
            raise NotWritable(f"a note stands inside '{key}': edit the file by hand")
        space = " " if self.text[start - 1] == ":" else ""
        yield start, end, space + self._written(f"{key}: ", said, column, note)

    def _entries(self, old: yaml.SequenceNode, said: tuple[str, ...]) -> Iterator[_Edit]:
        """A list with one entry a line: only those that differ are touched."""
        column = old.start_mark.column
        differ = SequenceMatcher(None, _said(old), _stripped(said), autojunk=False)
        for what, a, b, c, d in differ.get_opcodes():
            if what == "equal":
                continue
            both = min(b - a, d - c)
            for entry, words in zip(old.value[a : a + both], said[c : c + both], strict=True):
                start, end, note = self._span(entry)
                yield start, end, self._written("- ", words, column, note)
            for entry in old.value[a + both : b]:
                yield self._removed(entry, entry)
            if new := said[c + both : d]:
                at = self._span(old.value[a + both - 1])[1] if a + both else None
                yield self._listed(new, column, at, old)

    def _listed(
        self, new: tuple[str, ...], column: int, at: int | None, old: yaml.SequenceNode
    ) -> _Edit:
        """New entries after the place, or before all others."""
        lines = [f"{' ' * column}- {self._written('- ', each, column, '')}" for each in new]
        if at is None:
            first = self._line_start(old.value[0].start_mark.index)
            return first, first, "".join(line + self._break for line in lines)
        return at, at, "".join(self._break + line for line in lines)

    def _added(self, holder: yaml.MappingNode, steps: Steps, key: str, said: Wording) -> _Edit:
        """A key that was not there, where the other mappings beside this one have it."""
        column = holder.value[0][0].start_mark.column
        line = f"{' ' * column}{key}: {self._written(f'{key}: ', said, column, '')}"
        before = _before(self._beside(steps), key)
        above = [value for k, value in holder.value if before is None or k.value in before]
        if not above:
            first = self._line_start(holder.start_mark.index)
            return first, first, line + self._break
        end = self._span(above[-1])[1]
        return end, end, self._break + line

    def _removed(self, value: yaml.Node, first: yaml.Node) -> _Edit:
        """The lines from `first` to the end of the value."""
        start, end = self._line_start(first.start_mark.index), self._span(value)[1]
        following = self.text.find("\n", end) + 1
        return start, following or len(self.text), ""

    def _written(self, head: str, said: Wording, column: int, note: str) -> str:
        """The value as it stands after its key or dash, the note of its line kept."""
        inside = self._break + " " * (column + INDENT)
        if isinstance(said, tuple) and any(map(_is_long, said)):
            entries = (self._written("- ", each, column + INDENT, "") for each in said)
            return note + "".join(f"{inside}- {entry}" for entry in entries)
        if isinstance(said, tuple):
            return inside.join(_flow(said, column + len(head), column + INDENT)) + note
        words = said.strip()
        line = _plain(words)
        if "\n" not in words and column + len(head) + len(line) <= COLUMNS:
            return line + note
        lines = (inside + each if each else self._break for each in words.split("\n"))
        return f"|{note}" + "".join(lines)

    def _span(self, value: yaml.Node) -> tuple[int, int, str]:
        """Where a value begins and its last line ends, and the note behind it."""
        start, end = value.start_mark.index, value.end_mark.index
        if isinstance(value, yaml.CollectionNode) and not value.flow_style:
            return start, self._span(value.value[-1])[1], ""
        if isinstance(value, yaml.ScalarNode) and value.style in ("|", ">"):
            head = self.text[start:].split("\n", 1)[0].rstrip("\r")
            end = max(start + len(self.text[start:end].rstrip(" \t\r\n")), start + len(head))
            return start, end, _BLOCK_HEAD.sub("", head, count=1).rstrip()
        rest = self.text[end:].split("\n", 1)[0].rstrip("\r")
        return start, end + len(rest), rest.rstrip()

    def _line_start(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def _beside(self, steps: Steps) -> list[list[str]]:
        """The keys of the mappings beside that at `steps`, in their order."""
        around = self.mapping(steps[:-1]) if steps else self.root
        found = (value for _, value in around.value if isinstance(value, yaml.MappingNode))
        return [[key.value for key, _ in each.value] for each in found]

    @property
    def _break(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"


def _composed(text: str) -> yaml.Node:
    try:
        root: yaml.Node | None = yaml.compose(text, Loader=yaml.CBaseLoader)
    except (yaml.YAMLError, ValueError):
        root = None
    if root is None:
        raise NotWritable("the file is not YAML: mend it by hand first")
    return root


def _value(mapping: yaml.MappingNode, key: str) -> yaml.Node | None:
    return next((value for each, value in mapping.value if each.value == key), None)


def _before(keys: list[list[str]], key: str) -> set[str] | None:
    """What stands before the key wherever it is used; None, where it is not."""
    orders = [each[: each.index(key)] for each in keys if key in each]
    return {earlier for order in orders for earlier in order} if orders else None


def _said(node: yaml.Node) -> Wording:
    if isinstance(node, yaml.SequenceNode):
        return tuple(str(each.value).strip() for each in node.value)
    return str(node.value).strip() if isinstance(node, yaml.ScalarNode) else ()


def _stripped(said: Wording) -> Wording:
    return said.strip() if isinstance(said, str) else tuple(each.strip() for each in said)


def _is_long(words: str) -> bool:
    return "\n" in words.strip() or len(words) > COLUMNS


def _flow(said: tuple[str, ...], first: int, indent: int) -> list[str]:
    """`[one, two]` in lines that end within the columns; the first begins at `first`."""
    *heads, last = [_plain(each.strip(), flow=True) for each in said] or [""]
    pieces = [*(f"{each}," for each in heads), f"{last}]"]
    lines, room = ["[" + pieces[0]], COLUMNS - first
    for piece in pieces[1:]:
        if len(lines[-1]) + 1 + len(piece) <= room:
            lines[-1] += f" {piece}"
        else:
            lines, room = [*lines, piece], COLUMNS - indent
    return lines


def _plain(words: str, *, flow: bool = False) -> str:
    """The words as they are where any reader of YAML takes them for words, else quoted."""
    if _reads_as(f"[{words}]", [words]) if flow else _reads_as(f"k: {words}", {"k": words}):
        return words
    if '"' in words or "\\" in words:
        return "'" + words.replace("'", "''") + "'"
    return f'"{words}"'


def _reads_as(written: str, said: object) -> bool:
    try:
        return bool(yaml.load(written, Loader=yaml.CSafeLoader) == said)
    except (yaml.YAMLError, ValueError):
        return False


def _has_notes(written: str) -> bool:
    return any(found == "#" for found in _QUOTED_OR_NOTE.findall(written))


def _says(new: yaml.Node | None, old: yaml.Node | None, steps: Steps, words: Words) -> bool:
    """Whether the new file says the words, and all else as before."""
    if not isinstance(new, yaml.MappingNode) or not isinstance(old, yaml.MappingNode):
        return False
    if steps:
        one, other = _value(new, str(steps[0])), _value(old, str(steps[0]))
        rest = _all_but(new, {str(steps[0])}) == _all_but(old, {str(steps[0])})
        return rest and _says(one, other, steps[1:], words)
    now = {key.value: _said(value) for key, value in new.value}
    same = all(now.get(key, _stripped(said)[:0]) == _stripped(said) for key, said in words.items())
    return same and _all_but(new, set(words)) == _all_but(old, set(words))


def _all_but(mapping: yaml.MappingNode, keys: set[str]) -> list[object]:
    return [(k.value, _data(value)) for k, value in mapping.value if k.value not in keys]


def _data(node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return [(key.value, _data(value)) for key, value in node.value]
    return [_data(each) for each in node.value] if isinstance(node.value, list) else node.value
