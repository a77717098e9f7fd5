"""The words by which messages ask: every keyword of a menu, in all its languages."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from menus.alphabet import is_cyrillic
from menus.model import Language, Menu
from sms.understanding.country_search import Countries
from sms.understanding.normalize import words_of


class Kind(StrEnum):
    """What a keyword is for; each but NODE has its own list under `sms`."""

    STOP = "stop_keywords"
    YES = "yes_keywords"
    EMBASSY = "embassy_keywords"
    TIPS = "tips_keywords"
    SERIES = "series_keywords"
    NODE = "keywords"


@dataclass(frozen=True, slots=True)
class Keyword:
    """One keyword of one language; `node` if it asks for one."""

    language: str
    kind: Kind
    node: str
    cyrillic: bool


@dataclass(frozen=True, slots=True)
class LanguageProfile:
    """What a language looks like, to tell which one a message is in."""

    code: str
    cyrillic: bool
    letters: frozenset[str]
    own_letters: int
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All keywords of one menu, by the skeletons of their words.  Built once a version.

    `fillers`: words that tell nothing, as written and as skeletons.  `urgent`: what a
    person in danger chooses, the menu's first choice and those below it.
    """

    keywords: Mapping[str, tuple[Keyword, ...]]
    single: tuple[str, ...]
    longest: int
    fillers: frozenset[str]
    urgent: frozenset[str]
    profiles: tuple[LanguageProfile, ...]
    countries: Countries


def vocabulary_of(menu: Menu, countries: Countries) -> Vocabulary:
    """Everything that `understand` knows."""
    keywords: dict[str, tuple[Keyword, ...]] = {}
    for language in menu.languages.values():
        for written, keyword in keywords_of(language):
            key = " ".join(words_of(written))
            keywords[key] = (*keywords.get(key, ()), keyword)
    first = menu.nodes[menu.start.leads_to].choices[:1]
    below = (name for each in first for name in menu.nodes[each].choices)
    fillers = (word for each in menu.languages.values() for word in each.sms.filler_words)
    letters = {code: _letters(each) for code, each in menu.languages.items()}
    return Vocabulary(
        keywords=keywords,
        single=tuple(key for key in keywords if " " not in key),
        longest=max(key.count(" ") + 1 for key in keywords),
        fillers=frozenset(each for word in fillers for each in (word.casefold(), *words_of(word))),
        urgent=frozenset([*first, *below]),
        profiles=tuple(_profile(each, letters) for each in menu.languages.values()),
        countries=countries,
    )


def keywords_of(language: Language) -> Iterator[tuple[str, Keyword]]:
    """Every keyword of a language as it is written, in the order of the file."""
    for kind in Kind:
        for written in getattr(language.sms, kind, ()):
            yield written, _keyword(language, kind, "", written)
    for node, words in language.words.items():
        for written in words.keywords:
            yield written, _keyword(language, Kind.NODE, node, written)


def _keyword(language: Language, kind: Kind, node: str, written: str) -> Keyword:
    return Keyword(language.code, kind, node, any(map(is_cyrillic, written)))


def _profile(language: Language, letters: Mapping[str, frozenset[str]]) -> LanguageProfile:
    own = letters[language.code]
    others = (each for code, each in letters.items() if code != language.code)
    return LanguageProfile(
        code=language.code,
        cyrillic=any(map(is_cyrillic, own)),
        letters=own,
        own_letters=len(own.difference(*others)),
        words=frozenset(words_of_all(_said(language))),
    )


def words_of_all(texts: Iterable[str]) -> Iterator[str]:
    """The skeletons of all words, however long the texts are."""
    for text in texts:
        for word in text.split():
            yield from words_of(word)


def _letters(language: Language) -> frozenset[str]:
    return frozenset(char for text in _said(language) for char in text.casefold() if char.isalpha())


def _said(language: Language) -> Iterator[str]:
    """All that a language says on screens and in messages, its keywords too."""
    for words in language.words.values():
        yield words.text
    for _, value in language.sms:
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple):
            yield from value
