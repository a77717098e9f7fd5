"""What is other in some words than in earlier ones, piece by piece."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from menus.editing import Value, Values

_PIECE = re.compile(r"\s+|[^\s]+")

Pieces = list[tuple[str, str]]
"""Pieces of a text in order, each `same`, `old` or `new`."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One key whose words differ."""

    key: str
    pieces: Pieces


def differences(before: Values, after: Values) -> list[Difference]:
    """Every key that says something else, those of `after` first."""
    keys = [*after, *(key for key in before if key not in after)]
    both = [(key, before.get(key) or "", after.get(key) or "") for key in keys]
    return [Difference(key, pieces_of(old, new)) for key, old, new in both if old != new]


def pieces_of(before: Value, after: Value) -> Pieces:
    """The pieces of both."""
    old, new = _PIECE.findall(joined(before)), _PIECE.findall(joined(after))
    pieces: Pieces = []
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            pieces.append(("same", "".join(old[a:b])))
            continue
        both = (("old", "".join(old[a:b])), ("new", "".join(new[c:d])))
        pieces += [piece for piece in both if piece[1]]
    return pieces


def joined(value: Value) -> str:
    """Words of a list under each other."""
    return value if isinstance(value, str) else "\n".join(value)
