"""The words that answer a request: a pure function of the menu and what may be sent.

Every reply stands by itself: it names the country it is about, and whom to call.
Its first line is what a locked phone shows, so it tells nothing of the matter.
"""

import re
from collections.abc import Callable
from typing import assert_never

from menus.alphabet import words
from menus.checklists import left_to_do
from menus.contacts import Contact, Sendable
from menus.file_models import SmsWords
from menus.model import Menu
from sms.embassy_reply import CountryDirectory, country_name, country_reply, node_text
from sms.requests import Confirm, Digest, Embassy, NodeRequest, Request, Series, Stop, Unknown

_NUMBER = re.compile(r"\d{3}")
_BLANK_LINE = re.compile(r"\n\s*\n")


def reply_to(request: Request, menu: Menu, directory: Callable[[], CountryDirectory]) -> str:
    """The one message that answers.  `directory` is made for missions only.  Whether
    `Confirm` has something to agree to, and who has the series already (`already`), is
    for the caller to know.
    """
    match request:
        case NodeRequest(language, node, answers):
            return node_reply(menu, language, node, lambda: directory().contacts, answers)
        case Embassy():
            return _embassy(menu, request, directory())
        case Unknown(language, also):
            return _unknown(menu, language, also)
        case _:
            return _said(request, menu.language(request.language).sms)


def _said(request: Stop | Digest | Series | Confirm, said: SmsWords) -> str:
    match request:
        case Stop(plea=True):
            return f"{said.stopped}\n{said.help}\n{said.help_abroad}"
        case Stop():
            return said.stopped
        case Digest():
            return said.digest
        case Series():
            return said.confirm_series.replace("{count}", str(len(said.series)))
        case Confirm():
            return said.subscribed
        case _:
            assert_never(request)


def _unknown(menu: Menu, language: str, also: str | None) -> str:
    if also is None:
        return menu.language(language).sms.unknown
    heading = menu.language(language).sms.heading
    return "\n".join([heading, *(help_lines(menu, each) for each in (language, also))])


def help_lines(menu: Menu, language: str) -> str:
    """Whom to call, in two lines: to words in no language that we know."""
    said = menu.language(language).sms
    return f"{said.embassy.help_here.capitalize()}\n{said.help_abroad}"


def already(menu: Menu, language: str) -> str:
    """To one who asks for the series and has it."""
    return menu.language(language).sms.already


def tips(menu: Menu, language: str) -> tuple[str, ...]:
    """The series of a language, in its order."""
    return menu.language(language).sms.series


def is_neutral(text: str, said: SmsWords) -> bool:
    """Whether the first line has no number to call, and no word that begins as those that
    it must not have.
    """
    first = text.strip().split("\n", 1)[0].casefold()
    stems = tuple(map(str.casefold, said.not_in_first_line))
    return not _NUMBER.search(first) and not any(word.startswith(stems) for word in words(first))


# --- A node -------------------------------------------------------------------


def node_reply(
    menu: Menu,
    language: str,
    node: str,
    contacts: Callable[[], Sendable[Contact]] = Sendable,
    answers: str = "",
) -> str:
    """The words of a node, of a menu also what to send next, and whom to call; of a
    checklist, what is still to do by the answers.
    """
    said, text = menu.language(language).sms, screen_text(menu, language, node, contacts, answers)
    text = _BLANK_LINE.sub("\n", text) or said.heading
    if not is_neutral(text, said):
        text = f"{said.heading}\n{text}"
    for line in (_choices(menu, language, node, text), said.help, said.help_abroad):
        if line and not _says(text, line, menu):
            text = f"{text}\n{line}"
    return text


def screen_text(
    menu: Menu,
    language: str,
    node: str,
    contacts: Callable[[], Sendable[Contact]] = Sendable,
    answers: str = "",
) -> str:
    """What a node says before its choices; of a checklist, what is still to do and the hotline."""
    here = menu.language(language)
    text = node_text(menu, language, node, contacts).strip()
    if not menu.nodes[node].statements:
        return text
    text = "\n".join([text, *left_to_do(here.words[node], answers)])
    return text if _says(text, here.sms.help, menu) else f"{text}\n{here.sms.help}"


def _choices(menu: Menu, language: str, node: str, text: str) -> str:
    """A keyword of each choice; nothing where the words name whom to call."""
    choices = menu.nodes[node].choices
    named = dict.fromkeys(each for choice in choices for each in asked_by(menu, language, choice))
    if not named or any(number.number in text for number in menu.numbers.values()):
        return ""
    return menu.language(language).sms.choose.replace("{words}", ", ".join(named))


def asked_by(menu: Menu, language: str, node: str) -> tuple[str, ...]:
    """What to send for what a node gives: its first keyword, or that of the answer which
    it leads to; of a menu without keywords, those of its choices.
    """
    here, of = menu.language(language), menu.nodes[node]
    if own := here.words[node].keywords[:1]:
        return own
    if of.finds:
        return here.sms.embassy_keywords[:1]
    if of.does in ("digest", "series"):
        return (here.sms.digest_keywords if of.does == "digest" else here.sms.series_keywords)[:1]
    return tuple(each for choice in of.choices for each in asked_by(menu, language, choice))


def _says(text: str, line: str, menu: Menu) -> bool:
    """Whether the text already has the line, or every number of it, and there is one."""
    named = [each.number for each in menu.numbers.values() if each.number in line]
    return line in text or (bool(named) and all(number in text for number in named))


# --- Countries ----------------------------------------------------------------


def _embassy(menu: Menu, asked: Embassy, directory: CountryDirectory) -> str:
    language, codes = asked.language, asked.codes
    said = menu.language(language).sms
    if not codes:
        return said.no_country
    if len(codes) > 1:
        names = ", ".join(country_name(directory, code, language) for code in codes)
        return said.which_country.replace("{countries}", names)
    [code] = codes
    return country_reply(menu, language, code, directory, asked.finds, asked.for_another)
