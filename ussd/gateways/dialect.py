"""What we ask of a gateway's way of dialled sessions."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from runtime.callbacks import Callback
from runtime.settings import KomekSettings
from ussd.answers import Answers
from ussd.engine import Screen
from ussd.hop import Hop
from ussd.paging import Budget

ALLOWED = Budget(182, 80)
"""What the standard allows a screen to hold."""


@dataclass(frozen=True, slots=True)
class UssdHandlers:
    """What is done with what a gateway posts.  `emergency`: the words for when anything
    breaks.  `end`: the session and how it ended, in a few fixed words; False where that is
    not stored.

    For a gateway that sends only the last answer, `answers` keeps those before, and `dialled`
    finds the ones that were dialled together with the code.
    """

    answer: Callable[[Hop], Awaitable[Screen]]
    emergency: Callable[[], str]
    end: Callable[[str, str], Awaitable[bool]]
    answers: Answers
    dialled: Callable[[str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class UssdDialect:
    """A gateway's way of dialled sessions: all that others know of its file.

    `callbacks`: what makes the endpoint of each of its callbacks, of the secret and the
    handlers, by the end of the address, such as `ussd`.  `first_hop`: the form that it posts
    there when the code is dialled, to be tried by hand.  `settings`: those that it has for
    itself.  `holds`: the most that it carries in one screen.
    """

    callbacks: Mapping[str, Callable[[str, UssdHandlers], Callback]]
    first_hop: str = ""
    settings: type[KomekSettings] = KomekSettings
    holds: Budget = ALLOWED
