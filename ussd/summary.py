"""How long the words take: pages, and keys from the dial to help, by language.

Keys are counted as a person presses them who reads: those that stand on the screen,
turning pages included.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from menus.model import Menu
from ussd.engine import Session, step
from ussd.paging import Page
from ussd.screens import NEXT, Place, Screens

HELD = "signs"
"""The menu in which a person who is held finds their case."""

Sought = Callable[[Place, str], bool]
"""Whether a screen of this place, with this text, is what is looked for."""


class Reached(NamedTuple):
    """A screen, and the fewest keys that lead to it from the dial."""

    place: Place
    text: str
    keys: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures of one language.

    `texts`: nodes that say something and offer no choice; `pages`: the screens that they
    take.  `with_facts`, `fact_pages`: of these, the texts that carry facts of the two
    documents, and their screens.  `to_number`: keys from the dial to a number to call, in
    that case of `HELD` which takes most.  `to_tips`: keys until the tips by SMS are agreed
    to.  None where no keys lead there.
    """

    language: str
    texts: int
    pages: int
    with_facts: int
    fact_pages: int
    to_number: int | None
    to_tips: int | None


def summaries_of(menu: Menu, screens: Screens, languages: Iterable[str]) -> list[Summary]:
    """The figures of each of these languages."""
    by_language: dict[str, list[Reached]] = {}
    for each in reached_by_keys(screens):
        by_language.setdefault(each.place.language, []).append(each)
    return [_summary(menu, screens, code, by_language.get(code, [])) for code in languages]


def _summary(menu: Menu, screens: Screens, language: str, reached: Sequence[Reached]) -> Summary:
    pages = {
        name: len(screens.view(Place(language, name)).pages())
        for name, node in menu.nodes.items()
        if node.is_page
    }
    with_facts = [pages[name] for name in pages if menu.nodes[name].facts]
    cases = menu.nodes[HELD].choices if HELD in menu.nodes else ()
    numbers = [each.number for each in menu.numbers.values()]

    def keys_to_number(case: str) -> int | None:
        def names_one(place: Place, text: str) -> bool:
            return place.node == case and any(number in text for number in numbers)

        return fewest_keys(reached, names_one)

    def is_digest(place: Place, _text: str) -> bool:
        return place.confirmed and menu.nodes[place.node].does == "digest"

    return Summary(
        language,
        texts=len(pages),
        pages=sum(pages.values()),
        with_facts=len(with_facts),
        fact_pages=sum(with_facts),
        to_number=_most(map(keys_to_number, cases)),
        to_tips=fewest_keys(reached, is_digest),
    )


def fewest_keys(reached: Iterable[Reached], sought: Sought) -> int | None:
    """The fewest keys to what is looked for, of screens in the order of their keys."""
    return next((each.keys for each in reached if sought(each.place, each.text)), None)


def reached_by_keys(screens: Screens) -> Iterator[Reached]:
    """Every screen that keys lead to, the nearest first."""
    ahead, seen = deque([(Session(), 0)]), set[tuple[Place, int]]()
    while ahead:
        session, keys = ahead.popleft()
        place, page = _on_screen(screens, session)
        if (place, page.start) in seen:
            continue
        seen.add((place, page.start))
        yield Reached(place, page.shown, keys)
        if not place.is_mixed:
            ahead += [(each, keys + 1) for each in _a_key_further(screens, session)]


def _on_screen(screens: Screens, session: Session) -> tuple[Place, Page]:
    entry = session.history[-1]
    return entry.place, screens.view(entry.place).page(entry.starts[-1])


def _a_key_further(screens: Screens, session: Session) -> Iterator[Session]:
    """The sessions that the keys on the screen lead to, but for those back."""
    place, page = _on_screen(screens, session)
    shown = {line.split(" ")[0] for line in page.shown.splitlines()}
    for key in (*screens.view(place).choices, NEXT):
        if key in shown:
            yield step(screens, session, key)


def _most(counts: Iterable[int | None]) -> int | None:
    """The largest; None if there is none, or one is None."""
    known = list(counts)
    return max((each for each in known if each is not None), default=None) if all(known) else None
