"""Words that would cost more on the air than their writer meant.

One curly quote or long dash turns a Latin text from GSM-7 (160 to a segment)
into UCS-2 (70).  Nobody sees the difference; everybody pays for it.
"""

import unicodedata
from collections.abc import Iterator
from typing import Any

from menus.alphabet import is_cyrillic
from menus.at_hand import at_hand
from menus.faults import Fault
from menus.file_models import LatinLetters
from menus.loading import ParsedFile, ParsedFolder, latin_code, letters_of, speller
from menus.model import Menu
from menus.parsing import FILES_AT_HAND, screen_of
from sms.encoding import SEPTETS, is_gsm7

MOST_NAMED = 5
LATIN_SHARE = 0.95
"""A file is in GSM-7 when so much of its text is: the rest is a slip or a quotation.
A file in another alphabet, or in Turkish, with a foreign letter in every other word,
is sent as UCS-2 anyway, and its letters cost nothing more.
"""


def latin_stays_gsm7(parsed: ParsedFolder, _menu: Menu) -> Iterator[Fault]:
    """Screen 0, and the languages written in GSM-7, consist of GSM-7 alone."""
    for part in parsed.worded():
        yield from _outside_gsm7(part)


@at_hand(FILES_AT_HAND)
def _outside_gsm7(part: ParsedFile[Any]) -> tuple[Fault, ...]:
    return tuple(_too_dear(part, in_gsm7=_in_gsm7(part)))


def _too_dear(part: ParsedFile[Any], *, in_gsm7: bool) -> Iterator[Fault]:
    for steps, text in part.texts:
        on_screen_0 = steps[0] in ("start", "name")
        if is_gsm7(text) or not (on_screen_0 or in_gsm7):
            continue
        outside = [char for char in dict.fromkeys(text) if char not in SEPTETS]
        named = ", ".join(f"'{char}' (U+{ord(char):04X})" for char in outside[:MOST_NAMED])
        what = f"not in the GSM-7 alphabet: {named}; {_why(on_screen_0)}"
        yield Fault(part.source.word(outside[0], *steps), screen_of(steps), what)


def spelt_in_gsm7(parsed: ParsedFolder, menu: Menu) -> Iterator[Fault]:
    """What is read in Latin letters consists of GSM-7 alone: each letter has its row in the
    table, and no other character halves the room.
    """
    for code, letters in letters_of(parsed):
        yield from _misspellings(code, parsed.languages[code], letters)
        for name in menu.names.names.get(latin_code(code), {}).values():
            for char in filter(is_cyrillic, name):
                what = f"{_misspelt(char, code)}: a country is called '{name}'"
                yield Fault(parsed.latin.source.key(code, "letters"), code, what)


@at_hand(FILES_AT_HAND)
def _misspellings(code: str, part: ParsedFile[Any], letters: LatinLetters) -> tuple[Fault, ...]:
    spell = speller(letters)
    return tuple(
        Fault(part.source.word(char, *steps), screen_of(steps), _misspelt(char, code))
        for steps, text in part.texts
        for char in _outside(spell(text))
    )


def _outside(latin: str) -> list[str]:
    """What is not in GSM-7; what nobody sees, and letters in two pieces, other checks name."""
    if is_gsm7(latin):
        return []
    outside = (char for char in dict.fromkeys(latin) if char not in SEPTETS)
    return [char for char in outside if unicodedata.category(char)[0] not in "CZM"]


def _misspelt(char: str, code: str) -> str:
    if is_cyrillic(char):
        return f"'{char.lower()}' has no row under letters of '{code}' in latin.yaml: add it"
    named = f"'{char}' (U+{ord(char):04X})"
    return f"{named} would halve the room in Latin letters: use another character"


def _in_gsm7(part: ParsedFile[Any]) -> bool:
    letters = "".join(text for _, text in part.texts)
    outside = sum(map(letters.count, set(letters) - SEPTETS.keys()))
    return len(letters) - outside >= LATIN_SHARE * len(letters)


def _why(on_screen_0: bool) -> str:
    if on_screen_0:
        return "screen 0 must be readable on every phone; use another character"
    return "it would halve the room of the whole text; use another character"
