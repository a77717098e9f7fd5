"""Which country a person means, however they write it; and how a reply names it.

The wrong embassy is worse than none: a name is taken as sure only when it is
written as we know it (in any language, script, case or ending), or misspelt so
that one country is near and every other far.  Where two are near, all of them
are given back to be asked about; where none is, nothing is.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise, product

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Indel

from menus.countries import Affixes, Names, territories
from menus.model import Menu
from sms.understanding.normalize import words_of

MOST_ASKED = 4
"""Countries that a question names at most: more make it a list, not a question."""
LEAST_RATIO = 80.0
"""What a misspelt name shares with a known one, of 100 (`rapidfuzz.fuzz.ratio`)."""
LEAST_RATIO_AMONG_WORDS = 86.0
"""The same, for a word among others that name nothing."""
LEAST_LEAD = 10.0
"""How far ahead of every other country it then is."""
SHORTEST_GUESSED = 6
"""Letters of a name that may be guessed: one wrong letter of five is another word."""

_MOST_WORDS = 16
_LONGEST_NAME = 8
_LONGEST_ENDING = 8
_SHORTEST_STEM = 4
_HOME = "KZ"

_RUSSIAN_CASES = (
    ("кое", ("кий", "кая", "кого", "кому", "ком", "кую", "кой")),
    ("ая", ("ой", "ую")),
    ("ия", ("ии", "ию", "ией")),
    ("ья", ("ьи", "ье", "ью", "ьей")),
    ("ея", ("еи", "ее", "ею", "еей")),
    ("а", ("ы", "и", "е", "у", "ой")),
    ("й", ("я", "ю", "е", "ем")),
    ("ь", ("я", "ю", "е", "и", "ем")),
    ("ы", ("", "ов", "ам", "ах", "ами")),
)
"""Endings of names, and what the other cases have in their place."""
_AFTER_CONSONANT = ("а", "у", "ом", "е")
_CYRILLIC = re.compile("[а-яё -]+", re.IGNORECASE)
_NOT_CONSONANTS = re.compile("[aeiouh ]")
_SOUND_ALIKE = str.maketrans("pdgfzsw", "btkvccv")


class Role(StrEnum):
    """What the words say of somebody and a country: by its ending or the word before it."""

    IN = "in"
    TO = "to"
    NAMED = "named"
    FROM = "from"


@dataclass(frozen=True, slots=True)
class Mention:
    """A country that a message names: its words `start` up to `end`.  A word of several
    countries means the first of `codes`, the likeliest.  `adjective`: Turkish, not Turkey.
    """

    start: int
    end: int
    codes: tuple[str, ...]
    role: Role
    adjective: bool = False


Codes = tuple[str, ...]
Spellings = Mapping[str, Codes]
"""By the skeletons of a name's words, the countries that it may mean."""


