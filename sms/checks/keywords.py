"""Whether each keyword is heard, and means one thing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from menus.at_hand import at_hand
from menus.faults import Fault
from menus.file_models import LatinLetters
from menus.loading import FILLER, ParsedFile, ParsedFolder, letters_of, speller
from menus.model import Menu
from menus.parsing import FILES_AT_HAND, KeyPath, Source, screen_of
from sms.understanding import KeywordList, heard_as, words_of

_LISTS = frozenset(KeywordList)
_NO_MESSAGES = _LISTS | {"filler_words", "not_in_first_line"}
AT_HAND = 8192
"""Keywords whose spelling is worked out but once: those of six languages."""
_CAPITALS = re.compile(r"\b(?=[^\W\d_]['\w])[^\W\d_]+(?:'[^\W\d_]+)*\b")
"""A word of two letters or more; in Uzbek with the apostrophes inside it."""


@dataclass(frozen=True, slots=True)
class _Keyword:
    """One keyword as it stands in a file; `spelled`: as spelling makes it."""

    code: str
    source: Source
    steps: KeyPath
    written: str

    @property
    def spelled(self) -> str:
        return _spelled(self.written)


def keywords_clear(parsed: ParsedFolder, menu: Menu) -> Iterator[Fault]:
    """No keyword, as spelling makes it, means two things in any of the languages, is
    empty, or is a word that is passed over.
    """
    fillers = {word for each in menu.languages.values() for word in each.sms.filler_words}
    passed_over = {word.casefold() for word in fillers}
    seen: dict[str, _Keyword] = {}
    keywords = (_keywords(code, parsed.languages[code]) for code in menu.languages)
    for each in chain.from_iterable(keywords):
        first = seen.setdefault(each.spelled, each)
        what = ""
        if not each.spelled:
            what = "has no letters: correct or remove it"
        elif each.written.casefold() in passed_over:
            what = "is also among the filler_words: remove it from one"
        elif first.steps[1] != each.steps[1]:
            of = f"'{first.written}' of '{first.steps[1]}' ({first.code})"
            what = f"reads like {of}: keep one"
        if what:
            where = each.source.value(*each.steps)
            yield Fault(where, screen_of(each.steps), f"'{each.written}' {what}")


def capitals_are_keywords(parsed: ParsedFolder, menu: Menu) -> Iterator[Fault]:
    """A word in capitals is one to send, so it must be a keyword of its language."""
    for code in menu.languages:
        yield from _capitals(code, parsed.languages[code])


@at_hand(FILES_AT_HAND)
def _capitals(code: str, part: ParsedFile[Any]) -> tuple[Fault, ...]:
    """What is written in capitals and no keyword."""
    spelled = [each.spelled for each in _keywords(code, part)]
    known = {word for each in spelled for word in (each, *each.split())}
    return tuple(
        Fault(
            part.source.word(word, *steps),
            screen_of(steps),
            f"'{word}' is written as a word to send, but is no keyword",
        )
        for steps, text in _messages(part)
        for word in filter(str.isupper, _CAPITALS.findall(text))
        if _spelled(word) not in known
    )


def spelt_keywords_heard(parsed: ParsedFolder, _menu: Menu) -> Iterator[Fault]:
    """In Latin letters a keyword is heard as the same one: messages name it so."""
    for code, letters in letters_of(parsed):
        yield from _unheard(code, parsed.languages[code], letters)


@at_hand(FILES_AT_HAND)
def _unheard(code: str, part: ParsedFile[Any], letters: LatinLetters) -> tuple[Fault, ...]:
    """Keywords that are not heard as the same in Latin letters."""
    spell = speller(letters)
    return tuple(
        Fault(
            each.source.word(word, *each.steps),
            screen_of(each.steps),
            f"'{word}' is '{latin}' in Latin letters, which is not heard as that",
        )
        for each in _keywords(code, part)
        for word, latin in zip(each.written.split(), spell(each.written).split(), strict=False)
        if _spelled(word) not in ("", _spelled(latin)) and not heard_as(latin, word)
    )


@at_hand(FILES_AT_HAND)
def _keywords(code: str, part: ParsedFile[Any]) -> tuple[_Keyword, ...]:
    """The keywords of a language as they stand in its file."""
    return tuple(
        _Keyword(code, part.source, steps, text)
        for steps, text in part.texts
        if text != FILLER
        and ("keywords" in steps[-2:] or (steps[0] == "sms" and steps[1] in _LISTS))
    )


def _messages(part: ParsedFile[Any]) -> Iterator[tuple[KeyPath, str]]:
    for steps, text in part.texts:
        if steps[0] == "sms" and steps[1] not in _NO_MESSAGES:
            yield steps, text


@at_hand(AT_HAND)
def _spelled(written: str) -> str:
    return " ".join(words_of(written))
