"""Everything that a message is understood by: the keywords of a menu in all languages that
people write, built once a version.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from menus.alphabet import is_cyrillic
from menus.file_models import KeywordFile
from menus.model import Language, Menu
from sms.requests import Embassy, NodeRequest, Request
from sms.understanding.country_search import Countries
from sms.understanding.keyword import Keyword, Weight, parts_of
from sms.understanding.languages import Languages, languages_of
from sms.understanding.normalize import words_of
from sms.understanding.word_index import LATIN_ONLY, WHOLE, Forms, WordIndex

HELP_MENUS = ("danger", "signs")
"""What they lead to is for somebody in need."""
NEVER_GUESSED = ("stop", "yes")
"""In Kazakh two letters make "send" of "do not send"."""
PERSON = "person"
"""The list of a keyword file that names relatives and friends."""
SHORTEST_SKELETON = 3
"""Letters of a filler that is one however it is spelt."""


class KeywordList(StrEnum):
    """The lists of keywords under `sms` in a language's file."""

    STOP = "stop_keywords"
    YES = "yes_keywords"
    EMBASSY = "embassy_keywords"
    DIGEST = "digest_keywords"
    SERIES = "series_keywords"

    @property
    def meaning(self) -> str:
        return self.removesuffix("_keywords")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`named`: the keywords that screens name, by the skeletons of their words.  `by_form`: by
    each form, the keywords and parts that begin with it.  `latin`: forms that no Cyrillic
    word is.  `known_words`: whole words, which are never parted.  `courtesies`: fillers that
    may stand beside a yes.  `help`: the nodes for somebody in need; `urgent`: those of the
    menu's first choice.  `in_latin`: the languages that can be read in Latin letters, and
    what they are called then.  `homes`: by language, the country whose missions are meant
    where none is named.  `others`: forms of words for somebody else: daughter, brother.
    """

    named: Mapping[str, tuple[Keyword, ...]]
    keywords: tuple[Keyword, ...]
    by_form: Mapping[str, tuple[tuple[int, int], ...]]
    index: WordIndex
    latin: WordIndex
    known_words: frozenset[str]
    fillers: frozenset[str]
    courtesies: frozenset[str]
    help: frozenset[str]
    urgent: frozenset[str]
    languages: Languages
    offered: tuple[str, ...]
    in_latin: Mapping[str, str]
    homes: Mapping[str, str]
    others: frozenset[str]
    countries: Countries

    def is_urgent(self, request: Request) -> bool:
        """Whether somebody is in danger now."""
        if isinstance(request, Embassy):
            return request.danger
        return isinstance(request, NodeRequest) and request.node in self.urgent

    def begins(self, letters: str) -> bool:
        """Whether a word that begins so is known, whatever it ends in."""
        name = len(letters) > 4 and letters in self.countries.name_words
        return name or letters in self.index.forms


def vocabulary_of(menu: Menu, countries: Countries) -> Vocabulary:
    """Everything that `understand` knows."""
    shared: dict[Forms, Forms] = {}
    named = tuple(_sharing(shared, _named(menu)))
    keywords = (*named, *_sharing(shared, _all_patterns(menu)))
    languages = languages_of(menu, keywords)
    forms = frozenset(form for each in keywords for form in each.forms())
    latin = frozenset(form for form in forms if form.startswith(LATIN_ONLY))
    kept = frozenset(
        form for each in keywords if each.meaning in NEVER_GUESSED for form in each.forms()
    )
    whole = {form.strip(LATIN_ONLY + WHOLE) for form in forms if form.endswith(WHOLE)}
    return Vocabulary(
        named=_by_words(named),
        keywords=keywords,
        by_form=_by_form(keywords),
        index=WordIndex.of(forms - latin, kept),
        latin=WordIndex.of(latin, kept),
        known_words=frozenset(whole).union(*(each.words for each in languages.profiles)),
        fillers=_fillers(menu),
        courtesies=frozenset(
            word.casefold() for each in menu.languages.values() for word in each.sms.filler_words
        ),
        help=frozenset(_below(menu, HELP_MENUS)),
        urgent=frozenset(_below(menu, menu.nodes[menu.start.leads_to].choices[:1])),
        languages=languages,
        offered=tuple(menu.languages),
        in_latin={each.file: code for code, each in menu.latin.items()},
        homes={code: each.home for code, each in menu.languages.items() if each.home},
        others=frozenset(_others(menu)),
        countries=countries,
    )


def _all_patterns(menu: Menu) -> Iterator[Keyword]:
    for code, file in menu.keywords.items():
        yield from _patterns(file, _mark(menu, code))


def _named(menu: Menu) -> Iterator[Keyword]:
    for language in menu.languages.values():
        for written, meaning in named_by(language):
            weight = _weight_of_named(menu, meaning, written)
            for parts in parts_of(written, {}, _mark(menu, language.code)):
                yield Keyword(language.code, meaning, weight, written, parts)


def _sharing(shared: dict[Forms, Forms], keywords: Iterable[Keyword]) -> Iterator[Keyword]:
    """The same with equal forms kept once: most words stand in many patterns."""
    for each in keywords:
        parts = (tuple(shared.setdefault(word, word) for word in part) for part in each.parts)
        yield replace(each, parts=tuple(parts))


def _by_words(named: Iterable[Keyword]) -> dict[str, tuple[Keyword, ...]]:
    found: dict[str, tuple[Keyword, ...]] = {}
    for keyword in named:
        key = " ".join(words_of(keyword.written))
        found[key] = (*found.get(key, ()), keyword)
    return found


def named_by(language: Language) -> Iterator[tuple[str, str]]:
    """The keywords of a language's own file, and what each means."""
    for kind in KeywordList:
        for written in getattr(language.sms, kind, ()):
            yield written, kind.meaning
    for node, words in language.words.items():
        for written in words.keywords:
            yield written, node