@dataclass(frozen=True, slots=True, eq=False)
class Countries:
    """All countries under all their names.  Built once, then only read.

    `known` are the spellings taken as they stand, `guessed` those that a misspelt
    name is compared with, `begun` the first words of those of several words, `name_words`
    every word of them.
    """

    names: Names
    known: Spellings
    guessed: Spellings
    begun: Mapping[str, int]
    name_words: frozenset[str]
    endings: Mapping[str, Role]
    before: Mapping[str, Role]
    around: frozenset[str]
    only_alone: frozenset[str]
    adjectives: frozenset[str]
    not_countries: frozenset[str]

    @classmethod
    def of(cls, names: Names) -> "Countries":
        """Build, which takes about half a second: see `countries_of`."""
        alone = frozenset(
            _key(form) for word in names.only_alone for form in (word, *cases_of(word))
        )
        known = _known(names)
        return cls(
            names=names,
            known=known,
            guessed={key: codes for key, codes in _guessed(names).items() if key not in alone},
            begun=_begun(known),
            name_words=frozenset(word for name in known for word in name.split()),
            endings=_roles(names.endings),
            before=_roles(names.before),
            around=_skeletons(names.around),
            only_alone=alone,
            adjectives=_adjectives(names),
            not_countries=_skeletons(names.not_countries),
        )

    @property
    def commonest(self) -> Codes:
        """The countries most asked for, for a menu."""
        return self.names.commonest

    def name(self, code: str, language: str) -> str:
        """How a reply in the language names the country.

        In English where CLDR has not the language or the name.  Raises `KeyError`
        for a code that is no country's.
        """
        return name_of(self.names, code, language)

    def find(self, words: str) -> Codes:
        """The countries that the words may mean: one is sure, several are to be asked.

        At most four; none where no country is named.  Words around the name do no
        harm.  Kazakhstan beside another country is where the person is from, or
        where they are: the other one is meant.
        """
        tokens = words_of(words)[:_MOST_WORDS]
        left = [token for token in tokens if token not in self.around]
        named = self._named(tokens)
        if named and len(left) == 1:
            return named
        if named == (_HOME,):
            return self._misspelt(left) or named
        return self._whole(tokens, left) or named or self._misspelt(left)

    def mentions(self, tokens: list[str]) -> list[Mention]:
        """All names that a message has, by its skeletons; at each place the longest."""
        found: list[Mention] = []
        at = 0
        while at < len(tokens):
            mention = self._mention_at(tokens, at)
            found += [mention] if mention else []
            at = mention.end if mention else at + 1
        return found

    def misspelt(self, token: str) -> Codes:
        """The countries that a word among others may be meant for."""
        return self._nearest(token, LEAST_RATIO_AMONG_WORDS)

    # --- Names as they are known ---

    def _named(self, tokens: list[str]) -> Codes:
        return _agreed([each.codes for each in self.mentions(tokens)])

    def _mention_at(self, tokens: list[str], at: int) -> Mention | None:
        longest = self.begun.get(tokens[at], 1)
        for end in range(min(len(tokens), at + longest), at, -1):
            if found := self._key_of(tokens[at:end]):
                key, ending = found
                before = self.before.get(tokens[at - 1]) if at else None
                adjective, rest = key in self.adjectives, [*tokens[:at], *tokens[end:]]
                placed = key not in self.only_alone or (before and not adjective)
                if placed or self.around.issuperset(rest):
                    return Mention(at, end, self.known[key], before or ending, adjective)
        return None

    def _key_of(self, window: list[str]) -> tuple[str, Role] | None:
        """The known spelling of these words without its ending, and what the ending says."""
        if len(window) == 1 and window[0] in self.around:
            return None
        first = " ".join([*window[:-1], ""])
        spellings = ((first + stem, role) for stem, role in self._stems(window[-1]))
        return next((each for each in spellings if each[0] in self.known), None)

    def _stems(self, word: str) -> Iterator[tuple[str, Role]]:
        yield word, Role.NAMED
        if word in self.not_countries:
            return
        for at in range(max(_SHORTEST_STEM, len(word) - _LONGEST_ENDING), len(word)):
            stem, role = word[:at], self.endings.get(word[at:])
            everyday = at == _SHORTEST_STEM and stem in self.only_alone
            if role and not everyday:
                yield stem, role
                yield word[: at + 1], role  # қазақстан + нан: doubled letters are one by now

    # --- Names misspelt ---

    def _whole(self, tokens: list[str], left: list[str]) -> Codes:
        """By one name that all the words are; so `Amerikan Samoa` is not Samoa."""
        if " ".join(tokens) in self.known:
            return ()
        return self._nearest(" ".join(tokens), LEAST_RATIO) or self._nearest(
            " ".join(left), LEAST_RATIO
        )

    def _misspelt(self, tokens: list[str]) -> Codes:
        """By the names that words among others are near to."""
        pairs = [" ".join(pair) for pair in pairwise(tokens)]
        found = [self._nearest(each, LEAST_RATIO_AMONG_WORDS) for each in [*pairs, *tokens]]
        return _agreed([codes for codes in found if codes])

    def _nearest(self, words: str, least: float) -> Codes:
        """The countries of the names that are nearest, if near enough and plausible."""
        parts = {words, *words.split()}
        everyday = not (self.not_countries.isdisjoint(parts) and self.only_alone.isdisjoint(parts))
        if everyday or len(words) < SHORTEST_GUESSED:
            return ()
        near = process.extract(
            words, self.guessed.keys(), scorer=fuzz.ratio, score_cutoff=least - LEAST_LEAD, limit=40
        )
        best = next((each for each in near if _plausible(words, each[0])), None)
        if best is None or best[1] < max(least, near[0][1] - LEAST_LEAD):
            return ()
        meant = self.guessed[best[0]]
        close = [self.guessed[key] for key, score, _ in near if best[1] - score < LEAST_LEAD]
        rivals = [code for codes in close if set(codes).isdisjoint(meant) for code in codes]
        return tuple(dict.fromkeys((*meant, *rivals)))[:MOST_ASKED]


def countries_of(menu: Menu) -> Countries:
    """The countries as this version of the menu names them; built once for equal names."""
    return _built(menu.names)


@lru_cache(maxsize=4)
def _built(names: Names) -> Countries:
    countries = Countries.of(names)
    _word_key.cache_clear()  # some 2 MB, and of use only while they are built
    return countries


def name_of(names: Names, code: str, language: str) -> str:
    """As `Countries.name`, from the file alone."""
    own = names.names.get(language, {}).get(code) or territories(language).get(code)
    return own or names.names.get("en", {}).get(code) or territories("en")[code]


def _agreed(met: list[Codes]) -> Codes:
    """What several names come to: each country once, the first met first.

    A word of several countries says nothing new beside one of them by its own name
    (Korea, Seoul).  Home says nothing beside another country.
    """
    sure = {codes[0] for codes in met if len(codes) == 1}
    told = [codes for codes in met if len(codes) == 1 or sure.isdisjoint(codes)]
    codes = list(dict.fromkeys(code for each in told for code in each))
    abroad = [code for code in codes if code != _HOME]
    return tuple(abroad or codes)[:MOST_ASKED]


