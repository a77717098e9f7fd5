"""What a caller can see: every place of the menu, cut into screens that fit.

`Screens` is one version of the menu made ready for one budget, with what look-ups find
on one day.  A place and its pages are made when they are first asked for, and kept:
there are only so many.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import NamedTuple

from menus.checklists import NOT_YET, YES, left_to_do
from menus.contacts import Contact, Sendable
from menus.file_models import Does, Finds, Phrases
from menus.model import Language, Menu
from sms.embassy_reply import CountryDirectory, country_screen, plain
from sms.replies import reply_to, screen_text
from sms.requests import HOME, DialableRequest, Digest, Embassy, NodeRequest, Series
from ussd.paging import Budget, Frame, Page, page_at

KEYS = "12345678"
CHOICES_A_SCREEN = 5
"""More in one list are hard to take in."""
BACK, START, NEXT = "0", "00", "9"
LETTERS = "8"
"""On the first menu: the same words in other letters."""
PASSING_AT_HAND = 1024
"""Views of which there are too many to keep them all: which of several countries is meant,
and what follows the answers to a checklist.
"""
NAMES_AT_HAND = 1024
"""Typed names of countries that are not looked up anew: about a millisecond each."""


class Place(NamedTuple):
    """A language, a node in it, and what it is about there.

    `countries`: of a look-up, the country that was found, or those to be asked about.
    `page_to_send` (and `countries`, `answers`): of the action that sends the screen before
    it, that screen.  `confirmed`: the question of an action was answered with yes.
    `answers`: of a checklist, those that were given, one key a statement.
    """

    language: str
    node: str
    countries: tuple[str, ...] = ()
    page_to_send: str = ""
    confirmed: bool = False
    answers: str = ""

    @property
    def is_mixed(self) -> bool:
        """Whether the answers differ: nothing is said there that is not said elsewhere."""
        return len(set(self.answers)) > 1


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

        A notice takes room: the offer on a first page makes way for it, or else that page
        ends sooner; the next one goes on where it ended, and nothing is lost.
        """
        page = self._pages.get((start, notice))
        if page is None:
            frames = self.notice_frames if notice else (self.frame,)
            pages = [page_at(self.text, start, frame, self.budget) for frame in frames]
            page = self._pages[start, notice] = max(pages, key=lambda each: each.end)
        return page

    @property
    def notice_frames(self) -> tuple[Frame, Frame]:
        """The lines around a page after a wrong key, with the offer and without."""
        frame = replace(self.frame, above=self.notice)
        return frame, replace(frame, offer="")

    def pages(self) -> list[Page]:
        """The pages in order, as a caller meets them who types nothing wrong."""
        pages = [self.page()]
        while pages[-1].more:
            pages.append(self.page(pages[-1].end))
        return pages


