"""A new language's file: every key of another language, its words beside, still to be filled."""

from collections.abc import Iterator, Mapping
from typing import Any

from menus.forms import Words

_HEAD = """\
# yaml-language-server: $schema=schema/words.schema.json
#
# Words in {code}.  Write each between the quotation marks; above it stands what {like} says.
# `main.py check` names all that is missing.  {like}.yaml tells the room that each text has.
language: {code}
name: ""
native_reader: not yet
"""
_KEPT = {"language", "name", "native_reader"}
"""Keys that the head has."""


def skeleton_of(words: Words, code: str) -> str:
    """The text of `code`.yaml, with no words yet; those of `words` as notes."""
    parts = words.model_dump(exclude_none=True, exclude=_KEPT)
    head = _HEAD.format(code=code, like=words.language)
    return "\n".join([head, *_lines(parts, words.language, "")]) + "\n"


def _lines(part: Mapping[str, Any], like: str, indent: str) -> Iterator[str]:
    for key, value in part.items():
        if isinstance(value, Mapping):
            yield f"{indent}{key}:"
            yield from _lines(value, like, f"{indent}  ")
        elif isinstance(value, tuple):
            if value:
                yield from _notes("\n".join(map(str, value)), like, indent)
                yield f"{indent}{key}: []"
        else:
            yield from _notes(value, like, indent)
            yield f'{indent}{key}: ""'


def _notes(text: str, like: str, indent: str) -> Iterator[str]:
    first, *rest = text.strip().splitlines() or [""]
    yield f"{indent}# {like}: {first}"
    for line in rest:
        yield f"{indent}#     {line}".rstrip()
