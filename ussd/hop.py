"""One hop of a dialled session: what came, and what the phone shows next."""

from dataclasses import dataclass, field
from functools import lru_cache, partial

from menus.live import LiveMenu
from sms.consent import Consent, Fulfil
from ussd.bootstrap import ScreensOf, cached_per_day
from ussd.engine import Screen, Session, play, show, show_not_sent
from ussd.screens import Screens
from ussd.sessions import HopRecord, SessionRecord, Sessions

SESSIONS_AT_HAND = 2048
"""Played sessions of a version that are not played anew, at most 2 kB each."""
LONGEST_AT_HAND = 32
"""Octets of the answers of one in UTF-8 and the `*` between them, so that a long text fills no
memory.
"""


@dataclass(frozen=True, slots=True)
class Hop:
    """All answers of a session so far.  Without a `session_id` that can be relied
    on, the hop is answered and nothing of it is kept.
    """

    session_id: str | None
    answers: tuple[str, ...]
    msisdn: str | None = field(default=None, repr=False)


class Dialogue:
    """Answers hops on the menu in force, or on the one that a session began on."""

    def __init__(
        self, menu: LiveMenu, sessions: Sessions, screens_of: ScreensOf, fulfil: Fulfil
    ) -> None:
        self._menu = menu
        self._sessions = sessions
        self._played = cached_per_day(lambda menu: _Played(screens_of(menu)))
        self._fulfil = fulfil

    async def answer(self, hop: Hop, gateway: str = "") -> Screen:
        """The screen that the answers lead to.  `gateway`: by which the caller dialled.

        The same answers on the same version give the same bytes, however often,
        in whatever order and on whichever process they arrive; only what could not be
        sent before may be sent when it is asked for again.
        """
        record = SessionRecord(self._menu.current.version)
        played = self._played(self._menu.current)
        session = played.session(hop.answers)
        if hop.session_id:
            record = await self._sessions.record(_record_of(hop, session), record.version)
            if record.version != played.screens.version:
                played = self._played(self._menu.version(record.version))
                session = played.session(hop.answers)
        if session.request:
            consent = _consent_of(session, hop, record, played.screens)
            if not (consent and await self._fulfil(consent, gateway)):
                return show_not_sent(played.screens, session)
        return show(played.screens, session)

    def emergency(self) -> str:
        """The numbers in all languages, for when anything breaks."""
        return self._played(self._menu.current).screens.emergency


class _Played:
    """Screens, and the sessions that were played on them, which go when they go."""

    def __init__(self, screens: Screens) -> None:
        self.screens = screens
        self._play = partial(play, screens)
        self._at_hand = lru_cache(maxsize=SESSIONS_AT_HAND)(self._play)

    def session(self, answers: tuple[str, ...]) -> Session:
        """As `play`.  Most callers go a way that somebody has gone before."""
        is_short = len("*".join(answers).encode()) <= LONGEST_AT_HAND
        return (self._at_hand if is_short else self._play)(answers)


def _consent_of(
    session: Session, hop: Hop, record: SessionRecord, screens: Screens
) -> Consent | None:
    """What the caller agreed to, if they were asked.

    Who dials the agreement together with the code has not seen the question, and whoever
    holds the phone may not be who made up that code.
    """
    agreed = len(hop.answers) - session.since
    asked = record.dialled is not None and record.dialled < agreed
    if not (session.request and asked and hop.session_id and hop.msisdn):
        return None
    message = screens.message_for(session.request)
    return Consent(hop.session_id, hop.msisdn, session.request, message)


def _record_of(hop: Hop, session: Session) -> HopRecord:
    place = session.history[-1].place
    country = place.countries[0] if len(place.countries) == 1 else ""
    where = place.language, place.node
    return HopRecord(hop.session_id or "", hop.msisdn, len(hop.answers), where, country)
