"""What the words ask of a screen that it cannot hold.

Paging makes every text fit somehow.  These checks name what would then be bad
to read: a choice cut in two, a first or last screen of more than one page, so
many lines around the text that hardly any of it is left.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache, partial

from menus.checklists import NOT_YET
from menus.countries import NO_NAMES, Names
from menus.faults import Fault
from menus.loading import ParsedFile, ParsedFolder, in_each_language, numbers_known
from menus.model import Language, Menu
from menus.parsing import KeyPath, Source, screen_of
from sms.checks import longest_lines
from sms.embassy_reply import plain
from sms.encoding import measure
from sms.understanding import name_of
from ussd.paging import Budget, Frame
from ussd.screens import KEYS, SCREEN_0, Place, Screens, View

BUDGETS_AT_HAND = 4
MIN_ROOM = 20
"""Units for the text itself that the lines around it must leave on each screen."""
_UCS2_LETTER, _TWO_SEPTETS = "Ж", "|"
_HEADINGS = ("abroad", "here")
"""Of an answer about a country; only messages need them."""


@lru_cache(maxsize=BUDGETS_AT_HAND)
def fits_on_screens(budget: Budget) -> Callable[[ParsedFolder, Menu], Iterator[Fault]]:
    """The check for screens of this budget.  It says nothing while a number is faulty."""
    in_languages = in_each_language(partial(_language, budget))

    def check(parsed: ParsedFolder, menu: Menu) -> Iterator[Fault]:
        if numbers_known(parsed):
            yield from _screen_0(parsed, Screens(menu, budget).view(SCREEN_0))
            yield from in_languages(parsed, menu)

    return check


def _language(
    budget: Budget, parsed: ParsedFolder, menu: Menu, language: Language
) -> Iterator[Fault]:
    screens = Screens(menu, budget)
    too_long = list(_phrases(parsed, screens, menu, language))
    yield from too_long
    for node in menu.nodes if not too_long else ():
        view = screens.view(Place(language.code, node))
        yield from _node(parsed, view, language, node)
        yield from _checklist(parsed, screens, Place(language.code, node), menu)
    if not too_long:
        yield from _look_ups(parsed, screens, menu, language)


def _screen_0(parsed: ParsedFolder, view: View) -> Iterator[Fault]:
    shown = view.notice_frames[0].around(view.text)
    if not view.budget.holds(shown):
        where = parsed.tree.source.key("start", "text")
        yield Fault(
            where, "start", f"with its notice and the languages {_over(shown, view.budget)}"
        )


def _phrases(
    parsed: ParsedFolder, screens: Screens, menu: Menu, language: Language
) -> Iterator[Fault]:
    view = screens.view(Place(language.code, menu.start.leads_to))
    source = parsed.languages[language.file].source
    if not view.budget.holds(view.goodbye):
        where = source.key("phrases", "goodbye")
        yield Fault(where, "phrases", f"'goodbye' {_over(view.goodbye, view.budget)}")
    not_sent = screens.not_sent(language.code)
    if not view.budget.holds(shown := not_sent.frame.around(not_sent.text)):
        where = source.key("phrases", "not_sent")
        yield Fault(where, "phrases", f"'not_sent' {_over(shown, view.budget)}")
    notice = max(language.phrases.not_on_list, language.phrases.not_found, key=len)
    frame = replace(view.frame, above=notice)
    around = frame.around("?", more=True)
    room = view.budget.of(around) - measure(around).units + 1
    if room < MIN_ROOM:
        what = f"leave {room} units for text, at least {MIN_ROOM} are needed: shorten them"
        yield Fault(
            source.key("phrases"), "phrases", f"the notice, 'next', 'back' and 'start' {what}"
        )


def _node(parsed: ParsedFolder, view: View, language: Language, node: str) -> Iterator[Fault]:
    source, frame, budget = parsed.languages[language.file].source, view.frame, view.budget
    for key, place in view.choices.items():
        if place.answers:  # under a statement: `_checklist` looks at the whole screen
            continue
        steps: KeyPath = ("phrases", "agree") if place.confirmed else ("nodes", place.node, "label")
        label = language.phrases.agree if place.confirmed else language.words[place.node].label
        line = f"{key} {label}"
        if not budget.holds(shown := frame.around(line, more=True)):
            what = f"the choice '{line}' {_over(shown, budget)}"
            yield Fault(source.key(*steps), screen_of(steps), what)
    words = language.words[node]
    for name, text in (("text", words.text), ("done", words.done)):
        for word in set(text.split()) if text.strip() and _is_tight(text, frame, budget) else ():
            if not budget.holds(shown := frame.around(word, more=True)):
                where = source.word(word, "nodes", node, name)
                yield Fault(where, node, f"the word '{word}' {_over(shown, budget)}")


def _is_tight(text: str, frame: Frame, budget: Budget) -> bool:
    """Whether a word of the text may be too long for a screen, whatever its letters are:
    no word costs more than this many letters of UCS-2 and a `|`, of two septets each.
    """
    pairs = len(text.encode("utf-16-le")) // 2 - len(text)
    most = max(map(len, text.split())) + pairs
    costly = (letter * most for letter in (_UCS2_LETTER, _TWO_SEPTETS))
    return not all(budget.holds(frame.around(word, more=True)) for word in costly)


def _checklist(parsed: ParsedFolder, screens: Screens, place: Place, menu: Menu) -> Iterator[Fault]:
    """Each statement is whole on one screen with its keys, also under the notice; each line
    of what is to do is on one, also under the heading of the list and with its offer.  Says
    nothing where a number is missing.
    """
    language = menu.language(place.language)
    source, words = parsed.languages[language.file].source, language.words
    named = menu.nodes[place.node].statements
    whole = screens.view(place._replace(answers=NOT_YET * len(named))).frame
    for nth, said in enumerate(words[place.node].statements):
        view = screens.view(place._replace(answers=NOT_YET * nth))
        statement = view.notice_frames[1].around(view.text)
        line = view.notice_frames[1].around(said.to_do, more=True)
        headed = f"{words[place.node].text.strip()}\n{said.to_do}"
        first = whole.around(headed, first=True, more=True)
        line = max(line, first, key=lambda each: measure(each).units)
        for key, shown in (("says", statement), ("to_do", line)):
            if "{" not in shown and not view.budget.holds(shown):
                where = source.value("nodes", place.node, "statements", named[nth], key)
                what = f"'{key}' of '{named[nth]}' {_over(shown, view.budget)}"
                yield Fault(where, place.node, what)


def _look_ups(
    parsed: ParsedFolder, screens: Screens, menu: Menu, language: Language
) -> Iterator[Fault]:
    """What look-ups say is whole on one screen: each country that they offer, and each
    line of an answer with its phone filled in.
    """
    if not any(node.finds for node in menu.nodes.values()):
        return
    view = screens.view(Place(language.code, menu.start.leads_to))
    source = parsed.languages[language.file].source
    lines: list[tuple[Source, KeyPath, str]] = [
        (source, ("sms", "embassy", key), line)
        for key, line in longest_lines(language.sms.embassy).items()
        if key not in _HEADINGS
    ]
    lines += _commonest(parsed.countries, language)
    for file, steps, line in lines:
        if not view.budget.holds(shown := view.frame.around(line, more=True)):
            what = f"the line '{line}' {_over(shown, view.budget)}"
            yield Fault(file.value(*steps), str(steps[0]), what)


def _commonest(
    countries: ParsedFile[Names], language: Language
) -> Iterator[tuple[Source, KeyPath, str]]:
    names = countries.form or NO_NAMES
    for n, code in enumerate(names.commonest[: len(KEYS)]):
        with suppress(KeyError):  # another check tells of it
            line = f"{KEYS[n]} {plain(name_of(names, code, language.code))}"
            yield countries.source, ("commonest", n), line


def _over(shown: str, budget: Budget) -> str:
    size = measure(shown)
    most = budget.of(shown)
    return f"needs {size.units} of {most} units ({size.encoding}): shorten it"
