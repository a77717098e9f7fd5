"""One hop of a dialled session: what came, and what the phone shows next."""

from dataclasses import dataclass, field
from functools import lru_cache

from menus.live import AT_HAND, LiveMenu
from menus.model import Menu
from ussd.engine import Screen, play, show
from ussd.paging import Budget
from ussd.screens import Screens
from ussd.sessions import Heard, Sessions


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

    def __init__(self, menu: LiveMenu, sessions: Sessions, budget: Budget) -> None:
        self._menu = menu
        self._sessions = sessions
        self._budget = budget

    async def answer(self, hop: Hop) -> Screen:
        """The screen that the answers lead to.

        The same answers on the same version give the same bytes, however often,
        in whatever order and on whichever process they arrive.
        """
        version = self._menu.current.version
        screens = self._screens(self._menu.current)
        session = play(screens, hop.answers)
        if hop.session_id:
            language, node = session.way[-1].place
            heard = Heard(hop.session_id, hop.msisdn, len(hop.answers), (language, node))
            began_on = await self._sessions.hear(heard, version)
            if began_on != version:
                screens = self._screens(self._menu.version(began_on))
                session = play(screens, hop.answers)
        return show(screens, session)

    def emergency(self) -> str:
        """The numbers in all languages, for when anything breaks."""
        return self._screens(self._menu.current).emergency

    def _screens(self, menu: Menu) -> Screens:
        return _made_ready(menu, self._budget)


@lru_cache(maxsize=AT_HAND)
def _made_ready(menu: Menu, budget: Budget) -> Screens:
    return Screens(menu, budget)
