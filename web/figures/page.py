"""`/operator/figures`: what can be said in numbers, and the same as CSV."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import Response

from menus.live import LiveMenu
from runtime.clock import utc_now
from runtime.redis_client import REDIS_ERRORS
from sms.outbox import Caps, MessageKind, Queue
from sms.unknown_words import UnknownWord
from web.figures.csv_export import csv_of
from web.figures.daily import OTHERS, SIZES, STATES
from web.figures.spending import Costs
from web.figures.store import FigureStore
from web.figures.summary import Summary, summary_of
from web.pages import Context, Pages, language_of

RANGES = (7, 30, 90, 365)
DEFAULT_RANGE = 30


@dataclass(frozen=True, slots=True)
class FiguresContext(Context):
    """`days`: how many of them; `summary`: None while Redis does not answer."""

    template: ClassVar[str] = "figures/page"
    days: int
    summary: Summary | None = None
    unknown_words: Sequence[UnknownWord] = ()
    queues: Mapping[Queue, int] | None = None
    ranges: Sequence[int] = RANGES
    kinds: Sequence[MessageKind] = tuple(MessageKind)
    states: Sequence[str] = STATES
    sizes: Sequence[str] = SIZES
    others: str = OTHERS
    caps: Caps = field(default_factory=Caps)


def figures_pages(
    pages: Pages,
    store: FigureStore,
    menu: LiveMenu,
    costs: Costs,
    now: Callable[[], datetime] = utc_now,
) -> APIRouter:
    """The page, and the CSV."""
    routes = APIRouter(prefix="/operator")

    @routes.get("/figures")
    async def page(request: Request, days: str = "") -> Response:
        count = range_of(days)
        try:
            found, words = await store.days(count, now()), await store.unknown_words(now())
            queues = await store.queues()
        except REDIS_ERRORS:
            return pages.show(request, FiguresContext(count), 503)
        summary = summary_of(found, menu.current, language_of(request), costs)
        return pages.show(request, FiguresContext(count, summary, words, queues, caps=costs.caps))

    @routes.get("/figures.csv")
    async def export(days: str = "") -> Response:
        count = range_of(days)
        try:
            text = csv_of(await store.days(count, now()), await store.unknown_words(now()))
        except REDIS_ERRORS:
            return Response("Redis does not answer", 503)
        as_file = {"Content-Disposition": f'attachment; filename="komek-{count}-days.csv"'}
        return Response(text, media_type="text/csv; charset=utf-8", headers=as_file)

    return routes


def range_of(days: str) -> int:
    """How many days are asked for: one of the ranges on offer."""
    return next((each for each in RANGES if str(each) == days), DEFAULT_RANGE)
