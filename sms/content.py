"""What one version of the menu makes of a text, and what it answers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from menus.live import AT_HAND
from menus.model import Menu
from runtime.msisdn import country_of
from sms.embassy_reply import CountryDirectory
from sms.replies import already, reply_to
from sms.requests import Confirm, Request, Unknown
from sms.understanding import (
    Vocabulary,
    countries_of,
    explain,
    lines_of,
    understand,
    vocabulary_of,
)


@dataclass(frozen=True, slots=True)
class Content:
    """The words of a menu.  `directory`: makes what an embassy is looked up in, today."""

    menu: Menu
    directory: Callable[[], CountryDirectory]

    def request_of(self, text: str, sender: str = "") -> Request:
        """What a text asks for; the sender's number says where they may be."""
        return understand(text, _vocabulary(self.menu), country_of(sender))

    def reasons_for(self, text: str, sender: str = "") -> list[str]:
        """Why it is understood so, in lines to be read."""
        return lines_of(explain(text, _vocabulary(self.menu), country_of(sender)))

    def is_urgent(self, request: Request) -> bool:
        """Whether somebody may be in danger who asks for this."""
        return _vocabulary(self.menu).is_urgent(request)

    def reply_to(self, request: Request) -> str:
        """The words that answer.  To `Confirm`, those to one who has asked for the series."""
        return reply_to(request, self.menu, self.directory)

    def already(self, language: str) -> str:
        """To one who asks for the series and has it."""
        return already(self.menu, language)

    def preview(self, text: str, sender: str = "") -> str:
        """What a text is answered from one who has asked for nothing yet."""
        return self.reply_to(unless_asked(self.request_of(text, sender)))


def unless_asked(request: Request) -> Request:
    """What a request means where no question was asked: a YES to nothing is unknown."""
    return Unknown(request.language) if isinstance(request, Confirm) else request


def make_ready(menu: Menu) -> None:
    """Build what the first text on this version would otherwise wait for, about half a
    second.
    """
    _vocabulary(menu)


@lru_cache(maxsize=AT_HAND)
def _vocabulary(menu: Menu) -> Vocabulary:
    return vocabulary_of(menu, countries_of(menu))
