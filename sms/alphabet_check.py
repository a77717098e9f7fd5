"""Words that would cost more on the air than their writer meant.

One curly quote or long dash turns a Latin text from GSM-7 (160 to a segment)
into UCS-2 (70).  Nobody sees the difference; everybody pays for it.
"""

from collections.abc import Iterator

from menus.alphabet import is_cyrillic
from menus.draft import Draft
from menus.faults import Fault
from menus.model import Menu
from menus.source import Steps, screen_of
from sms.encoding import SEPTETS

MOST_NAMED = 5
_ALWAYS_LATIN = ("start", "name")


def latin_stays_gsm7(draft: Draft, _menu: Menu) -> Iterator[Fault]:
    """Screen 0 and every text without Cyrillic letters consist of GSM-7 alone."""
    for part, steps, text in draft.texts():
        latin = _must_be_latin(steps) or not any(map(is_cyrillic, text))
        outside = [char for char in dict.fromkeys(text) if char not in SEPTETS]
        if latin and outside:
            named = ", ".join(f"'{char}' (U+{ord(char):04X})" for char in outside[:MOST_NAMED])
            what = f"not in the GSM-7 alphabet: {named}; {_why(steps)}"
            yield Fault(part.source.word(outside[0], *steps), screen_of(steps), what)


def _must_be_latin(steps: Steps) -> bool:
    return steps[0] in _ALWAYS_LATIN


def _why(steps: Steps) -> str:
    if _must_be_latin(steps):
        return "screen 0 must be readable on every phone; use another character"
    return "it would halve the room of the whole text; use another character"
