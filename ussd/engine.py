"""One answer in, one step on: the whole conversation as a pure function.

No clock, no Redis, no HTTP.  Screen 0 is always the same and nothing is carried
from one dial to the next, so the answers alone say where a caller is.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce

from sms.requests import DialableRequest
from ussd.screens import BACK, LETTERS, NEXT, SCREEN_0, START, Place, Screens, View

MISSES_ALLOWED = 2
"""After one more in a row the session ends with the numbers to call."""

_LONGEST_KEY = 16
"""Characters of an answer that can still be a key, its spaces and dots included."""
_LONGEST_NAME = 160
"""Characters of an answer that can still be the name of a country."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A place, and where each page turned to in it begins; the last is shown."""

    place: Place
    starts: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class Session:
    """Where a caller is, through which places they came, and how many wrong keys in a row
    they have just typed.

    `request`: what they agreed to, while the phone shows what is said then; `since`: how
    many answers ago.  An answer that is played again on the way elsewhere has no effect.
    """

    history: tuple[HistoryEntry, ...] = (HistoryEntry(SCREEN_0),)
    misses: int = 0
    ended: bool = False
    request: DialableRequest | None = None
    since: int = 0


@dataclass(frozen=True, slots=True)
class Screen:
    """What the phone shows.  `ends`: nothing more can be answered."""

    text: str
    ends: bool


def play(screens: Screens, answers: Iterable[str]) -> Session:
    """The session that these answers lead to, from screen 0."""
    return reduce(lambda session, answer: step(screens, session, answer), answers, Session())


def step(screens: Screens, session: Session, answer: str) -> Session:
    """Move the caller as their answer asks.

    Nothing a caller types is an error: an answer that is not on offer shows the
    same screen again under a notice, and after three in a row the session ends.
    """
    moved = _move(screens, session, answer)
    if not session.request or moved.ended or moved.history[-1].place != session.history[-1].place:
        return moved
    return replace(moved, request=session.request, since=session.since + 1)


def _move(screens: Screens, session: Session, answer: str) -> Session:
    if session.ended:
        return session
    view = screens.view(session.history[-1].place)
    key = answer if answer in view.choices else key_of(answer)
    if place := view.choices.get(key):
        history = session.history
        if key == LETTERS and _is_in_other_letters(place, history[-1].place):
            history = history[:-1]
        history = (*history, HistoryEntry(place))
        return _confirm(screens, history) if place.confirmed else Session(history)
    if key == NEXT:
        return _turn_page(view, session)
    if key == BACK:
        return _go_back(session)
    if key == START and len(session.history) > 1:
        return Session()
    return _find(view, session, answer) or _miss(session)


def show(screens: Screens, session: Session) -> Screen:
    """What the phone shows now."""
    entry = session.history[-1]
    view = screens.view(entry.place)
    if session.ended:
        return Screen(view.goodbye, ends=True)
    return Screen(view.page(entry.starts[-1], notice=session.misses > 0).shown, ends=False)


def show_not_sent(screens: Screens, session: Session) -> Screen:
    """What the phone shows when an SMS cannot be sent; the answers stay the same."""
    return Screen(screens.not_sent(session.history[-1].place.language).page().shown, ends=False)


def key_of(answer: str) -> str:
    """The key that an answer means: ` 1.`, `１` and `١` all mean `1`."""
    if len(answer) > _LONGEST_KEY:
        return answer
    return "".join(_western(char) for char in answer if char.isalnum())


def _western(char: str) -> str:
    digit = unicodedata.decimal(char, None)
    return char if digit is None else str(digit)


def _is_in_other_letters(place: Place, here: Place) -> bool:
    """Whether a place is the one here in other letters: it takes the place of this one."""
    return place.node == here.node and place.language != here.language


def _confirm(screens: Screens, history: tuple[HistoryEntry, ...]) -> Session:
    """The confirmed action takes the place of its question, so that `0` does not lead to
    the question again.
    """
    *before, _, entry = history
    return Session((*before, entry), request=screens.view(entry.place).request)


def _find(view: View, session: Session, answer: str) -> Session | None:
    """To the country that was typed; a name typed on the question which takes its place."""
    *before, entry = session.history
    place = view.find(answer) if view.find and len(answer) <= _LONGEST_NAME else None
    if place in (None, entry.place):
        return None
    history = before if entry.place.countries else session.history
    return Session((*history, HistoryEntry(place)))


def _turn_page(view: View, session: Session) -> Session:
    *before, entry = session.history
    page = view.page(entry.starts[-1], notice=session.misses > 0)
    if not page.more:
        return _miss(session)
    return Session((*before, HistoryEntry(entry.place, (*entry.starts, page.end))))


def _go_back(session: Session) -> Session:
    """To the page before, or from the first page to the place before."""
    *before, entry = session.history
    if len(entry.starts) > 1:
        return Session((*before, HistoryEntry(entry.place, entry.starts[:-1])))
    return Session(tuple(before)) if before else _miss(session)


def _miss(session: Session) -> Session:
    misses = session.misses + 1
    return Session(session.history, misses, ended=misses > MISSES_ALLOWED)
