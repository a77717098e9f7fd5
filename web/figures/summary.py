"""What the page tells of some days: their sum, charts, and lists with names to read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from menus.model import Menu
from web.figures.charts import BarRow, ColumnChart, bar_rows, column_chart
from web.figures.daily import OTHERS, STOPPED_AT_START, Figures, people, sum_of
from web.figures.spending import Costs, Spending, price_of_all, spending_on
from web.figures.store import Day
from web.pages import words_of


@dataclass(frozen=True, slots=True)
class Summary:
    """`days` and `spending`: newest first; the charts: oldest first."""

    days: Sequence[Day]
    total: Figures
    callers: ColumnChart
    segments: ColumnChart
    languages: Sequence[BarRow]
    places: Sequence[BarRow]
    gateway_errors: Sequence[BarRow]
    spending: Sequence[Spending]
    price_of_all: str

    @property
    def newest(self) -> date:
        return self.days[0].day

    @property
    def oldest(self) -> date:
        return self.days[-1].day

    @property
    def over_cap(self) -> int:
        """People whose message was over a cap, in steps."""
        return people(self.total, "over a cap")


def summary_of(days: Sequence[Day], menu: Menu, language: str, costs: Costs) -> Summary:
    """Of these days, newest first, in a language of the pages."""
    total = sum_of(day.all for day in days)
    spending = [spending_on(day, costs) for day in days]
    return Summary(
        days=days,
        total=total,
        callers=column_chart(people(day.all, "callers") for day in reversed(days)),
        segments=column_chart(each.segments for each in reversed(spending)),
        languages=bar_rows(_languages(total, menu, language)),
        places=bar_rows(_places(total, menu, language)),
        gateway_errors=bar_rows(_gateway_errors(total, language)),
        spending=spending,
        price_of_all=price_of_all(spending, costs.price),
    )


def _languages(total: Figures, menu: Menu, language: str) -> Iterable[tuple[str, int]]:
    for code, number in total.get("language", {}).items():
        name = menu.language(code).own_name if code in menu.all_languages else code
        yield _cell(name, language), number


def _places(total: Figures, menu: Menu, language: str) -> Iterable[tuple[str, int]]:
    """Places by their labels in the language of the page, where the menu has it."""
    words = menu.languages[language].words if language in menu.languages else {}
    if start := total.get("callers", {}).get(STOPPED_AT_START):
        yield words_of("figures/page", language)["at_start"], start
    for node, number in total.get("place", {}).items():
        label = words[node].label if node in words else ""
        yield _cell(f"{label} ({node})" if label else node, language), number


def _gateway_errors(total: Figures, language: str) -> Iterable[tuple[str, int]]:
    words = words_of("figures/page", language)
    for what, number in total.get("trouble", {}).items():
        yield words[f"trouble_{what.replace(' ', '_').lower()}"], number


def _cell(name: str, language: str) -> str:
    return words_of("figures/page", language)["others"] if name == OTHERS else name
