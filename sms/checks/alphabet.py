"""Words that would cost more on the air than their writer meant.

One curly quote or long dash turns a Latin text from GSM-7 (160 to a segment)
into UCS-2 (70).  Nobody sees the difference; everybody pays for it.
"""

from collections.abc import Iterator
from typing import Any

from menus.faults import Fault
from menus.loading import Draft, Part
from menus.model import Menu
from menus.parsing import screen_of
from sms.encoding import SEPTETS, is_gsm7

MOST_NAMED = 5
LATIN_SHARE = 0.95
"""A file is in GSM-7 when so much of its text is: the rest is a slip or a quotation.
A file in another alphabet, or in Turkish, with a foreign letter in every other word,
is sent as UCS-2 anyway, and its letters cost nothing more.
"""


def latin_stays_gsm7(draft: Draft, _menu: Menu) -> Iterator[Fault]:
    """Screen 0, and the languages written in GSM-7, consist of GSM-7 alone."""
    gsm7_files = {part.source.file for part in draft.parts() if _in_gsm7(part)}
    for part, steps, text in draft.texts():
        on_screen_0 = steps[0] in ("start", "name")
        if is_gsm7(text) or not (on_screen_0 or part.source.file in gsm7_files):
            continue
        outside = [char for char in dict.fromkeys(text) if char not in SEPTETS]
        named = ", ".join(f"'{char}' (U+{ord(char):04X})" for char in outside[:MOST_NAMED])
        what = f"not in the GSM-7 alphabet: {named}; {_why(on_screen_0)}"
        yield Fault(part.source.word(outside[0], *steps), screen_of(steps), what)


def _in_gsm7(part: Part[Any]) -> bool:
    letters = "".join(text for _, text in part.texts)
    return sum(map(SEPTETS.__contains__, letters)) >= LATIN_SHARE * len(letters)


def _why(on_screen_0: bool) -> str:
    if on_screen_0:
        return "screen 0 must be readable on every phone; use another character"
    return "it would halve the room of the whole text; use another character"
