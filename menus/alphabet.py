"""Letters that look alike and are not: which script each belongs to.

A Latin `o` inside a Cyrillic word looks right, and is wrong: search does not
find the word, a voice reads it badly, and a text of one segment can become two.
"""

import re
import unicodedata

_WORD = re.compile(r"[^\W\d_]+")
_LATIN_LIKE_CYRILLIC = frozenset("aceiopxyABCEHIKMOPTXYh")


def is_latin(char: str) -> bool:
    return unicodedata.name(char, "").startswith("LATIN ")


def is_cyrillic(char: str) -> bool:
    return unicodedata.name(char, "").startswith("CYRILLIC ")


def words(text: str) -> list[str]:
    """The runs of letters in a text, in order."""
    return _WORD.findall(text)


def mixed_words(text: str) -> list[str]:
    """Words with letters of two scripts, and in a Cyrillic text the Latin words
    that consist of nothing but letters which look Cyrillic.
    """
    cyrillic_text = any(map(is_cyrillic, text))
    return [w for w in words(text) if _mixed(w) or (cyrillic_text and _disguised(w))]


def _mixed(word: str) -> bool:
    return any(map(is_latin, word)) and any(map(is_cyrillic, word))


def _disguised(word: str) -> bool:
    return all(char in _LATIN_LIKE_CYRILLIC for char in word)


def foreign_letters(word: str) -> str:
    """The letters of the rarer script in a mixed word, to point at."""
    latin = "".join(filter(is_latin, word))
    cyrillic = "".join(filter(is_cyrillic, word))
    return min(latin, cyrillic, key=len) or latin


def invisible(text: str) -> list[str]:
    """Characters that nobody sees and phones show as boxes or not at all."""
    return [c for c in text if c != "\n" and unicodedata.category(c)[0] in "CZ" and c != " "]
