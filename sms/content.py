"""What one version of the menu makes of a text, and what it answers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from menus.live import AT_HAND
from menus.model import Menu
from sms.embassy_reply import Library
from sms.replies import already, reply_to
from sms.requests import Confirm, NodeRequest, Request, Unknown
from sms.understanding import Vocabulary, countries_of, understand, vocabulary_of


@dataclass(frozen=True, slots=True)
class Content:
    """The words of a menu.  `library`: makes what an embassy is looked up in, today."""

    menu: Menu
    library: Callable[[], Library]

    def request_of(self, text: str) -> Request:
        """What a text asks for."""
        return understand(text, _vocabulary(self.menu))

    def is_urgent(self, request: Request) -> bool:
        """Whether somebody may be in danger who asks for this."""
        return isinstance(request, NodeRequest) and request.node in _vocabulary(self.menu).urgent

    def reply_to(self, request: Request) -> str:
        """The words that answer.  To `Confirm`, those to one who has asked for the series."""
        return reply_to(request, self.menu, self.library)

    def already(self, language: str) -> str:
        """To one who asks for the series and has it."""
        return already(self.menu, language)

    def preview(self, text: str) -> str:
        """What a text is answered from one who has asked for nothing yet."""
        return self.reply_to(unless_asked(self.request_of(text)))


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
