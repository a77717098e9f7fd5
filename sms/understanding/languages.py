"""Which language a message is in, by what each language looks like, in either script.

A language is known by the letters that follow each other in what its screens say, in its
keywords and in its names of countries, all brought to skeletons: so Kazakh is Kazakh in
Cyrillic, in the letters of 2021 and in those that people text in.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from menus.alphabet import is_cyrillic
from menus.countries import territories
from menus.model import Language, Menu
from sms.understanding.keyword import Keyword
from sms.understanding.normalize import words_of
from sms.understanding.word_index import LATIN_ONLY, WHOLE

FOREIGN_LETTER = 6.0
"""What a word with a letter that the language has not counts against it."""
KNOWN_WORD = 4.0
"""What a word that the language has counts for it."""
AS_WRITTEN = 3.0
"""What it counts more where it is spelt as the language spells it."""

_WORD = re.compile(r"[^\W\d_]+")
_SEEN_NOWHERE = 0.3
_EVERY = 300
"""Beside what is counted: so many threes that were not seen."""


@dataclass(frozen=True, slots=True)
class LanguageProfile:
    """What a language looks like.  `reply_in`: the language to answer in; itself, if it is
    offered.  `letters`: of all its alphabets.
    """

    code: str
    reply_in: str
    letters: frozenset[str]
    words: frozenset[str]
    spelt: frozenset[str]

    @property
    def cyrillic(self) -> bool:
        return any(map(is_cyrillic, self.letters))


Likeness = tuple[float, ...]
"""How much something looks like each language, in the order of the profiles: more is more."""


@dataclass(frozen=True, slots=True)
class Languages:
    """All languages that people write, those that are offered first.  `sounds`: by three
    letters, how likely each language has them, as logarithms; `unseen`: three others.
    """

    profiles: tuple[LanguageProfile, ...]
    sounds: Mapping[str, Likeness]
    unseen: Likeness

    def likeness(self, written: str, skeleton: str) -> Likeness:
        """How much one word looks like each language."""
        threes = [self.sounds.get(each, self.unseen) for each in _threes(skeleton)]
        plain = written.casefold()
        return tuple(
            sum(each) + _of_word(profile, plain, skeleton)
            for profile, each in zip(self.profiles, zip(*threes, strict=True), strict=True)
        )


def _of_word(profile: LanguageProfile, written: str, skeleton: str) -> float:
    known = KNOWN_WORD if skeleton in profile.words else 0.0
    spelt = AS_WRITTEN if written in profile.spelt else 0.0
    own = profile.letters.issuperset(char for char in written if char.isalpha())
    return known + spelt - (0.0 if own else FOREIGN_LETTER)


def languages_of(menu: Menu, keywords: Sequence[Keyword]) -> Languages:
    """What the menu knows of each language."""
    codes = tuple(dict.fromkeys((*menu.languages, *menu.keywords)))
    profiles = tuple(_profile(menu, code) for code in codes)
    counts = [_counts(each, keywords) for each in profiles]
    logarithms = [_logarithms(count) for count in counts]
    unseen = tuple(each[""] for each in logarithms)
    seen = {three for each in logarithms for three in each}
    return Languages(
        profiles=profiles,
        sounds={
            three: tuple(
                each.get(three, least) for each, least in zip(logarithms, unseen, strict=True)
            )
            for three in seen
        },
        unseen=unseen,
    )


def _profile(menu: Menu, code: str) -> LanguageProfile:
    file, spelt = menu.keywords.get(code), frozenset(_words(menu, code))
    letters = "".join((*spelt, *(file.alphabets if file else ())))
    otherwise = file.otherwise if file else code
    return LanguageProfile(
        code=code,
        reply_in=next(
            each for each in (code, otherwise, *menu.languages) if each in menu.languages
        ),
        letters=frozenset(char for char in letters if char.isalpha()),
        words=frozenset(each for word in spelt for each in words_of(word)),
        spelt=spelt,
    )


def _words(menu: Menu, code: str) -> Iterator[str]:
    """All words that we have in a language, in small letters."""
    file = menu.keywords.get(code)
    said = _said(menu.languages[code]) if code in menu.languages else ()
    names = (name for each in (code, f"{code}_Cyrl") for name in territories(each).values())
    for text in (*said, *names, *(file.common if file else ())):
        yield from _WORD.findall(text.casefold())


def _counts(profile: LanguageProfile, keywords: Iterable[Keyword]) -> Counter[str]:
    """Three letters of whole words, and of beginnings, whose ends are not known."""
    count = Counter(three for word in profile.words for three in _threes(word))
    own = (each for each in keywords if each.language == profile.code)
    for form in {form for each in own for form in each.forms()}:
        stem = form.strip(LATIN_ONLY + WHOLE)
        count.update(_threes(stem)[: None if form.endswith(WHOLE) else -1])
    return count


def _logarithms(count: Counter[str]) -> dict[str, float]:
    """How likely each three letters are; under "", any that were not seen."""
    every = math.log(count.total() + _EVERY)
    of = {number: math.log(number + _SEEN_NOWHERE) - every for number in {0, *count.values()}}
    return {**{three: of[number] for three, number in count.items()}, "": of[0]}


def _threes(skeleton: str) -> list[str]:
    padded = f"^{skeleton}$"
    return [padded[n : n + 3] for n in range(len(padded) - 2)]


def _said(language: Language) -> Iterator[str]:
    """All that a language says on screens and in messages, its keywords too."""
    for words in language.words.values():
        yield words.text
    for _, value in language.sms:
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple):
            yield from value
