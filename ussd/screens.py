"""What a caller can see: every place of the menu, cut into screens that fit.

`Screens` is one version of the menu made ready for one budget, with what look-ups find
on one day.  A place and its pages are made when they are first asked for, and kept:
there are only so many.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import NamedTuple

from menus.forms import Does
from menus.model import Language, Menu
from sms.replies import Library, country_screen, plain, reply_to
from sms.requests import HOME, DialableRequest, Digest, Embassy, NodeRequest, Series
from ussd.paging import Budget, Frame, Page, page_at

KEYS = "12345678"
CHOICES_A_SCREEN = 5
"""More in one list are hard to take in."""
BACK, START, NEXT = "0", "00", "9"
QUESTIONS_AT_HAND = 256
"""Which of several countries is meant: there are too many to keep them all."""
NAMES_AT_HAND = 1024
"""Typed names of countries that are not looked up anew: about a millisecond each."""


class Place(NamedTuple):
    """A language, a node in it, and what it is about there.

    `codes`: of a look-up, the country that was found, or those to be asked about.  `of`
    (and `codes`): of what sends the screen before it, that screen.  `done`: behind the
    question of an action.
    """

    language: str
    node: str
    codes: tuple[str, ...] = ()
    of: str = ""
    done: bool = False


SCREEN_0 = Place("", "start")
"""The first screen: no language, since nobody has chosen one yet."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """All that one place says, before it is cut, and where its keys lead.

    `find`: where a name leads that was typed instead.  `wish`: what is carried out when a
    caller comes here.
    """

    text: str
    choices: Mapping[str, Place]
    plain: Frame
    noticed: Frame
    goodbye: str
    budget: Budget
    find: Callable[[str], Place | None] | None = None
    wish: DialableRequest | None = None
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


class Sheets(dict[Place, Sheet]):
    """What each place says, made when it is first asked for.  A place that the menu has
    not raises `KeyError`.
    """

    def __init__(self, make: Callable[[Place], Sheet]) -> None:
        super().__init__()
        self._make = make
        self._made_lately = lru_cache(maxsize=QUESTIONS_AT_HAND)(make)

    def __missing__(self, place: Place) -> Sheet:
        if len(place.codes) > 1:
            return self._made_lately(place)
        sheet = self[place] = self._make(place)
        return sheet


class Screens:
    """One version of the menu, made ready to be shown on screens of one size.

    Without a `library`, look-ups offer and find nothing.
    """

    def __init__(
        self, menu: Menu, budget: Budget, library: Callable[[], Library] | None = None
    ) -> None:
        self.version = menu.version
        self._menu = menu
        self._budget = budget
        self._library = cache(library) if library else None
        self._found = lru_cache(maxsize=NAMES_AT_HAND)(self._find)
        self._sender = next((each.name for each in menu.nodes.values() if each.does == "send"), "")
        self.sheets = Sheets(self._sheet)
        self.sheets[SCREEN_0] = _screen_0(menu, budget)
        self.not_sent = cache(self._not_sent)

    @property
    def emergency(self) -> str:
        """What is shown when anything breaks: the numbers, in all languages."""
        return self.sheets[SCREEN_0].goodbye

    def words_of(self, wish: DialableRequest) -> str:
        """The SMS that answers; none begins the series."""
        if isinstance(wish, Series) or not self._library:
            return ""
        return reply_to(wish, self._menu, self._library())

    # --- Each kind of node

    def _sheet(self, place: Place) -> Sheet:
        node = self._menu.nodes[place.node]
        if node.finds and self._library:
            return self._looked_up(place, self._library())
        if node.does:
            return self._action(place, node.does)
        language = self._menu.languages[place.language]
        offered = [
            (Place(place.language, choice), language.words[choice].label) for choice in node.choices
        ]
        sheet = self._made(language, language.words[place.node].text, offered)
        return self._with_sms(place, sheet) if node.is_page else sheet

    def _with_sms(self, place: Place, sheet: Sheet) -> Sheet:
        """A page that a message can answer for, with the choice to have it sent, where
        its last screen has room for that line: it is not worth one more screen, nor a
        sentence cut in two.
        """
        language = self._menu.languages[place.language]
        if not language.words[place.node].keywords:
            return sheet
        longer = self._made(language, sheet.text, self._by_sms(place))
        starts, before = ([page.start for page in each.pages()] for each in (longer, sheet))
        return longer if starts == before else sheet

    def _by_sms(self, place: Place) -> list[tuple[Place, str]]:
        """The choice to have this screen sent."""
        if not self._sender:
            return []
        label = self._menu.languages[place.language].words[self._sender].label
        return [(Place(place.language, self._sender, place.codes, of=place.node), label)]

    def _looked_up(self, place: Place, library: Library) -> Sheet:
        """The question, or the country, or the question which of several countries."""
        language, finds = self._menu.languages[place.language], self._menu.nodes[place.node].finds
        if finds and len(place.codes) == 1:
            text = country_screen(self._menu, language.code, finds, *place.codes, library)
            return self._made(language, text, self._by_sms(place))
        codes = place.codes or library.countries.commonest[: len(KEYS)]
        text = language.phrases.which if place.codes else language.words[place.node].text
        offered = [
            (place._replace(codes=(code,)), plain(library.countries.name(code, language.code)))
            for code in codes
        ]

        def find(answer: str) -> Place | None:
            found = self._found(answer)
            return place._replace(codes=found) if found not in ((), (HOME,)) else None

        notice = "" if place.codes else language.phrases.not_found
        return self._made(language, text, offered, find=find, notice=notice)

    def _find(self, answer: str) -> tuple[str, ...]:
        """The countries that were typed.  Each hop plays all answers of its session, so the
        same name is asked for many times.
        """
        return self._library().countries.find(answer) if self._library else ()

    def _action(self, place: Place, does: Does) -> Sheet:
        """The question, or what is said to whoever agreed."""
        language = self._menu.languages[place.language]
        words = language.words[place.node]
        if place.done:
            return self._made(language, words.done, wish=_wish(place, does))
        agreed = [(place._replace(done=True), language.phrases.agree)]
        return self._made(language, words.text, agreed)

    def _not_sent(self, language: str) -> Sheet:
        """Whom to call when an SMS cannot be sent."""
        here = self._menu.languages[language]
        return self._made(here, here.phrases.not_sent)

    def _made(  # noqa: PLR0913, PLR0917
        self,
        language: Language,
        text: str,
        offered: Iterable[tuple[Place, str]] = (),
        find: Callable[[str], Place | None] | None = None,
        wish: DialableRequest | None = None,
        notice: str = "",
    ) -> Sheet:
        choices = dict(zip(KEYS, offered, strict=False))
        phrases = language.phrases
        below = f"{BACK} {phrases.back}\n{START} {phrases.start}"
        more = f"{NEXT} {phrases.next}\n{below}"
        return Sheet(
            text=_with_choices(text, {key: label for key, (_, label) in choices.items()}),
            choices={key: place for key, (place, _) in choices.items()},
            plain=Frame(below=below, below_if_more=more),
            noticed=Frame(notice or phrases.not_on_list, below, more),
            goodbye=phrases.goodbye,
            budget=self._budget,
            find=find,
            wish=wish,
        )


def _wish(place: Place, does: Does) -> DialableRequest:
    if does == "digest":
        return Digest(place.language)
    if does == "series":
        return Series(place.language)
    if place.codes:
        return Embassy(place.language, place.codes, words_given=True)
    return NodeRequest(place.language, place.of)


def _screen_0(menu: Menu, budget: Budget) -> Sheet:
    start = menu.start
    choices = {
        key: (Place(language.code, start.leads_to), language.name)
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


def _with_choices(text: str, labels: Mapping[str, str]) -> str:
    """The text, then the choices; after every five a blank line, so a new screen."""
    lines = [f"{key} {label}" for key, label in labels.items()]
    fives = [lines[n : n + CHOICES_A_SCREEN] for n in range(0, len(lines), CHOICES_A_SCREEN)]
    return "\n".join([text, "\n\n".join("\n".join(five) for five in fives)]).strip()
