"""What the words ask of a screen that it cannot hold.

Paging makes every text fit somehow.  These checks name what would then be bad
to read: a choice cut in two, a first or last screen of more than one page, so
many lines around the text that hardly any of it is left.
"""

from collections.abc import Callable, Iterator

from menus.draft import Draft
from menus.faults import Fault
from menus.model import Language, Menu
from sms.encoding import measure
from ussd.paging import Budget
from ussd.screens import SCREEN_0, Screens, Sheet

LEAST_ROOM = 20
"""Units for the text itself that the lines around it must leave on each screen."""


def fits_on_screens(budget: Budget) -> Callable[[Draft, Menu], Iterator[Fault]]:
    """The check for screens of this budget."""

    def check(draft: Draft, menu: Menu) -> Iterator[Fault]:
        screens = Screens(menu, budget)
        yield from _screen_0(draft, screens.sheets[SCREEN_0])
        for language in menu.languages.values():
            too_long = list(_phrases(draft, screens, menu, language))
            yield from too_long
            for node in menu.nodes if not too_long else ():
                sheet = screens.sheets[language.code, node]
                yield from _node(draft, sheet, language, node)

    return check


def _screen_0(draft: Draft, sheet: Sheet) -> Iterator[Fault]:
    shown = sheet.noticed.around(sheet.text, more=False)
    if not sheet.budget.holds(shown):
        where = draft.tree.source.key("start", "text")
        yield Fault(
            where, "start", f"with its notice and the languages {_over(shown, sheet.budget)}"
        )


def _phrases(draft: Draft, screens: Screens, menu: Menu, language: Language) -> Iterator[Fault]:
    sheet = screens.sheets[language.code, menu.start.leads_to]
    source = draft.languages[language.code].source
    if not sheet.budget.holds(sheet.goodbye):
        where = source.key("phrases", "goodbye")
        yield Fault(where, "phrases", f"'goodbye' {_over(sheet.goodbye, sheet.budget)}")
    around = sheet.noticed.around("?", more=True)
    room = sheet.budget.of(around) - measure(around).units + 1
    if room < LEAST_ROOM:
        what = f"leave {room} units for text, at least {LEAST_ROOM} are needed: shorten them"
        yield Fault(
            source.key("phrases"), "phrases", f"the notice, 'next', 'back' and 'start' {what}"
        )


def _node(draft: Draft, sheet: Sheet, language: Language, node: str) -> Iterator[Fault]:
    source, frame, budget = draft.languages[language.code].source, sheet.plain, sheet.budget
    for key, (_, choice) in sheet.choices.items():
        line = f"{key} {language.words[choice].label}"
        if not budget.holds(shown := frame.around(line, more=True)):
            where = source.key("nodes", choice, "label")
            yield Fault(where, choice, f"the choice '{line}' {_over(shown, budget)}")
    for word in language.words[node].text.split():
        if not budget.holds(shown := frame.around(word, more=True)):
            where = source.word(word, "nodes", node, "text")
            yield Fault(where, node, f"the word '{word}' {_over(shown, budget)}")


def _over(shown: str, budget: Budget) -> str:
    size = measure(shown)
    most = budget.of(shown)
    return f"needs {size.units} of {most} units ({size.encoding}): shorten it"
