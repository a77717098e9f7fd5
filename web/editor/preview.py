"""A section of the menu as phones show it: its screens and its messages, in each of the
alphabets that callers can choose.  Pure functions.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from menus.checklists import NOT_YET, YES
from menus.editing import FieldKind, Section
from menus.model import Language, Menu
from sms.checks import messages
from sms.encoding import Measure, measure
from ussd.paging import NoRoom
from ussd.screens import SCREEN_0, Place, Screens, View


@dataclass(frozen=True, slots=True)
class Screenful:
    """One page as a phone shows it.  `of`: the key, node or phrase that it is of."""

    of: str
    text: str
    page: int
    pages: int
    most: int

    @property
    def size(self) -> Measure:
        return measure(self.text)


@dataclass(frozen=True, slots=True)
class Message:
    """One SMS as it will be sent."""

    of: str
    text: str
    most: int

    @property
    def size(self) -> Measure:
        return measure(self.text)


@dataclass(frozen=True, slots=True)
class Preview:
    """All that callers and senders see of a section in one alphabet.  `language`: its code
    with the alphabet, such as kk_Latn; `name`: what it is called.
    """

    language: str
    name: str
    screens: tuple[Screenful, ...]
    messages: tuple[Message, ...]


def previews(menu: Menu, screens: Screens, code: str, section: Section) -> tuple[Preview, ...]:
    """The section as phones show it; as much as can be shown of words with faults."""
    shown = (_preview(menu, screens, each, section) for each in menu.in_each_alphabet(code))
    return tuple(each for each in shown if each.screens or each.messages)


def screens_needed(menu: Menu, screens: Screens, code: str, node: str) -> dict[str, int]:
    """How many pages a node takes in each alphabet of a language, by its code."""
    codes = [each.code for each in menu.in_each_alphabet(code)]
    return {each: screens.page_count(Place(each, node)) for each in codes}


def _preview(menu: Menu, screens: Screens, language: Language, section: Section) -> Preview:
    try:
        shown = tuple(_screens(menu, screens, language, section))
    except (NoRoom, KeyError):
        shown = ()
    said = tuple(_messages(menu, language, section))
    return Preview(language.code, language.own_name, shown, said)


def _screens(
    menu: Menu, screens: Screens, language: Language, section: Section
) -> Iterator[Screenful]:
    first = _view_of(screens, language.code, menu.start.leads_to)
    if section.is_node:
        yield from _of_node(menu, screens, language, section)
    elif section.node:
        yield from _of_statement(menu, screens, language, section)
    elif section.name == "all.language" and not language.base:
        yield from _pages("start", screens.view(SCREEN_0))
    elif section.name == "all.phrases":
        yield from _pages(menu.start.leads_to, first)
        noticed = first.page(notice=True).shown
        yield Screenful("not_on_list", noticed, 1, 1, first.budget.of(noticed))
        yield Screenful("goodbye", first.goodbye, 1, 1, first.budget.of(first.goodbye))


def _of_node(
    menu: Menu, screens: Screens, language: Language, section: Section
) -> Iterator[Screenful]:
    """The node's own pages, what else it says, and where menus above list it."""
    view, words = _view_of(screens, language.code, section.name), language.words[section.name]
    if menu.nodes[section.name].statements:
        yield from _of_checklist(screens, Place(language.code, section.name))
        return
    yield from _pages("text", view)
    for field in section.fields:
        said = getattr(words, field.key, "")
        if field.kind is FieldKind.TEXT and field.key != "text" and said:
            yield from _pages(field.key, replace(view, text=said))
    for node in menu.nodes.values():
        if section.name in node.choices and words.label:
            above = _pages(node.name, _view_of(screens, language.code, node.name))
            yield from (page for page in above if words.label in page.text)


def _of_checklist(screens: Screens, place: Place) -> Iterator[Screenful]:
    """The whole list, and what is said once all is done; statements have their own sections."""
    *_, whole, done = screens.said_in_turn(place)
    yield from _pages("text", screens.view(whole))
    yield from _pages("done", screens.view(done))


def _of_statement(
    menu: Menu, screens: Screens, language: Language, section: Section
) -> Iterator[Screenful]:
    """The statement, and what is to do where nothing else is."""
    named = menu.nodes[section.node].statements
    nth, place = named.index(str(section.steps[-1])), Place(language.code, section.node)
    yield from _pages("says", screens.view(place._replace(answers=YES * nth)))
    answers = YES * nth + NOT_YET + YES * (len(named) - nth - 1)
    yield from _pages("to_do", screens.view(place._replace(answers=answers)))


def _pages(of: str, view: View) -> Iterator[Screenful]:
    pages = view.pages()
    for number, page in enumerate(pages, 1):
        yield Screenful(of, page.shown, number, len(pages), view.budget.of(page.shown))


def _view_of(screens: Screens, code: str, node: str) -> View:
    return screens.view(Place(code, node))


def _messages(menu: Menu, language: Language, section: Section) -> Iterator[Message]:
    for each in messages(menu, language):
        at_node = bool(section.node) and each.steps[:2] == section.steps[:2]
        embassy = each.steps == ("sms", "embassy")
        beside = each.steps[:1] == section.steps and not embassy
        if at_node or beside or (embassy and section.steps == each.steps):
            number = f" {int(each.steps[-1]) + 1}" if len(each.steps) > 2 and beside else ""
            yield Message(f"{each.steps[1]}{number}", each.text, each.most)
