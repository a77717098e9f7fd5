"""Where the bars of a chart stand.  The templates draw them; a table says the same."""

from collections.abc import Iterable
from dataclasses import dataclass

HEIGHT = 100
STRIDE = 10
GAP = 2
FAINT = 2
"""The height of a bar whose figure is not shown: it says that the day is there."""


@dataclass(frozen=True, slots=True)
class Bar:
    """`hidden`: the figure behind it is too small to be shown."""

    x: int
    y: float
    height: float
    hidden: bool


@dataclass(frozen=True, slots=True)
class ColumnChart:
    """Upright bars, in a drawing `width` wide and `HEIGHT` high that may be stretched."""

    bars: tuple[Bar, ...]
    width: int
    most: int


@dataclass(frozen=True, slots=True)
class BarRow:
    """One line of a table with a bar: `share` of the longest, 0 to 100."""

    name: str
    figure: int
    share: float


def column_chart(figures: Iterable[int]) -> ColumnChart:
    """A bar for each figure, in their order; 0 is one that is not shown."""
    figures = list(figures)
    most = max(figures, default=0)
    bars = tuple(_bar(place, figure, most) for place, figure in enumerate(figures))
    return ColumnChart(bars, max(1, len(figures)) * STRIDE, most)


def bar_rows(figures: Iterable[tuple[str, int]]) -> list[BarRow]:
    """Lines with the largest figure first."""
    ordered = sorted(figures, key=lambda each: (-each[1], each[0]))
    most = max((figure for _, figure in ordered), default=0)
    return [BarRow(name, figure, _of(figure, most)) for name, figure in ordered]


def _bar(place: int, figure: int, most: int) -> Bar:
    height = _of(figure, most) if figure else FAINT
    return Bar(place * STRIDE + GAP // 2, HEIGHT - height, height, hidden=not figure)


def _of(figure: int, most: int) -> float:
    return round(100 * figure / most, 1) if most else 0