def _weight_of_named(menu: Menu, meaning: str, written: str) -> Weight:
    """A word that a screen names is sure by itself; in a sentence, only where it is no
    everyday word: those are hints, and the patterns say when they are more.
    """
    if meaning in menu.nodes and meaning not in _below(menu, HELP_MENUS):
        return Weight.LIKELY if " " in written else Weight.HINT
    return Weight.LIKELY


def _patterns(file: KeywordFile, mark: str) -> Iterator[Keyword]:
    for meaning, levels in file.keywords.items():
        for weight in Weight:
            for written in getattr(levels, weight.name.lower()):
                for parts in parts_of(written, file.lists, mark):
                    yield Keyword(file.language, meaning, weight, written, parts)


def _others(menu: Menu) -> Iterator[str]:
    for code, file in menu.keywords.items():
        if PERSON in file.lists:
            for [[forms]] in parts_of(f"<{PERSON}>", file.lists, _mark(menu, code)):
                yield from forms


def _mark(menu: Menu, code: str) -> str:
    file = menu.keywords.get(code)
    letters = "".join(file.alphabets) if file else "ж"
    return "" if any(map(is_cyrillic, letters)) else LATIN_ONLY


def _by_form(keywords: Iterable[Keyword]) -> dict[str, tuple[tuple[int, int], ...]]:
    found: dict[str, list[tuple[int, int]]] = {}
    for n, keyword in enumerate(keywords):
        for place in ((n, m) for m in range(len(keyword.parts))):
            for form in keyword.parts[place[1]][0]:
                found.setdefault(form, []).append(place)
    return {form: tuple(places) for form, places in found.items()}


def _fillers(menu: Menu) -> frozenset[str]:
    said = (word for each in menu.languages.values() for word in each.sms.filler_words)
    common = (word for each in menu.keywords.values() for word in each.common)
    return frozenset(form for word in (*said, *common) for form in _as_filler(word))


def _as_filler(word: str) -> Iterator[str]:
    """Short ones only as they are written: я is none of иә, though one to a skeleton."""
    yield word.casefold()
    yield from (part for part in words_of(word) if len(part) >= SHORTEST_SKELETON)


def _below(menu: Menu, nodes: Iterable[str]) -> set[str]:
    """The nodes, and all that they lead to."""
    found, ahead = set[str](), [node for node in nodes if node in menu.nodes]
    while ahead:
        node = ahead.pop()
        found.add(node)
        ahead += [each for each in menu.nodes[node].choices if each not in found]
    return found
