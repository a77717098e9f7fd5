"""Letters that look alike and are not: which script each belongs to.

A Latin `o` inside a Cyrillic word looks right, and is wrong: search does not
find the word, a voice reads it badly, and a text of one segment can become two.
"""

import re
import unicodedata

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


def is_latin(char: str) -> bool:
    return unicodedata.name(char, "").startswith("LATIN ")


def is_cyrillic(char: str) -> bool:
    return unicodedata.name(char, "").startswith("CYRILLIC ")


def is_greek(char: str) -> bool:
    return unicodedata.name(char, "").startswith("GREEK ")


def words(text: str) -> list[str]:
    """The runs of letters in a text, in order."""
    return _WORD.findall(text)


def mixed_words(text: str) -> list[str]:
    """Words with letters of two scripts, and in a Cyrillic text the Latin words
    that consist of nothing but letters which look Cyrillic.
    """
    cyrillic_text = sum(map(is_cyrillic, text)) > sum(map(is_latin, text))
    return [w for w in words(text) if _mixed(w) or (cyrillic_text and _disguised(w))]


def _mixed(word: str) -> bool:
    return sum(bool(letters) for letters in _by_script(word)) > 1


def _by_script(word: str) -> list[str]:
    """The letters of a word in each of the scripts that look alike."""
    return ["".join(filter(of, word)) for of in (is_latin, is_cyrillic, is_greek)]


def _disguised(word: str) -> bool:
    return all(char in _LATIN_LIKE_CYRILLIC for char in word)


def foreign_letters(word: str) -> str:
    """The letters of the rarest script in a mixed word, to point at."""
    return min(filter(None, _by_script(word)), key=len)


def invisible(text: str) -> list[str]:
    """Characters that nobody sees and phones show as boxes or not at all."""
    return [c for c in text if c != "\n" and unicodedata.category(c)[0] in "CZ" and c != " "]
