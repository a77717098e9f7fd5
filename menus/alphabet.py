"""Letters that look alike and are not: which script each belongs to.

A Latin `o` inside a Cyrillic word looks right, and is wrong: search does not
find the word, a voice reads it badly, and a text of one segment can become two.
"""

import re
import unicodedata
from collections import Counter
from functools import lru_cache

AT_HAND = 4096
"""Characters whose class is looked up but once: more than a menu has."""
_WORD = re.compile(r"[^\W\d_]+")

_LOOK_ALIKE = {
    "A": "А", "B": "В", "C": "С", "E": "Е", "H": "Н", "I": "І", "K": "К", "M": "М", "O": "О",
    "P": "Р", "T": "Т", "X": "Х", "Y": "У", "Ö": "Ө", "Ü": "Ү",
    "a": "а", "c": "с", "e": "е", "h": "һ", "i": "і", "k": "к", "m": "м", "o": "о",
    "p": "р", "t": "т", "x": "х", "y": "у", "ö": "ө", "ü": "ү",
}  # fmt: skip
"""The Latin letters for which a Cyrillic one is typed, and which it is."""
_SEEN_AS_SMALL_CAPITALS = frozenset("kmtöüÖÜ")
"""Those of them that an eye tells apart."""

TO_CYRILLIC = str.maketrans(_LOOK_ALIKE)
TO_LATIN = str.maketrans({cyrillic: latin for latin, cyrillic in _LOOK_ALIKE.items()})
CAPITALS_TO_CYRILLIC = str.maketrans(
    {latin: cyrillic for latin, cyrillic in _LOOK_ALIKE.items() if latin.isupper()}
)
_LATIN_LIKE_CYRILLIC = _LOOK_ALIKE.keys() - _SEEN_AS_SMALL_CAPITALS


_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK")
"""Whose letters look alike, as the names of characters begin."""


@lru_cache(AT_HAND)
def script_of(char: str) -> str | None:
    """`LATIN`, `CYRILLIC` or `GREEK`; None for what is no letter of these."""
    script = unicodedata.name(char, "").split(" ", 1)[0]
    return script if script in _SCRIPTS else None


def is_cyrillic(char: str) -> bool:
    return script_of(char) == "CYRILLIC"


def words(text: str) -> list[str]:
    """The runs of letters in a text, in order."""
    return _WORD.findall(text)


def mixed_words(text: str) -> list[str]:
    """Words with letters of two scripts, and in a Cyrillic text the Latin words
    that consist of nothing but letters which look Cyrillic.
    """
    if len(_scripts(text)) < 2:
        return []
    scripts = Counter(map(script_of, text))
    cyrillic_text = scripts["CYRILLIC"] > scripts["LATIN"]
    return [w for w in words(text) if len(_scripts(w)) > 1 or (cyrillic_text and _disguised(w))]


def _scripts(text: str) -> set[str | None]:
    return set(map(script_of, set(text))) - {None}


def _disguised(word: str) -> bool:
    return all(char in _LATIN_LIKE_CYRILLIC for char in word)


def foreign_letters(word: str) -> str:
    """The letters of the rarest script in a mixed word, to point at."""
    by_script = ("".join(c for c in word if script_of(c) == script) for script in _SCRIPTS)
    return min(filter(None, by_script), key=len)


@lru_cache(AT_HAND)
def is_invisible(char: str) -> bool:
    """Whether nobody sees it, and phones show it as a box or not at all."""
    return char not in "\n " and unicodedata.category(char)[0] in "CZ"
