"""Screens to be looked at: those of one dialogue, or all that a phone can show."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sms.requests import DialableRequest
from ussd.engine import Screen, Session, play, show
from ussd.screens import SCREEN_0, Place, Screens, View


@dataclass(frozen=True, slots=True)
class Shown:
    """A screen, and what a person who checks the words wants to know of it.

    `sends`: what is sent, or begun, when a caller comes here.
    """

    title: str
    screen: Screen
    number: int = 0
    pages: int = 0
    sends: str = ""

    @property
    def page(self) -> str:
        """Which page of its place it is; empty for a last screen."""
        return f"page {self.number} of {self.pages}" if self.pages else ""


def conversation(screens: Screens, answers: Sequence[str]) -> Iterator[Shown]:
    """The screens that a caller sees who dials and gives these answers."""
    for heard in range(len(answers) + 1):
        session = play(screens, answers[:heard])
        title = f"> {answers[heard - 1]}" if heard else "dialled"
        sends = _sends(screens, session.request) if session.request and not session.since else ""
        yield Shown(title, show(screens, session), *_page_of(screens, session), sends)
        if session.ended:
            return


def all_screens(screens: Screens, language: str | None = None) -> Iterator[Shown]:
    """Every page of every place that keys lead to, and what is said when nothing helps."""
    goodbyes: dict[str, str] = {}
    for place in _reachable(screens):
        view, code = screens.view(place), place.language
        if language in (None, code) or not code:
            yield from _all_pages(_title_of(place), view)
            goodbyes.setdefault(code, view.goodbye)
    for code, goodbye in goodbyes.items():
        yield Shown(f"{code} after three wrong keys".strip(), Screen(goodbye, ends=True))
        if code:
            yield from _all_pages(f"{code} not sent", screens.not_sent(code))


def _reachable(screens: Screens) -> Iterator[Place]:
    """Every place by keys, from screen 0.  What sends the screen before it says the same
    each time, and comes once; so does each statement of a checklist.
    """
    ahead, seen = [SCREEN_0], set[tuple[Place, str]]()
    while ahead:
        place = ahead.pop()
        if not place.is_mixed and (alike := _alike(screens, place)) not in seen:
            seen.add(alike)
            yield place
            ahead += reversed([*screens.view(place).choices.values()])


def _alike(screens: Screens, place: Place) -> tuple[Place, str]:
    """The same for places that say the same."""
    if place.page_to_send:
        return place._replace(countries=(), page_to_send="", answers=""), ""
    if place.answers:
        return place._replace(answers=""), screens.view(place).text
    return place, ""


def _title_of(place: Place) -> str:
    done = "done" if place.confirmed else ""
    countries = () if place.page_to_send else place.countries
    answers = "" if place.page_to_send else place.answers
    return " ".join(filter(None, (place.language, place.node, *countries, answers, done)))


def _sends(screens: Screens, request: DialableRequest) -> str:
    message = screens.message_for(request)
    return f"here this is sent by SMS:\n{message}" if message else "here the series begins"


def text_dialled(service_code: str, dialled: str) -> str | None:
    """What is dialled behind the code: `*384*55*2*1#` gives `2*1`.  None when the
    code is another one.
    """
    ours, given = service_code.rstrip("#"), dialled.strip().rstrip("#")
    if given != ours and not given.startswith(f"{ours}*"):
        return None
    return given[len(ours) + 1 :]


def _all_pages(title: str, view: View) -> Iterator[Shown]:
    pages = view.pages()
    for number, page in enumerate(pages, 1):
        yield Shown(title, Screen(page.shown, ends=False), number, len(pages))


def _page_of(screens: Screens, session: Session) -> tuple[int, int]:
    entry = session.history[-1]
    if session.ended:
        return 0, 0
    starts = [page.start for page in screens.view(entry.place).pages()]
    number = sum(1 for start in starts if start <= entry.starts[-1])
    return number, len(starts)