class Screens:
    """One version of the menu, made ready to be shown on screens of one size.

    Without a `directory`, look-ups offer and find nothing.
    """

    def __init__(
        self, menu: Menu, budget: Budget, directory: Callable[[], CountryDirectory] | None = None
    ) -> None:
        self.version = menu.version
        self._menu = menu
        self._budget = budget
        self._directory = cache(directory) if directory else None
        self._found = lru_cache(maxsize=NAMES_AT_HAND)(self._find)
        self._passing = lru_cache(maxsize=PASSING_AT_HAND)(self._build)
        self._sender = next((each.name for each in menu.nodes.values() if each.does == "send"), "")
        self._views = {SCREEN_0: _screen_0(menu, budget)}
        self.not_sent = cache(self._not_sent)

    def view(self, place: Place) -> View:
        """What this place says; built when it is first asked for, then kept.

        Raises `KeyError` for a place that the menu has not.
        """
        view = self._views.get(place)
        if view is not None:
            return view
        if place.is_mixed or len(place.countries) > 1:
            return self._passing(place)
        view = self._views[place] = self._build(place)
        return view

    def said_in_turn(self, place: Place) -> list[Place]:
        """What a node says in turn, the place first: of an action also what follows consent, of
        a checklist each statement, the whole list, and what is said once all is done.
        """
        node = self._menu.nodes[place.node]
        if node.does:
            return [place, place._replace(confirmed=True)]
        if not node.statements:
            return [place]
        count = len(node.statements)
        answers = [*(NOT_YET * n for n in range(count + 1)), YES * count]
        return [place._replace(answers=each) for each in answers]

    def page_count(self, place: Place) -> int:
        """How many pages a node takes, with all that it says in turn."""
        return sum(len(self.view(each).pages()) for each in self.said_in_turn(place))

    @property
    def emergency(self) -> str:
        """What is shown when anything breaks: the numbers, in all languages."""
        return self.view(SCREEN_0).goodbye

    def offer_of(self, language: str) -> str:
        """The line that offers to send all of a text by SMS; empty if nothing can be sent."""
        label = self._menu.language(language).words[self._sender].label if self._sender else ""
        return label and f"{KEYS[0]} {label}"

    def message_for(self, request: DialableRequest) -> str:
        """The SMS that answers; empty for the series, which begins with its first tip."""
        if isinstance(request, Series) or not self._directory:
            return ""
        return reply_to(request, self._menu, self._directory)

    def _contacts(self) -> Sendable[Contact]:
        """What may be sent today."""
        return self._directory().contacts if self._directory else Sendable()

    # --- Each kind of node

    def _build(self, place: Place) -> View:
        node = self._menu.nodes[place.node]
        if node.finds and self._directory:
            return self._look_up(place, self._directory())
        if node.does:
            return self._action(place, node.does)
        if node.statements:
            return self._checklist(place)
        language = self._menu.language(place.language)
        words = language.words[place.node]
        offered = [
            (Place(place.language, choice), language.words[choice].label) for choice in node.choices
        ]
        text = screen_text(self._menu, language.code, place.node, self._contacts)
        if place.node == self._menu.start.leads_to and language.other_letters:
            return self._in_other_letters(place, language, text, offered)
        view = self._view(language, text, offered)
        return self._with_sms(place, view) if node.is_page and words.keywords else view

    def _in_other_letters(
        self, place: Place, language: Language, text: str, offered: Iterable[tuple[Place, str]]
    ) -> View:
        """The first menu, with the choice on its first page to read on in other letters."""
        code, offer = language.other_letters or ("", "")
        view = self._view(language, text, offered, offer=f"{LETTERS} {offer}")
        return replace(view, choices={**view.choices, LETTERS: place._replace(language=code)})

    def _with_sms(self, place: Place, view: View) -> View:
        """The view, with the choice on its first page to have all of it sent."""
        if not self._sender:
            return view
        to = place._replace(node=self._sender, page_to_send=place.node)
        frame = replace(view.frame, offer=self.offer_of(place.language))
        return replace(view, choices={**view.choices, KEYS[0]: to}, frame=frame)

    def _checklist(self, place: Place) -> View:
        """The next statement; once each is answered, what is still to do."""
        language = self._menu.language(place.language)
        words = language.words[place.node]
        if len(place.answers) < len(words.statements):
            return self._statement(place, language)
        if not left_to_do(words, place.answers):
            return self._view(language, words.done)
        text = screen_text(self._menu, language.code, place.node, self._contacts, place.answers)
        view = self._view(language, text)
        return self._with_sms(place, view) if words.keywords else view

    def _statement(self, place: Place, language: Language) -> View:
        """A statement under its number, which makes way for the notice after a wrong key.

        It says the same whatever was answered before, so it is made once.
        """
        statements, nth = language.words[place.node].statements, len(place.answers)
        keys = {YES: language.phrases.agree, NOT_YET: language.phrases.not_yet}
        choices = {key: place._replace(answers=place.answers + key) for key in keys}
        if place.answers != NOT_YET * nth:
            return replace(self.view(place._replace(answers=NOT_YET * nth)), choices=choices)
        offered = [(choices[key], words) for key, words in keys.items()]
        view = self._view(language, statements[nth].says, offered)
        return replace(view, frame=replace(view.frame, above=f"{nth + 1}/{len(statements)}"))

    def _look_up(self, place: Place, directory: CountryDirectory) -> View:
        """The question, or the country, or the question which of several countries."""
        language, finds = self._menu.language(place.language), self._menu.nodes[place.node].finds
        if finds and len(place.countries) == 1:
            text = country_screen(self._menu, language.code, finds, *place.countries, directory)
            return self._country(place, language, text)
        offered_countries = place.countries or self._offered(language, finds, directory)
        text = language.phrases.which if place.countries else language.words[place.node].text
        offered = [
            (
                place._replace(countries=(code,)),
                plain(directory.countries.name(code, language.code)),
            )
            for code in offered_countries
        ]

        def find(answer: str) -> Place | None:
            found = self._found(answer)
            return place._replace(countries=found) if found not in ((), (HOME,)) else None

        view = self._view(language, text, offered)
        notice = view.notice if place.countries else language.phrases.not_found
        return replace(view, find=find, notice=notice)

    def _offered(
        self, language: Language, finds: Finds | None, directory: CountryDirectory
    ) -> tuple[str, ...]:
        """The countries that a look-up lists; first the home of who reads the language."""
        first = (language.home,) if language.home and finds == "here" else ()
        return tuple(dict.fromkeys((*first, *directory.countries.commonest)))[: len(KEYS)]

    def _country(self, place: Place, language: Language, text: str) -> View:
        """What is known of a country; it is offered by SMS on the first page, or on the
        last where that would leave room for no more than the name.
        """
        view = self._with_sms(place, self._view(language, text))
        if "\n" in text[: view.page().end].strip() or not self._sender:
            return view
        label = language.words[self._sender].label
        return self._view(language, text, [(view.choices[KEYS[0]], label)])

    def _find(self, answer: str) -> tuple[str, ...]:
        """The countries that were typed.  Each hop plays all answers of its session, so the
        same name is asked for many times.
        """
        return self._directory().countries.find(answer) if self._directory else ()

    def _action(self, place: Place, does: Does) -> View:
        """The question, or what is said to whoever agreed."""
        language = self._menu.language(place.language)
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
        here = self._menu.language(language)
        return self._view(here, here.phrases.not_sent)

    def _view(
        self,
        language: Language,
        text: str,
        offered: Iterable[tuple[Place, str]] = (),
        offer: str = "",
    ) -> View:
        choices = dict(zip(KEYS, offered, strict=False))
        lines = [f"{key} {label}" for key, (_, label) in choices.items()]
        frame = _frame(language.phrases, offer)
        return View(
            text=_with_choices(text, lines, frame, self._budget),
            choices={key: place for key, (place, _) in choices.items()},
            frame=frame,
            notice=language.phrases.not_on_list,
            goodbye=language.phrases.goodbye,
            budget=self._budget,
        )