def _plausible(words: str, name: str) -> bool:
    """Whether people misspell the name so: rarely in its first letter, and in its
    consonants only by one that sounds alike, or in a long name by one or two.
    """
    if words[0] != name[0]:
        return False
    apart = Indel.distance(_consonants(words), _consonants(name))
    return apart <= max(0, len(name) - SHORTEST_GUESSED - 1)


def _consonants(words: str) -> str:
    return _NOT_CONSONANTS.sub("", words.translate(_SOUND_ALIKE))


# --- The spellings, built once ------------------------------------------------


def _known(names: Names) -> Spellings:
    """Every spelling that is taken as it stands.  Words that the file calls homonyms
    mean all their countries, whatever CLDR says; a name also goes without its spaces.
    """
    others = (names.as_written, names.adjectives, names.cities)
    written = [*_written(names), *(pair for each in others for pair in _others(each))]
    cases = ((form, code) for name, code in written for form in cases_of(name))
    spelt = _spellings([*written, *cases])
    spelt |= _homonyms(names, lambda word: (word, *cases_of(word)))
    closed = ((name.replace(" ", "").replace("-", ""), code) for name, code in written)
    return {**_spellings(closed), **spelt}


def _guessed(names: Names) -> dict[str, Codes]:
    spelt = _spellings(_written(names)) | _homonyms(names, lambda word: (word,))
    return {key: codes for key, codes in spelt.items() if len(key) >= SHORTEST_GUESSED}


def _written(names: Names) -> Iterator[tuple[str, str]]:
    """All names with their countries: CLDR's in each language, ours, and the aliases."""
    for language in names.languages:
        own = names.names.get(language, {})
        for code, name in [*territories(language).items(), *own.items()]:
            yield name, code
            for short, full in names.abbreviations.items():
                if short in name:
                    yield name.replace(short, full), code
    yield from _others(names.aliases)


def _others(aliases: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, str]]:
    return ((alias, code) for code, each in aliases.items() for alias in each)


def cases_of(name: str) -> Iterator[str]:
    """A Russian name in its other cases, and some forms that nobody uses."""
    if not _CYRILLIC.fullmatch(name) or len(name) < _SHORTEST_STEM:
        return
    forms = [_forms(word) for word in name.lower().replace("-", " ").split()]
    if 0 < len(forms) <= 3 and all(len(each) > 1 for each in forms):
        yield from map(" ".join, product(*forms))


def _forms(word: str) -> tuple[str, ...]:
    for ending, others in _RUSSIAN_CASES:
        if word.endswith(ending):
            return (word, *(word.removesuffix(ending) + other for other in others))
    if word[-1] in "оеёуюэяи":
        return (word,)
    return (word, *(word + ending for ending in _AFTER_CONSONANT))


def _spellings(written: Iterable[tuple[str, str]]) -> dict[str, Codes]:
    """Where names of several countries fall together, all of them are meant."""
    found: dict[str, Codes] = {}
    for name, code in written:
        if key := _key(name):
            found[key] = tuple(dict.fromkeys((*found.get(key, ()), code)))
    return found


def _homonyms(names: Names, forms: Callable[[str], Iterable[str]]) -> dict[str, Codes]:
    return {
        _key(form): homonym.codes
        for homonym in names.homonyms
        for word in homonym.words
        for form in forms(word)
    }


def _key(name: str) -> str:
    return " ".join(filter(None, map(_word_key, name.split())))


@lru_cache(maxsize=16384)
def _word_key(word: str) -> str:
    """A third of the words of all names in all cases are different."""
    return " ".join(words_of(word))


def _begun(known: Spellings) -> dict[str, int]:
    """By the first word of names of several words, how many the longest of them has."""
    found: dict[str, int] = {}
    for first, *rest in (name.split() for name in known):
        if rest:
            found[first] = max(found.get(first, 1), min(1 + len(rest), _LONGEST_NAME))
    return found


def _adjectives(names: Names) -> frozenset[str]:
    """The spellings that are an adjective and no name."""
    written = (word for each in names.adjectives.values() for word in each)
    others = (*_written(names), *_others(names.as_written), *_others(names.cities))
    every = frozenset(_key(form) for word in written for form in (word, *cases_of(word)))
    return every - {_key(name) for name, _ in others}


def _roles(affixes: Affixes) -> dict[str, Role]:
    """What each ending, or word before a name, says; where two fall together, the first."""
    lists = {
        Role.NAMED: affixes.other,
        Role.TO: affixes.to,
        Role.FROM: affixes.from_,
        Role.IN: affixes.in_,
    }
    return {_key(each): role for role, listed in lists.items() for each in listed}


def _skeletons(lists: Iterable[Iterable[str]]) -> frozenset[str]:
    return frozenset(_key(word) for words in lists for word in words)
