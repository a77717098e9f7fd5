"""The words that answer a request: a pure function of the menu and what may be sent.

Every reply stands by itself: it names the country it is about, and whom to call.
Its first line is what a locked phone shows, so it tells nothing of the matter.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import assert_never, get_args

from anyascii import anyascii

from menus.alphabet import is_cyrillic, words
from menus.contacts import Contact, emergency_of, missions_in_kazakhstan, missions_of_kazakhstan
from menus.forms import EmbassyWords, Finds, SmsWords
from menus.model import Menu
from sms.encoding import SEPTETS, measure
from sms.requests import Confirm, Digest, Embassy, NodeRequest, Request, Series, Stop, Unknown
from sms.understanding import Countries

EMBASSY_SEGMENTS = 3
MOST_MISSIONS = 3
"""Phones of missions in one half of the answer, as far as there is room for them."""

_BLANK_LINE = re.compile(r"\n\s*\n")
_CONSULATES = ("consular section", "consulate general", "consulate", "honorary consulate")


@dataclass(frozen=True, slots=True)
class Library:
    """What replies look up.  `contacts` are those that may be sent today, no others."""

    countries: Countries
    contacts: tuple[Contact, ...]


def reply_to(request: Request, menu: Menu, library: Callable[[], Library]) -> str:
    """The one message that answers.  `library` is made for an embassy only.  Whether
    `Confirm` has something to agree to, and who has the series already (`already`), is
    for the caller to know.
    """
    match request:
        case NodeRequest(language, node):
            return node_reply(menu, language, node)
        case Embassy(language, codes, finds=finds):
            return _embassy(menu, language, codes, finds, library())
        case Unknown(language, also):
            return _unknown(menu, language, also)
        case _:
            return _said(request, menu.languages[request.language].sms)


def _said(request: Stop | Digest | Series | Confirm, said: SmsWords) -> str:
    match request:
        case Stop(plea=True):
            return f"{said.stopped}\n{said.help}\n{said.help_abroad}"
        case Stop():
            return said.stopped
        case Digest():
            return said.digest
        case Series():
            return said.confirm_series.replace("{count}", str(len(said.tips)))
        case Confirm():
            return said.subscribed
        case _:
            assert_never(request)


def _unknown(menu: Menu, language: str, also: str | None) -> str:
    if also is None:
        return menu.languages[language].sms.unknown
    return "\n".join(help_lines(menu, each) for each in (language, also))


def help_lines(menu: Menu, language: str) -> str:
    """Whom to call, in two lines: to words in no language that we know."""
    said = menu.languages[language].sms
    return f"{said.embassy.help_here.capitalize()}\n{said.help_abroad}"


def already(menu: Menu, language: str) -> str:
    """To one who asks for the series and has it."""
    return menu.languages[language].sms.already


def tips(menu: Menu, language: str) -> tuple[str, ...]:
    """The series of a language, in its order."""
    return menu.languages[language].sms.tips


def is_neutral(text: str, said: SmsWords) -> bool:
    """Whether no word of the first line begins as those that it must not have."""
    first = text.strip().split("\n", 1)[0].casefold()
    return not any(
        word.startswith(stem.casefold()) for word in words(first) for stem in said.not_in_first_line
    )


# --- A node -------------------------------------------------------------------


def node_reply(menu: Menu, language: str, node: str) -> str:
    """The words of a node, of a menu also what to send next, and whom to call."""
    said = menu.languages[language].sms
    text = _BLANK_LINE.sub("\n", menu.languages[language].words[node].text.strip()) or said.heading
    if not is_neutral(text, said):
        text = f"{said.heading}\n{text}"
    for line in (_choices(menu, language, node, text), said.help, said.help_abroad):
        if line and not _says(text, line, menu):
            text = f"{text}\n{line}"
    return text


def _choices(menu: Menu, language: str, node: str, text: str) -> str:
    """A keyword of each choice; nothing where the words name whom to call."""
    choices = menu.nodes[node].choices
    named = dict.fromkeys(each for choice in choices for each in asked_by(menu, language, choice))
    if not named or any(number.number in text for number in menu.numbers.values()):
        return ""
    return menu.languages[language].sms.choose.replace("{words}", ", ".join(named))


def asked_by(menu: Menu, language: str, node: str) -> tuple[str, ...]:
    """What to send for what a node gives: its first keyword, or that of the answer which
    it leads to; of a menu without keywords, those of its choices.
    """
    here, of = menu.languages[language], menu.nodes[node]
    if own := here.words[node].keywords[:1]:
        return own
    if of.finds:
        return here.sms.embassy_keywords[:1]
    if of.does in ("digest", "series"):
        return (here.sms.tips_keywords if of.does == "digest" else here.sms.series_keywords)[:1]
    return tuple(each for choice in of.choices for each in asked_by(menu, language, choice))


def _says(text: str, line: str, menu: Menu) -> bool:
    """Whether the text already has every number of the line, and there is one."""
    named = [each.number for each in menu.numbers.values() if each.number in line]
    return bool(named) and all(number in text for number in named)


# --- Embassies ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an answer.  Those of the highest `rank` are left out first; 0, never."""

    text: str
    rank: int = 0


