"""A new language's file: every key of another language, its words beside, still to be filled."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from menus.file_models import Words

_HEAD = """\
# yaml-language-server: $schema=schema/words.schema.json
#
# Words in {code}. Above each key stands what {like} says; {like}.yaml tells the room that each
# text has. `main.py check` names all that is missing.
#
#   Words           between the quotation marks. For several lines write | in their place, and
#                   the lines below it, further in, as in {like}.yaml.
#   Lists           between the brackets, with commas: [ONE, TWO].
#   Home            are most readers from one country, and in Kazakhstan? Add `home: UZ` under
#                   `native_reader` (docs/words.md, "A language of migrants").
language: {code}
name: ""
own_name: ""
native_reader: not yet
"""
_KEPT = {"language", "name", "own_name", "native_reader", "home"}
"""Keys that the head has, or that are of the other language alone."""
LINE = 80
"""Characters of a line of notes."""
LONGEST_WORD = 40
"""Characters of what is a word to send, and no text."""


def blank_language_of(words: Words, code: str) -> str:
    """The text of `code`.yaml, with no words yet; those of `words` as notes."""
    parts = words.model_dump(exclude_none=True, exclude=_KEPT)
    head = _HEAD.format(code=code, like=words.language)
    return "\n".join([head, *_lines(parts, words.language, "")]) + "\n"


def _lines(part: Mapping[str, Any], like: str, indent: str) -> Iterator[str]:
    for key, value in part.items():
        if value in ((), {}):
            continue
        if isinstance(value, Mapping):
            yield f"{indent}{key}:"
            yield from _lines(value, like, f"{indent}  ")
        elif isinstance(value, tuple):
            yield from _notes(_listed(value), like, indent)
            yield f"{indent}{key}: []"
        else:
            yield from _notes(value, like, indent)
            yield f'{indent}{key}: ""'


def _listed(value: tuple[Any, ...]) -> str:
    """Single words beside each other, as many as a line holds; texts below each other."""
    if any("\n" in str(each) or len(str(each)) > LONGEST_WORD for each in value):
        return "\n".join(str(each).strip() for each in value)
    return textwrap.fill(", ".join(map(str, value)), LINE)


def _notes(text: str, like: str, indent: str) -> Iterator[str]:
    first, *rest = text.strip().splitlines() or [""]
    yield f"{indent}# {like}: {first}"
    for line in rest:
        yield f"{indent}#     {line}".rstrip()
