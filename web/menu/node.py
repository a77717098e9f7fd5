"""One node as people meet it: its pages on a phone and its SMS, in every language."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from menus.faults import Fault
from menus.file_models import StatementWords
from menus.model import Language, Menu
from sms.encoding import Measure, measure
from sms.replies import asked_by
from sms.requests import NodeRequest
from ussd.paging import Budget
from ussd.screens import KEYS, LETTERS, SCREEN_0, Place, Screens, View
from web.menu.tree import Way, dial_string


@dataclass(frozen=True, slots=True)
class PhoneText:
    """One screenful, or one message, and what it takes.  `most`: units it may have."""

    text: str
    size: Measure
    most: int


@dataclass(frozen=True, slots=True)
class NodeInLanguage:
    """A node in one language and alphabet.  `file`: the language whose words these are;
    `statements`: of a checklist, each with its name; `reply` is None where no keyword asks
    for it.
    """

    code: str
    file: str
    name: str
    native_reader: str
    label: str
    statements: tuple[tuple[str, StatementWords], ...]
    keywords: tuple[str, ...]
    pages: tuple[PhoneText, ...]
    reply: PhoneText | None
    dials: tuple[str, ...]
    faults: tuple[Fault, ...]


def node_in_languages(  # noqa: PLR0913, PLR0917
    menu: Menu, screens: Screens, node: str, faults: Iterable[Fault], ways: list[Way], code: str
) -> list[NodeInLanguage]:
    """The node in each language, in the order of screen 0, and in its Latin letters; `code` is
    what is dialled.
    """
    of_node = [fault for fault in faults if fault.screen == node]
    return [
        NodeInLanguage(
            code=language.code,
            file=language.file,
            name=language.own_name,
            native_reader=language.native_reader,
            label=language.words[node].label,
            statements=_statements(menu, language, node),
            keywords=_keywords(menu, language, node),
            pages=_pages(screens, Place(language.code, node)),
            reply=_reply(screens, language, node),
            dials=tuple(dial_string(code, key, (*_letters(language), *way)) for way in ways),
            faults=tuple(each for each in of_node if _is_about(each, language)),
        )
        for key, offered in zip(KEYS, menu.languages, strict=False)
        for language in menu.in_each_alphabet(offered)
    ]


def faults_elsewhere(
    faults: Iterable[Fault], node: str, in_languages: Iterable[NodeInLanguage]
) -> list[Fault]:
    """Those of the node that are in no language's own file."""
    shown = {fault for each in in_languages for fault in each.faults}
    return [fault for fault in faults if fault.screen == node and fault not in shown]


def screen_0(screens: Screens) -> tuple[PhoneText, ...]:
    return phone_texts(screens.view(SCREEN_0))


def _pages(screens: Screens, place: Place) -> tuple[PhoneText, ...]:
    """The pages of a place, and of what it says further on."""
    return tuple(
        text for each in screens.said_in_turn(place) for text in phone_texts(screens.view(each))
    )


def phone_texts(view: View) -> tuple[PhoneText, ...]:
    """The pages as a phone shows them."""
    return tuple(_on_screen(page.shown, view.budget) for page in view.pages())


def _keywords(menu: Menu, language: Language, node: str) -> tuple[str, ...]:
    """What asks for it; of a look-up or an action, the first word for what it gives."""
    of = menu.nodes[node]
    if of.finds or of.does:
        return asked_by(menu, language.code, node)
    return language.words[node].keywords


def _statements(
    menu: Menu, language: Language, node: str
) -> tuple[tuple[str, StatementWords], ...]:
    said = language.words[node].statements
    return tuple(zip(menu.nodes[node].statements, said, strict=True))


def _on_screen(text: str, budget: Budget) -> PhoneText:
    return PhoneText(text, measure(text), budget.of(text))


def _reply(screens: Screens, language: Language, node: str) -> PhoneText | None:
    if not language.words[node].keywords:
        return None
    text = screens.message_for(NodeRequest(language.code, node))
    size = measure(text)
    return PhoneText(text, size, size.units)


def _letters(language: Language) -> Way:
    """The key of the first menu that leads to these letters."""
    return (LETTERS,) if language.base else ()


def _is_about(fault: Fault, language: Language) -> bool:
    return PurePath(fault.where.file).stem == language.code
