"""What somebody who edits words wants to see of them: as screens, as messages, and what
is other than before.  Pure functions of a menu and of words.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from menus.editing import Kind, Section, Value
from menus.model import Language, Menu
from sms.checks import messages
from sms.encoding import Measure, measure
from ussd.paging import NoRoom
from ussd.screens import SCREEN_0, Place, Screens, View

_PIECE = re.compile(r"\s+|[^\s]+")


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
    """All that callers and senders see of a passage."""

    screens: tuple[Screenful, ...] = ()
    messages: tuple[Message, ...] = ()


def preview(menu: Menu, screens: Screens, code: str, passage: Section) -> Preview:
    """The passage as phones show it; as much as can be shown of words with faults."""
    language = menu.languages.get(code)
    if language is None:
        return Preview()
    try:
        shown = tuple(_screens(menu, screens, language, passage))
    except (NoRoom, KeyError):
        shown = ()
    return Preview(shown, tuple(_messages(menu, language, passage)))


def screens_needed(screens: Screens, code: str, node: str) -> int:
    """How many pages a node takes."""
    return len(_sheet(screens, code, node).pages())


def difference(before: Value, after: Value) -> list[tuple[str, str]]:
    """The pieces of both, in order: each `same`, `old` or `new`."""
    one, other = _PIECE.findall(plain(before)), _PIECE.findall(plain(after))
    pieces: list[tuple[str, str]] = []
    for what, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if what == "equal":
            pieces.append(("same", "".join(one[a:b])))
            continue
        both = (("old", "".join(one[a:b])), ("new", "".join(other[c:d])))
        pieces += [piece for piece in both if piece[1]]
    return pieces


def plain(wording: Value) -> str:
    """Words of a list under each other."""
    return wording if isinstance(wording, str) else "\n".join(wording)


def _screens(
    menu: Menu, screens: Screens, language: Language, passage: Section
) -> Iterator[Screenful]:
    first = _sheet(screens, language.code, menu.start.leads_to)
    if passage.is_node:
        yield from _of_node(menu, screens, language, passage)
    elif passage.name == "all.language":
        yield from _pages("start", screens.view(SCREEN_0))
    elif passage.name == "all.phrases":
        yield from _pages(menu.start.leads_to, first)
        noticed = first.page(notice=True).shown
        yield Screenful("not_on_list", noticed, 1, 1, first.budget.of(noticed))
        yield Screenful("goodbye", first.goodbye, 1, 1, first.budget.of(first.goodbye))


def _of_node(
    menu: Menu, screens: Screens, language: Language, passage: Section
) -> Iterator[Screenful]:
    """The node's own pages, what else it says, and where menus above list it."""
    view, words = _sheet(screens, language.code, passage.name), language.words[passage.name]
    yield from _pages("text", view)
    for field in passage.fields:
        said = getattr(words, field.key, "")
        if field.kind is Kind.TEXT and field.key != "text" and said:
            yield from _pages(field.key, replace(view, text=said))
    for node in menu.nodes.values():
        if passage.name in node.choices and words.label:
            above = _pages(node.name, _sheet(screens, language.code, node.name))
            yield from (page for page in above if words.label in page.text)


def _pages(of: str, view: View) -> Iterator[Screenful]:
    pages = view.pages()
    for number, page in enumerate(pages, 1):
        yield Screenful(of, page.shown, number, len(pages), view.budget.of(page.shown))


def _sheet(screens: Screens, code: str, node: str) -> View:
    return screens.view(Place(code, node))


def _messages(menu: Menu, language: Language, passage: Section) -> Iterator[Message]:
    for each in messages(menu, language):
        at_node = each.steps[:2] == passage.steps
        embassy = each.steps == ("sms", "embassy")
        beside = each.steps[:1] == passage.steps and not embassy
        if at_node or beside or (embassy and passage.steps == each.steps):
            number = f" {int(each.steps[-1]) + 1}" if len(each.steps) > 2 and beside else ""
            yield Message(f"{each.steps[1]}{number}", each.text, each.most)
