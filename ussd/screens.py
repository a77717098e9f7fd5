"""What a caller can see: every place of the menu, cut into screens that fit.

`Screens` is one version of the menu made ready for one budget.  A page is cut
when it is first asked for, and kept: there are only so many.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from menus.model import Language, Menu
from ussd.paging import Budget, Frame, Page, page_at

KEYS = "12345678"
CHOICES_A_SCREEN = 5
"""More in one list are hard to take in."""
BACK, START, NEXT = "0", "00", "9"

Place = tuple[str, str]
"""A language and a node in it."""

SCREEN_0: Place = ("", "start")
"""The first screen: no language, since nobody has chosen one yet."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """All that one place says, before it is cut, and where its keys lead."""

    text: str
    choices: Mapping[str, Place]
    plain: Frame
    noticed: Frame
    goodbye: str
    budget: Budget
    _pages: dict[tuple[int, bool], Page] = field(default_factory=dict)

    def page(self, start: int = 0, *, notice: bool = False) -> Page:
        """The page that begins at `start`, under the notice if there is to be one.

        A notice takes room, so that page may end sooner; the next one goes on
        where it ended, and nothing is lost.
        """
        page = self._pages.get((start, notice))
        if page is None:
            frame = self.noticed if notice else self.plain
            page = self._pages[start, notice] = page_at(self.text, start, frame, self.budget)
        return page

    def pages(self) -> list[Page]:
        """The pages in order, as a caller meets them who types nothing wrong."""
        pages = [self.page()]
        while pages[-1].more:
            pages.append(self.page(pages[-1].end))
        return pages


class Screens:
    """One version of the menu, made ready to be shown on screens of one size."""

    def __init__(self, menu: Menu, budget: Budget) -> None:
        self.version = menu.version
        self.sheets: dict[Place, Sheet] = {SCREEN_0: _screen_0(menu, budget)}
        for language in menu.languages.values():
            for node in menu.nodes:
                self.sheets[language.code, node] = _sheet(menu, language, node, budget)

    @property
    def emergency(self) -> str:
        """What is shown when anything breaks: the numbers, in all languages."""
        return self.sheets[SCREEN_0].goodbye


def _screen_0(menu: Menu, budget: Budget) -> Sheet:
    start = menu.start
    choices = {
        key: ((language.code, start.leads_to), language.name)
        for key, language in zip(KEYS, menu.languages.values(), strict=False)
    }
    return Sheet(
        text=_with_choices(start.text, {key: name for key, (_, name) in choices.items()}),
        choices={key: place for key, (place, _) in choices.items()},
        plain=Frame(),
        noticed=Frame(above=start.not_on_list),
        goodbye=start.text,
        budget=budget,
    )


def _sheet(menu: Menu, language: Language, node: str, budget: Budget) -> Sheet:
    choices = dict(zip(KEYS, menu.nodes[node].choices, strict=False))
    labels = {key: language.words[choice].label for key, choice in choices.items()}
    phrases = language.phrases
    below = f"{BACK} {phrases.back}\n{START} {phrases.start}"
    more = f"{NEXT} {phrases.next}\n{below}"
    return Sheet(
        text=_with_choices(language.words[node].text, labels),
        choices={key: (language.code, choice) for key, choice in choices.items()},
        plain=Frame(below=below, below_if_more=more),
        noticed=Frame(phrases.not_on_list, below, more),
        goodbye=phrases.goodbye,
        budget=budget,
    )


def _with_choices(text: str, labels: Mapping[str, str]) -> str:
    """The text, then the choices; after every five a blank line, so a new screen."""
    lines = [f"{key} {label}" for key, label in labels.items()]
    fives = [lines[n : n + CHOICES_A_SCREEN] for n in range(0, len(lines), CHOICES_A_SCREEN)]
    return "\n".join([text, "\n\n".join("\n".join(five) for five in fives)]).strip()
