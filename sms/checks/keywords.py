"""Whether each keyword is heard, and means one thing."""

import re
from collections.abc import Iterator
from typing import Any

from menus.faults import Fault
from menus.forms import Words
from menus.loading import FILLER, Draft, Part
from menus.model import Menu
from menus.parsing import Steps, screen_of
from sms.understanding import Kind, words_of

_CAPITALS = re.compile(r"\b[^\W\d_]{2,}\b")


def keywords_clear(draft: Draft, menu: Menu) -> Iterator[Fault]:
    """No keyword, as spelling makes it, means two things in any of the languages, is
    empty, or is a word that is passed over.
    """
    fillers = {word for each in menu.languages.values() for word in each.sms.filler_words}
    passed_over = {word.casefold() for word in fillers}
    seen: dict[str, tuple[str | int, str, str]] = {}
    for part, steps, written in _keywords(draft, menu):
        code = part.form.language if part.form else ""
        key, means = " ".join(words_of(written)), steps[1]
        first_means, first, first_code = seen.setdefault(key, (means, written, code))
        what = ""
        if not key:
            what = f"'{written}' has no letters: correct or remove it"
        elif written.casefold() in passed_over:
            what = f"'{written}' is also among the filler_words: remove it from one"
        elif first_means != means:
            what = f"'{written}' reads like '{first}' of '{first_means}' ({first_code}): keep one"
        if what:
            yield Fault(part.source.value(*steps), screen_of(steps), what)


def capitals_are_keywords(draft: Draft, menu: Menu) -> Iterator[Fault]:
    """A word in capitals is one to send, so it must be a keyword of its language."""
    for code in menu.languages:
        part = draft.languages[code]
        known = {
            word
            for _, _, written in _keywords(draft, menu, code)
            for word in (" ".join(words_of(written)), *words_of(written))
        }
        for steps, text in _messages(draft, part):
            for word in filter(str.isupper, _CAPITALS.findall(text)):
                if " ".join(words_of(word)) not in known:
                    what = f"'{word}' is written as a word to send, but is no keyword"
                    yield Fault(part.source.word(word, *steps), screen_of(steps), what)


def _keywords(
    draft: Draft, menu: Menu, code: str | None = None
) -> Iterator[tuple[Part[Words], Steps, str]]:
    """The keywords of all languages that are in use, or of one, as they stand in the files."""
    for each in [code] if code else menu.languages:
        part = draft.languages[each]
        for found, steps, text in draft.texts():
            listed = steps[0] == "sms" and steps[1] in set(Kind)
            if found is part and text != FILLER and (listed or "keywords" in steps[-2:]):
                yield part, steps, text


def _messages(draft: Draft, part: Part[Any]) -> Iterator[tuple[Steps, str]]:
    for each, steps, text in draft.texts():
        lists = {*Kind, "filler_words", "not_in_first_line"}
        if each is part and steps[0] == "sms" and steps[1] not in lists:
            yield steps, text
