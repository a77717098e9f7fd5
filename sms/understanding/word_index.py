"""Which words of the keywords a word of a message may be: as written, inflected, misspelt.

A form is a word of a keyword by its skeleton: `pasport$` is that word, `pasport` any that
begins so.  A word that is no form as it stands is looked up once more with its vowels made
alike (pamagite, помогите), then with one letter lost, added or changed behind the first;
both only for forms that are long enough.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

WHOLE = "$"
"""Ends a form that is a whole word."""
LATIN_ONLY = "~"
"""Begins the forms of a language without Cyrillic letters: no Cyrillic word is one."""
SHORTEST_ALIKE = 5
"""Letters of a form that is found with other vowels."""
SHORTEST_MISSPELT = 6
"""Letters of a whole word that is found with one letter wrong; a beginning has one more."""

Forms = frozenset[str]
NONE: Forms = frozenset()

_VOWELS = str.maketrans("aouei", "aaaii")


@dataclass(frozen=True, slots=True)
class WordIndex:
    """Built once, then only read.  `alike`: forms by their vowels made alike; `misspelt`:
    by that with one letter left out.  `longest`: characters of the longest of them all; what
    a word has behind those, and one that is too much, is not looked at.
    """

    forms: Forms
    alike: Mapping[str, tuple[str, ...]]
    misspelt: Mapping[str, tuple[str, ...]]
    longest: int

    @classmethod
    def of(cls, forms: Forms, never_guessed: Forms) -> "WordIndex":
        guessed = forms - never_guessed
        keys = [(_alike(form), form) for form in guessed]
        alike = ((key, form) for key, form in keys if _letters(key) >= SHORTEST_ALIKE)
        misspelt = (
            (each, form)
            for key, form in keys
            if _letters(key) >= SHORTEST_MISSPELT + (not form.endswith(WHOLE))
            for each in (key, *_without_one(key))
        )
        longest = max(map(len, forms), default=0)
        return cls(forms, _by_key(alike), _by_key(misspelt), longest)

    def known(self, word: str) -> Forms:
        """The forms that the skeleton is, as it stands."""
        return self.forms.intersection(_beginnings(self._looked_at(word + WHOLE)))

    def guessed(self, word: str) -> Forms:
        """The forms that it may be, written otherwise."""
        if _letters(word) < SHORTEST_ALIKE:
            return NONE
        key = self._looked_at(_alike(word + WHOLE))
        return _found(_beginnings(key), self.alike) or _found(_misspellings(key), self.misspelt)

    def _looked_at(self, word: str) -> str:
        return word[: self.longest + 1]


def _letters(form: str) -> int:
    return len(form.strip(LATIN_ONLY + WHOLE))


def _beginnings(word: str) -> list[str]:
    return [word[:end] for end in range(1, len(word) + 1)]


def _misspellings(key: str) -> Iterator[str]:
    """Its beginnings, also without one of their letters."""
    for end in range(SHORTEST_MISSPELT - 1, len(key) + 1):
        yield key[:end]
        yield from _without_one(key[:end])


def _without_one(key: str) -> Iterator[str]:
    """Without one of the letters behind the first."""
    for at in range(1 + key.startswith(LATIN_ONLY), len(key)):
        if key[at] != WHOLE:
            yield key[:at] + key[at + 1 :]


def _alike(form: str) -> str:
    """With vowels that are taken for each other made one, and no letter twice."""
    merged = form.translate(_VOWELS)
    return "".join(a for a, b in zip(merged, f" {merged}", strict=False) if a != b)


def _found(keys: Iterable[str], forms: Mapping[str, tuple[str, ...]]) -> Forms:
    return frozenset(form for key in keys for form in forms.get(key, ()))


def _by_key(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for key, form in pairs:
        found[key] = (*found.get(key, ()), form)
    return found