def _frame(phrases: Phrases, offer: str) -> Frame:
    """The keys that work everywhere, in one line; `00` only where there is room for it."""
    back, start = f"{BACK} {phrases.back}", f"{START} {phrases.start}"
    keys = (back, f"{back} {start}")
    more = [f"{NEXT} {phrases.next} {each}" for each in keys]
    return Frame(offer=offer, keys=keys, keys_if_more=more)


def _request_of(place: Place, does: Does, finds: Finds | None) -> DialableRequest:
    if does == "digest":
        return Digest(place.language)
    if does == "series":
        return Series(place.language)
    if place.countries:
        return Embassy(place.language, place.countries, words_given=True, finds=finds)
    return NodeRequest(place.language, place.page_to_send, place.answers)


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


def _with_choices(text: str, lines: Sequence[str], frame: Frame, budget: Budget) -> str:
    """The text, then the choices, as many on each screen as it holds, five at most: a
    blank line begins the next screen.
    """
    *screens, screen = text.split("\n\n")
    while lines:
        count = _fitting(screen, lines, frame, budget, first=not screens)
        count = count if screen else max(count, 1)  # one that no screen holds is cut later
        screens.append("\n".join([screen, *lines[:count]]).strip())
        lines, screen = lines[count:], ""
    return "\n\n".join([*screens, screen]).strip()


def _fitting(
    screen: str, lines: Sequence[str], frame: Frame, budget: Budget, *, first: bool
) -> int:
    """How many of the lines this screen holds under what it says, five at most."""
    for count in range(min(len(lines), CHOICES_A_SCREEN), 0, -1):
        text = "\n".join([screen, *lines[:count]])
        if budget.holds(frame.around(text, first=first, more=count < len(lines))):
            return count
    return 0
