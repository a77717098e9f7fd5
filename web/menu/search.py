"""Finding words in the menu: in labels, texts, keywords and messages of all languages."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from pydantic import BaseModel

from menus.model import Menu

MOST_FOUND = 200
LONGEST_QUERY = 100
AROUND = 45
"""Characters shown on each side of a match."""

Parts = list[tuple[str, bool]]
"""A text in pieces; True for those that match."""


@dataclass(frozen=True, slots=True)
class TextPlace:
    """Where a text stands.  `node` is empty for words of no node; `language`, for
    words of all.
    """

    node: str
    language: str
    what: str


@dataclass(frozen=True, slots=True)
class Match:
    """A text that has the words: where, and its piece around the first match."""

    place: TextPlace
    parts: Parts


def search(menu: Menu, query: str) -> list[Match]:
    """Every text that has the words, whatever their case, at most `MOST_FOUND`."""
    pattern = pattern_of(query)
    if pattern is None:
        return []
    found = (
        Match(place, _piece(text, match, pattern))
        for place, text in words_of_menu(menu)
        if (match := pattern.search(text))
    )
    return list(islice(found, MOST_FOUND))


def match_parts(text: str, query: str) -> Parts:
    """The whole text in pieces, so that a page can mark those that match."""
    pattern = pattern_of(query)
    return _parts(text, pattern) if pattern else [(text, False)]


def pattern_of(query: str) -> re.Pattern[str] | None:
    """What a query looks for; a space stands for any space.  None, if it is empty."""
    words = unicodedata.normalize("NFC", query[:LONGEST_QUERY]).split()
    return re.compile(r"\s+".join(map(re.escape, words)), re.IGNORECASE) if words else None


def words_of_menu(menu: Menu) -> Iterator[tuple[TextPlace, str]]:
    """Every text that the operator wrote, with its place, node by node."""
    yield TextPlace("", "", "start"), menu.start.text
    for node in menu.nodes:
        yield TextPlace(node, "", "name"), node
        for code, language in menu.languages.items():
            words = language.words[node]
            yield TextPlace(node, code, "label"), words.label
            yield TextPlace(node, code, "text"), words.text
            for statement in words.statements:
                yield TextPlace(node, code, "says"), statement.says
                yield TextPlace(node, code, "to_do"), statement.to_do
            for keyword in words.keywords:
                yield TextPlace(node, code, "keyword"), keyword
    for code, language in menu.languages.items():
        for form in (language.phrases, language.sms):
            for name, text in _texts(form, ""):
                yield TextPlace("", code, name), text


def _texts(form: BaseModel, above: str) -> Iterator[tuple[str, str]]:
    for key, value in form:
        if isinstance(value, BaseModel):
            yield from _texts(value, f"{above}{key}.")
        elif isinstance(value, tuple):
            yield from ((f"{above}{key} {n}", str(each)) for n, each in enumerate(value, 1))
        else:
            yield f"{above}{key}", str(value)


def _piece(text: str, match: re.Match[str], pattern: re.Pattern[str]) -> Parts:
    start, end = max(0, match.start() - AROUND), match.end() + AROUND
    parts = _parts(text[start:end], pattern)
    before = [("… ", False)] if start else []
    return [*before, *parts, *([(" …", False)] if end < len(text) else [])]


def _parts(text: str, pattern: re.Pattern[str]) -> Parts:
    parts: Parts = []
    at = 0
    for match in pattern.finditer(text):
        parts += [(text[at : match.start()], False), (match[0], True)]
        at = match.end()
    return [part for part in [*parts, (text[at:], False)] if part[0]]
