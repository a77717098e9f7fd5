"""Cutting a text into screens that fit, without losing a letter.

A USSD string is at most 160 octets and has no segments, so what does not fit
is cut by us.  A page ends, in this order of liking, at a blank line (which
always ends it), at the end of a line, of a sentence, of a word; a word, a phone
number or a pair is cut only when it alone is larger than a page.

The pages of a text are slices of it: joined, they are the text.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from sms.encoding import Encoding, measure

_LONGEST = 200
"""Characters.  No page is longer, so no word is looked at further than this."""

# A word is what stands between spaces.  A phone number (E.164: at most 15 digits)
# is one word with the spaces inside it.
_PHONE = rf"[^\s\d+]{{0,{_LONGEST}}}\+?\d(?:[ ()\-]{{0,2}}\d){{2,14}}(?!\d)\S{{0,{_LONGEST}}}"
_WORD = re.compile(rf"\s*(?:{_PHONE}|\S{{1,{_LONGEST}}})(\s*)")
_SPACES = re.compile(r"\s*")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_SENTENCE_ENDS = (".", "?", "!", ":", ";")


@dataclass(frozen=True, slots=True)
class Budget:
    """What one screen may hold, by the encoding that it needs.

    160 septets and 70 UTF-16 units hold on every network known to us.  The
    standard allows 182 and 80 (3GPP TS 23.038, section 6.1.2.3); real networks
    take less, and cut the rest off.
    """

    septets: int = 160
    units: int = 70

    def __post_init__(self) -> None:
        if max(self.septets, self.units) > _LONGEST:
            raise ValueError(f"a screen holds at most {_LONGEST} units")

    def holds(self, text: str) -> bool:
        size = measure(text)
        return size.units <= self._of(size.encoding)

    def of(self, text: str) -> int:
        """The budget that applies to this text, in units of its encoding."""
        return self._of(measure(text).encoding)

    def _of(self, encoding: Encoding) -> int:
        return self.septets if encoding is Encoding.GSM_7 else self.units


@dataclass(frozen=True, slots=True)
class Frame:
    """The lines around the text of a page.

    `above`: over it.  `offer`: under the text of the first page.  `keys`, `keys_if_more`:
    the last line of a screen, of the last page and of those before it.  Each has several
    lengths, the shortest first: a page ends where the shortest leaves it room, and then
    shows the longest that still fits.
    """

    above: str = ""
    offer: str = ""
    keys: Sequence[str] = ("",)
    keys_if_more: Sequence[str] = ("",)

    def around(self, text: str, *, first: bool = False, more: bool = False) -> str:
        """The screen with the shortest keys."""
        keys = self.keys_if_more if more else self.keys
        return self._joined(text, first, keys[0])

    def fullest(self, text: str, budget: Budget, *, first: bool, more: bool) -> str:
        """The screen with the longest keys that fit."""
        keys = self.keys_if_more if more else self.keys
        screens = (self._joined(text, first, each) for each in reversed(keys))
        return next(filter(budget.holds, screens), self.around(text, first=first, more=more))

    def _joined(self, text: str, first: bool, keys: str) -> str:
        offer = self.offer if first else ""
        return "\n".join(part for part in (self.above, text.strip(), offer, keys) if part)


@dataclass(frozen=True, slots=True)
class Page:
    """One screenful: the slice `start:end` of a text, and how it is shown."""

    start: int
    end: int
    more: bool
    shown: str


class NoRoom(ValueError):
    """The frame leaves no room for a single character of the text."""


def page_at(text: str, start: int, frame: Frame, budget: Budget) -> Page:
    """The page of `text` that begins at `start`.  Raises `NoRoom`.

    Takes time in proportion to the page, not to the text.
    """
    ends, first = list(_word_ends(text, start, budget)), start == 0

    def fits(end: int, *, more: bool = True) -> bool:
        return budget.holds(frame.around(text[start:end], first=first, more=more))

    if (not ends or ends[-1] == len(text)) and fits(len(text), more=False):
        return _page(text, start, len(text), frame, budget)
    ends = [end for end in ends if end < len(text)]
    fitting = ends[: bisect_left(ends, True, key=lambda end: not fits(end))]
    end = _best_end(text, start, fitting) if fitting else _end_inside_word(text, start, fits)
    return _page(text, start, end, frame, budget)


def _page(text: str, start: int, end: int, frame: Frame, budget: Budget) -> Page:
    more = end < len(text)
    shown = frame.fullest(text[start:end], budget, first=start == 0, more=more)
    return Page(start, end, more, shown)


def pages(text: str, frame: Frame, budget: Budget) -> Iterator[Page]:
    """All pages of a text, in order; one, when the text is empty."""
    page = page_at(text, 0, frame, budget)
    yield page
    while page.more:
        page = page_at(text, page.end, frame, budget)
        yield page


def _word_ends(text: str, start: int, budget: Budget) -> Iterator[int]:
    """Where a page could end: after each word and the spaces behind it, as far as
    a page can reach, and no further than a blank line.
    """
    at, reach = start, start + max(budget.septets, budget.units)
    while at <= reach and (word := _WORD.match(text, at)):
        at = word.end()
        yield at
        if _BLANK_LINE.search(word[1]):
            return


def _best_end(text: str, start: int, fitting: list[int]) -> int:
    """The last blank line, else the last line end, else the last sentence end in
    the second half of the page, else the last word end.  A line that ends in a colon
    stays with the next one, and one in brackets with the one before it, where another line
    stands before both.
    """
    words = {end: text[start:end].rstrip() for end in fitting}
    lines = [end for end in fitting if "\n" in text[start + len(words[end]) : end]]
    if lines:
        blank = _BLANK_LINE.match(text, start + len(words[lines[-1]]))
        whole = [end for end in lines if blank or not _parts(words[end], text[end])]
        return (whole or lines)[-1]
    sentences = [end for end in fitting if words[end].endswith(_SENTENCE_ENDS)]
    halfway = (start + fitting[-1]) // 2
    return sentences[-1] if sentences and sentences[-1] > halfway else fitting[-1]


def _parts(before: str, behind: str) -> bool:
    """Whether a page that ends here parts a line from what is said of it."""
    return before.endswith(":") or behind == "("


def _end_inside_word(text: str, start: int, fits: Callable[[int], bool]) -> int:
    """As much of a word as fits, not parting a letter from its accents."""
    spaces = _SPACES.match(text, start)
    first = (spaces.end() if spaces else start) + 1
    ends = range(first, min(first + _LONGEST, len(text)))
    end = first - 1 + bisect_left(ends, True, key=lambda end: not fits(end))
    if end < first:
        raise NoRoom("a screen has no room for its text: shorten the lines around it")
    accents = takewhile(lambda at: unicodedata.combining(text[at]), range(end, first, -1))
    whole = end - sum(1 for _ in accents)
    return whole if whole > first else end
