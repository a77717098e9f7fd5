"""`/operator/figures`: what can be said in numbers, and the same as a sheet."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from fastapi import APIRouter, Request
from fastapi.responses import Response

from menus.live import LiveMenu
from menus.model import Menu
from runtime.clock import utc_now
from runtime.redis_client import REDIS_ERRORS
from sms.outbox import Caps, Kind
from web.figures.charts import columns, rows
from web.figures.csv_export import sheet
from web.figures.daily import OTHERS, SIZES, STATES, STOPPED_AT_START, Published, added, people
from web.figures.store import Day, Figures
from web.pages import Pages, language_of, words_of

RANGES = (7, 30, 90, 365)
DEFAULT_RANGE = 30
CAPS = Caps()


@dataclass(frozen=True, slots=True)
class Price:
    """Of one segment, as the operator wrote it: an amount and its currency."""

    amount: Decimal
    currency: str

    @classmethod
    def of(cls, written: str | None) -> "Price | None":
        """Of `12.5 KZT`."""
        if not written:
            return None
        amount, currency = written.split()
        return cls(Decimal(amount), currency)

    def times(self, segments: int) -> str:
        return f"{self.amount * segments:,.2f} {self.currency}"


@dataclass(frozen=True, slots=True)
class Spent:
    """SMS of a day against the caps; all of them at least so many."""

    day: Day
    replies: int
    replies_share: float
    series: int
    series_share: float
    segments: int
    price: str


def figures_pages(
    pages: Pages,
    figures: Figures,
    menu: LiveMenu,
    price: Price | None,
    now: Callable[[], datetime] = utc_now,
) -> APIRouter:
    """The page, and the sheet."""
    routes = APIRouter(prefix="/operator")

    @routes.get("/figures")
    async def page(request: Request, days: str = "") -> Response:
        try:
            shown = await figures.days(range_of(days), now())
            words, queues = await figures.words(now()), await figures.queues()
        except REDIS_ERRORS:
            return pages.show(request, "figures/page", 503, figures=None)
        view = seen(shown, menu.current, language_of(request), price)
        return pages.show(
            request,
            "figures/page",
            figures=view,
            range=range_of(days),
            unknown_words=words,
            queues=queues,
        )

    @routes.get("/figures.csv")
    async def as_sheet(days: str = "") -> Response:
        count = range_of(days)
        try:
            text = sheet(await figures.days(count, now()), await figures.words(now()))
        except REDIS_ERRORS:
            return Response("Redis does not answer", 503)
        as_file = {"Content-Disposition": f'attachment; filename="komek-{count}-days.csv"'}
        return Response(text, media_type="text/csv; charset=utf-8", headers=as_file)

    return routes


def range_of(days: str) -> int:
    """How many days are asked for: one of the ranges on offer."""
    return next((each for each in RANGES if str(each) == days), DEFAULT_RANGE)


def seen(days: list[Day], menu: Menu, language: str, price: Price | None) -> Mapping[str, object]:
    """What the template shows of these days, newest first."""
    total = added(day.all for day in days)
    spent = [spent_on(day, price) for day in days]
    return {
        "ranges": RANGES,
        "days": days,
        "total": total,
        "callers": columns(people(day.all, "callers") for day in reversed(days)),
        "segments": columns(each.segments for each in reversed(spent)),
        "languages": rows(_named_languages(total, menu, language)),
        "places": rows(_named_places(total, menu, language)),
        "troubles": rows(_named_troubles(total, language)),
        "kinds": list(Kind),
        "states": STATES,
        "sizes": SIZES,
        "spent": spent,
        "spent_in_all": _in_all(spent, price),
        "caps": CAPS,
        "others": OTHERS,
    }


def spent_on(day: Day, price: Price | None) -> Spent:
    """What a day's SMS were, against the caps."""
    sent = {kind: day.all.get(f"{kind} sent", {}) for kind in Kind}
    replies = sum(sent[kind].get("messages", 0) for kind in (Kind.REPLY, Kind.EMERGENCY))
    series = sent[Kind.SERIES].get("messages", 0)
    segments = sum(each.get("segments", 0) for each in sent.values())
    return Spent(
        day,
        replies,
        _share(replies, CAPS.replies_a_day),
        series,
        _share(series, CAPS.series_a_day),
        segments,
        price.times(segments) if price and segments else "",
    )


def _in_all(spent: Iterable[Spent], price: Price | None) -> str:
    return price.times(sum(each.segments for each in spent)) if price else ""


def _share(count: int, cap: int) -> float:
    return round(100 * count / cap, 1)


def _named_languages(total: Published, menu: Menu, language: str) -> Iterable[tuple[str, int]]:
    for code, number in total.get("language", {}).items():
        yield (
            _named(menu.languages[code].name if code in menu.languages else code, language),
            number,
        )


def _named_places(total: Published, menu: Menu, language: str) -> Iterable[tuple[str, int]]:
    """Places by their labels in the reader's language, where the menu has it."""
    words = menu.languages[language].words if language in menu.languages else {}
    if start := total.get("callers", {}).get(STOPPED_AT_START):
        yield words_of("figures/page", language)["at_start"], start
    for node, number in total.get("place", {}).items():
        label = words[node].label if node in words else ""
        yield _named(f"{label} ({node})" if label else node, language), number


def _named_troubles(total: Published, language: str) -> Iterable[tuple[str, int]]:
    words = words_of("figures/page", language)
    for what, number in total.get("trouble", {}).items():
        yield words[f"trouble_{what.replace(' ', '_').lower()}"], number


def _named(cell: str, language: str) -> str:
    return words_of("figures/page", language)["others"] if cell == OTHERS else cell
