"""Which figures may be shown, so that none of them stands for 1 to 10 people.

A `Breakdown` counts people by where they belong: each in one cell, and in no other.
Several breakdowns of the same people (by language, by place) add up to the same number,
and that is how a small cell that is left out could be found: by subtraction.  So
what is shown is itself such a set of breakdowns, of people who may have been there, with
nobody at all in any cell that is not shown.  Shown figures may be lowered for it.

Since a day that really was so would be shown in the same way, nobody can tell, of
any cell that is not shown, that somebody was in it.  `docs/figures.md` has the proof.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

MIN_PEOPLE = 11
"""People that a figure stands for, or more."""
STEP = 20
"""What counts events, or changes while somebody looks, is shown in steps of this.  It is
known to `STEP` - 1 only, so no two of these differ by what must be 1 to 10."""


@dataclass(frozen=True, slots=True)
class Breakdown:
    """People by where they belong.  `known`: every cell that there can be, so that an
    empty one is not told from one that is too small.
    """

    cells: Mapping[str, int]
    known: Collection[str]


@dataclass(frozen=True, slots=True)
class Publishable:
    """What of a breakdown may be shown.  `others`: people in cells that are not."""

    cells: Mapping[str, int]
    others: int = 0

    @property
    def total(self) -> int:
        return sum(self.cells.values()) + self.others


def suppress(breakdowns: Sequence[Breakdown], fewest: int = MIN_PEOPLE) -> list[Publishable]:
    """What may be shown of breakdowns of the same people; each adds up to the same number."""
    each = [_large(breakdown, fewest) for breakdown in breakdowns]
    while len({one.total for one in each}) > 1:
        total = min(one.total for one in each)
        each = [_lowered(one, one.total - total, fewest) for one in each]
    return each


def at_least(people: int, fewest: int = MIN_PEOPLE) -> int:
    """A figure for people who are counted in no other."""
    return people if people >= fewest else 0


def in_steps(count: int, step: int = STEP) -> int:
    """A count of events, or of now, lowered to a whole step."""
    return count - count % step


def _large(breakdown: Breakdown, fewest: int) -> Publishable:
    """The large cells, and the people in all small ones together.

    Of those no more than the small cells could hold if any one of them were empty.
    """
    large = {cell: people for cell, people in breakdown.cells.items() if people >= fewest}
    small = len(set(breakdown.known) - set(large))
    rest = sum(breakdown.cells.values()) - sum(large.values())
    return Publishable(large, at_least(min(rest, (fewest - 1) * (small - 1)), fewest))


def _lowered(one: Publishable, by: int, fewest: int) -> Publishable:
    """The same with so many people fewer, taken from the largest figure there is."""
    if not by:
        return one
    largest = max(one.cells, key=lambda cell: (one.cells[cell], cell), default=None)
    if largest is None or one.others > one.cells[largest]:
        return Publishable(one.cells, at_least(one.others - by, fewest))
    left = at_least(one.cells[largest] - by, fewest)
    rest = {cell: people for cell, people in one.cells.items() if cell != largest}
    return Publishable({**rest, largest: left} if left else rest, one.others)


def in_steps_of_people(people: int, fewest: int = MIN_PEOPLE) -> int:
    """A count of people that grows while somebody looks; 0 below the fewest."""
    return max(fewest, in_steps(people)) if people >= fewest else 0
