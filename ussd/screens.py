"""What a caller can see: every place of the menu, cut into screens that fit.

`Screens` is one version of the menu made ready for one budget, with what look-ups find
on one day.  A place and its pages are made when they are first asked for, and kept:
there are only so many.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import NamedTuple

from menus.forms import Does, Finds, Phrases
from menus.model import Language, Menu
from sms.embassy_reply import Library, country_screen, plain
from sms.replies import reply_to
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

    `countries`: of a look-up, the country that was found, or those to be asked about.
    `page_to_send` (and `countries`): of the action that sends the screen before it, that
    screen.  `confirmed`: the question of an action was answered with yes.
    """

    language: str
    node: str
    countries: tuple[str, ...] = ()
    page_to_send: str = ""
    confirmed: bool = False


SCREEN_0 = Place("", "start")
"""The first screen: no language, since nobody has chosen one yet."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """All that one place says, before it is cut, and where its keys lead.

    `notice`: the line above it after a wrong key.  `find`: where a name leads that was
    typed instead.  `request`: what is carried out when a caller comes here.
    """

    text: str
    choices: Mapping[str, Place]
    frame: Frame
    notice: str
    goodbye: str
    budget: Budget
    find: Callable[[str], Place | None] | None = None
    request: DialableRequest | None = None
    _pages: dict[tuple[int, bool], Page] = field(default_factory=dict, init=False)

    def page(self, start: int = 0, *, notice: bool = False) -> Page:
        """The page that begins at `start`, under the notice if there is to be one.

        A notice takes room, so that page may end sooner; the next one goes on
        where it ended, and nothing is lost.
        """
        page = self._pages.get((start, notice))
        if page is None:
            frame = self.noticed if notice else self.frame
            page = self._pages[start, notice] = page_at(self.text, start, frame, self.budget)
        return page

    @property
    def noticed(self) -> Frame:
        """The lines around a page after a wrong key."""
        return replace(self.frame, above=self.notice)

    def pages(self) -> list[Page]:
        """The pages in order, as a caller meets them who types nothing wrong."""
        pages = [self.page()]
        while pages[-1].more:
            pages.append(self.page(pages[-1].end))
        return pages


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
        self._question = lru_cache(maxsize=QUESTIONS_AT_HAND)(self._build)
        self._sender = next((each.name for each in menu.nodes.values() if each.does == "send"), "")
        self._views = {SCREEN_0: _screen_0(menu, budget)}
        self.not_sent = cache(self._not_sent)

    def view(self, place: Place) -> View:
        """What this place says; built when it is first asked for, then kept.

        Raises `KeyError` for a place that the menu has not.
        """
        if len(place.countries) > 1:
            return self._question(place)
        view = self._views.get(place)
        if view is None:
            view = self._views[place] = self._build(place)
        return view

    @property
    def emergency(self) -> str:
        """What is shown when anything breaks: the numbers, in all languages."""
        return self.view(SCREEN_0).goodbye

    def offer_of(self, language: str) -> str:
        """The line that offers to send all of a text by SMS; empty if nothing can be sent."""
        label = self._menu.languages[language].words[self._sender].label if self._sender else ""
        return label and f"{KEYS[0]} {label}"

    def message_for(self, request: DialableRequest) -> str:
        """The SMS that answers; empty for the series, which begins with its first tip."""
        if isinstance(request, Series) or not self._library:
            return ""
        return reply_to(request, self._menu, self._library)

    # --- Each kind of node

    def _build(self, place: Place) -> View:
        node = self._menu.nodes[place.node]
        if node.finds and self._library:
            return self._look_up(place, self._library())
        if node.does:
            return self._action(place, node.does)
        language = self._menu.languages[place.language]
        words = language.words[place.node]
        offered = [
            (Place(place.language, choice), language.words[choice].label) for choice in node.choices
        ]
        view = self._view(language, words.text, offered)
        return self._with_sms(place, view) if node.is_page and words.keywords else view

    def _with_sms(self, place: Place, view: View) -> View:
        """The view, with the choice on its first page to have all of it sent."""
        if not self._sender:
            return view
        to = Place(place.language, self._sender, place.countries, page_to_send=place.node)
        frame = replace(view.frame, offer=self.offer_of(place.language))
        return replace(view, choices={**view.choices, KEYS[0]: to}, frame=frame)

    def _look_up(self, place: Place, library: Library) -> View:
        """The question, or the country, or the question which of several countries."""
        language, finds = self._menu.languages[place.language], self._menu.nodes[place.node].finds
        if finds and len(place.countries) == 1:
            text = country_screen(self._menu, language.code, finds, *place.countries, library)
            return self._with_sms(place, self._view(language, text))
        offered_countries = place.countries or library.countries.commonest[: len(KEYS)]
        text = language.phrases.which if place.countries else language.words[place.node].text
        offered = [
            (place._replace(countries=(code,)), plain(library.countries.name(code, language.code)))
            for code in offered_countries
        ]

        def find(answer: str) -> Place | None:
            found = self._found(answer)
            return place._replace(countries=found) if found not in ((), (HOME,)) else None

        view = self._view(language, text, offered)
        notice = view.notice if place.countries else language.phrases.not_found
        return replace(view, find=find, notice=notice)

    def _find(self, answer: str) -> tuple[str, ...]:
        """The countries that were typed.  Each hop plays all answers of its session, so the
        same name is asked for many times.
        """
        return self._library().countries.find(answer) if self._library else ()

    def _action(self, place: Place, does: Does) -> View:
        """The question, or what is said to whoever agreed."""
        language = self._menu.languages[place.language]
        words = language.words[place.node]
        if place.confirmed:
            request = _request_of(place, does, self._finds(place))
            return replace(self._view(language, words.done), request=request)
        agreed = [(place._replace(confirmed=True), language.phrases.agree)]
        return self._view(language, words.text, agreed)

    def _finds(self, place: Place) -> Finds | None:
        """What the look-up before an action found."""
        return self._menu.nodes[place.page_to_send].finds if place.page_to_send else None

    def _not_sent(self, language: str) -> View:
        """Whom to call when an SMS cannot be sent."""
        here = self._menu.languages[language]
        return self._view(here, here.phrases.not_sent)

    def _view(
        self, language: Language, text: str, offered: Iterable[tuple[Place, str]] = ()
    ) -> View:
        choices = dict(zip(KEYS, offered, strict=False))
        return View(
            text=_with_choices(text, {key: label for key, (_, label) in choices.items()}),
            choices={key: place for key, (place, _) in choices.items()},
            frame=_frame(language.phrases),
            notice=language.phrases.not_on_list,
            goodbye=language.phrases.goodbye,
            budget=self._budget,
        )


def _frame(phrases: Phrases) -> Frame:
    """The keys that work everywhere, in one line; `00` only where there is room for it."""
    back, start = f"{BACK} {phrases.back}", f"{START} {phrases.start}"
    keys = (back, f"{back} {start}")
    return Frame(keys=keys, keys_if_more=[f"{NEXT} {phrases.next} {each}" for each in keys])


def _request_of(place: Place, does: Does, finds: Finds | None) -> DialableRequest:
    if does == "digest":
        return Digest(place.language)
    if does == "series":
        return Series(place.language)
    if place.countries:
        return Embassy(place.language, place.countries, words_given=True, finds=finds)
    return NodeRequest(place.language, place.page_to_send)


def _screen_0(menu: Menu, budget: Budget) -> View:
    start = menu.start
    choices = {
        key: (Place(language.code, start.leads_to), language.name)
        for key, language in zip(KEYS, menu.languages.values(), strict=False)
    }
    names = [f"{key} {name}" for key, (_, name) in choices.items()]
    return View(
        text="\n".join([start.text, *names]),
        choices={key: place for key, (place, _) in choices.items()},
        frame=Frame(),
        notice=f"1-{len(choices)}?" if len(choices) > 1 else "1?",
        goodbye=start.text,
        budget=budget,
    )


def _with_choices(text: str, labels: Mapping[str, str]) -> str:
    """The text, then the choices; after every five a blank line, so a new screen."""
    lines = [f"{key} {label}" for key, label in labels.items()]
    fives = [lines[n : n + CHOICES_A_SCREEN] for n in range(0, len(lines), CHOICES_A_SCREEN)]
    return "\n".join([text, "\n\n".join("\n".join(five) for five in fives)]).strip()