Phones = Sequence[tuple[str, str]]
"""The kind of a contact and its phone."""


def _embassy(
    menu: Menu, language: str, codes: tuple[str, ...], finds: Finds | None, library: Library
) -> str:
    said = menu.languages[language].sms
    names = [plain(library.countries.name(code, language)) for code in codes]
    if not names:
        return said.no_country
    if len(names) > 1:
        return said.which_country.replace("{countries}", ", ".join(names))
    [code] = codes
    wanted: tuple[Finds, ...] = (finds,) if finds else get_args(Finds)
    halves = (_half(each, said.embassy, code, library) for each in wanted)
    return fitted([Line(names[0]), *chain.from_iterable(halves)], EMBASSY_SEGMENTS)


def country_screen(menu: Menu, language: str, finds: Finds, code: str, library: Library) -> str:
    """One half of that answer for a screen: the country's name, then what has a number.
    Its heading is left out, since the screen before asked for this half.
    """
    said = menu.languages[language].sms.embassy
    lines = [line.text for line in _half(finds, said, code, library)[1:]]
    numbers_first = sorted(lines, key=lambda line: not any(map(str.isdigit, line)))
    return "\n".join([plain(library.countries.name(code, language)), *numbers_first])


def _half(finds: Finds, said: EmbassyWords, code: str, library: Library) -> list[Line]:
    contacts = library.contacts
    if finds == "here":
        return here_lines(said, _phones(missions_in_kazakhstan(contacts, code)))
    emergency, missions = emergency_of(contacts, code), missions_of_kazakhstan(contacts, code)
    return abroad_lines(said, _phones(emergency), _phones(missions))


def abroad_lines(said: EmbassyWords, emergency: Phones, missions: Phones) -> list[Line]:
    """For a citizen of Kazakhstan there: the police (where its number is in doubt, an
    ambulance), the mission, the duty diplomat, who stands in where there is no mission.
    """
    wording = {
        "police": said.police,
        "all services": said.emergency,
        "ambulance": said.ambulance,
    }
    local = [Line(_filled(wording[kind], phone)) for kind, phone in emergency if kind in wording]
    return [
        Line(said.abroad),
        *local[:1],
        *(_mission_lines(said, missions) or [Line(said.none_abroad)]),
        Line(said.duty_diplomat, 1 if missions else 0),
    ]


def here_lines(said: EmbassyWords, missions: Phones) -> list[Line]:
    """For a citizen of that country in Kazakhstan: its mission, and whom else to call."""
    return [
        Line(said.here),
        *(_mission_lines(said, missions) or [Line(said.none_here)]),
        Line(said.help_here, 1 if missions else 0),
    ]


def fitted(lines: Iterable[Line], segments: int) -> str:
    """The lines that have room, in their order; what is never left out may exceed it."""
    kept = list(lines)
    text = "\n".join(line.text for line in kept)
    while measure(text).segments > segments and any(line.rank for line in kept):
        _, last = max((line.rank, n) for n, line in enumerate(kept))
        del kept[last]
        text = "\n".join(line.text for line in kept)
    return text


def plain(name: str) -> str:
    """A Latin name in GSM-7: one letter outside it would halve the room of the message."""
    if any(map(is_cyrillic, name)):
        return name
    return "".join(char if char in SEPTETS else anyascii(char) for char in name)


def _phones(contacts: Iterable[Contact]) -> list[tuple[str, str]]:
    return [(each.kind, each.phones[0]) for each in contacts if each.phones]


def _mission_lines(said: EmbassyWords, missions: Phones) -> list[Line]:
    wording = {
        "emergency/duty phone": said.duty_phone,
        "embassy": said.embassy,
        **dict.fromkeys(_CONSULATES, said.consulate),
    }
    known = [(wording[kind], phone) for kind, phone in missions if kind in wording]
    return [
        Line(_filled(words_, phone), n + 1 if n else 0)
        for n, (words_, phone) in enumerate(known[:MOST_MISSIONS])
    ]


def _filled(said: str, phone: str) -> str:
    return said.replace("{phone}", phone)
