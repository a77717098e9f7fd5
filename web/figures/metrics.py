"""`/metrics`: the state of the service in Prometheus' format.

Anybody who reaches the address may read it, as often as they like.  So nothing in it
moves when one person dials or texts: what people did is told of a finished day, or in
steps; labels are a few fixed words.  The processor time, memory and connections of the
process are left out: these do move with a single caller, and any of several processes
may answer.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from redis.asyncio import Redis

from menus.live import LiveMenu
from runtime.clock import utc_now
from runtime.load_shedding import Shed, read_shed
from runtime.redis_client import REDIS_ERRORS
from runtime.redis_status import refusal_of
from sms.gateways import GatewayError
from sms.outbox import SETTLED_DAYS, MessageKind, Queue, read_counts, read_outbox_status
from web.figures.daily import Figures, gateway_errors, people
from web.figures.store import Day, FigureStore

ANSWER_SECONDS = 1.0
"""The most that all questions to Redis take together."""


@dataclass(frozen=True, slots=True)
class RedisMetrics:
    """What Redis tells; the empty one when it does not answer."""

    redis: bool = False
    queues: Mapping[Queue, int] = field(default_factory=dict)
    worker_alive: bool = False
    caps_met: Mapping[str, bool] = field(default_factory=dict)
    gateway_errors: Mapping[str, int] = field(default_factory=dict)
    shed: Mapping[Shed, int] = field(default_factory=dict)
    dialled: tuple[date, Figures] | None = None
    texted: tuple[date, Figures] | None = None


def metrics_page(redis: Redis, menu: LiveMenu, store: FigureStore) -> APIRouter:
    """The address, without a token: see the top of this file."""
    routes = APIRouter()

    @routes.get("/metrics")
    async def metrics() -> Response:
        found = await read_metrics(redis, store, utc_now())
        text = exposition(found, menu.current.version, len(menu.refused))
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return routes


async def read_metrics(redis: Redis, store: FigureStore, now: datetime) -> RedisMetrics:
    """What Redis tells within `ANSWER_SECONDS`."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await _read(redis, store, now)
    except REDIS_ERRORS:
        return RedisMetrics()


def exposition(found: RedisMetrics, version: str, faults: int) -> bytes:
    """The page in Prometheus' format."""
    registry = CollectorRegistry()
    registry.register(_Collected([*_of_service(found, version, faults), *_of_people(found)]))
    return generate_latest(registry)


@dataclass(frozen=True, slots=True, eq=False)
class _Collected(Collector):
    families: Iterable[GaugeMetricFamily]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        return self.families


async def _read(redis: Redis, store: FigureStore, now: datetime) -> RedisMetrics:
    if await refusal_of(redis):
        return RedisMetrics()
    outbox = await read_outbox_status(redis, store.outbox)
    days = await store.days(SETTLED_DAYS + 1, now)
    return RedisMetrics(
        redis=True,
        queues=await store.queues(),
        worker_alive=outbox.worker_alive,
        caps_met=outbox.caps_met,
        gateway_errors=gateway_errors(await read_counts(redis, now)),
        shed=await read_shed(redis, now.date()),
        dialled=next(_last((day, day.dialled) for day in days), None),
        texted=next(_last((day, day.texted) for day in days), None),
    )


def _last(
    days: Iterable[tuple[Day, Figures | None]],
) -> Iterator[tuple[date, Figures]]:
    return ((day.day, published) for day, published in days if published is not None)


def _of_service(found: RedisMetrics, version: str, faults: int) -> Iterator[GaugeMetricFamily]:
    yield _gauge("komek_redis_up", "Whether Redis answers and takes changes", found.redis)
    yield _labelled("komek_menu_info", "The menu in force", "version", {version: 1})
    yield _gauge("komek_menu_faults", "Faults for which a changed menu was refused", faults)
    if found.redis:
        yield _gauge("komek_worker_up", "Whether any worker sends SMS", found.worker_alive)
        help_ = "Whether a cap of the service was met within the hour"
        caps = {cap: int(met) for cap, met in found.caps_met.items()}
        yield _labelled("komek_cap_met", help_, "cap", caps)
        help_ = "Messages that wait or are being sent, lowered to twenties"
        queues = {str(queue): count for queue, count in found.queues.items()}
        yield _labelled("komek_queue_messages", help_, "lane", queues)
        help_ = "People whose SMS met an error of the gateway today (UTC), lowered to twenties"
        met_today = {str(what): found.gateway_errors.get(what, 0) for what in GatewayError}
        yield _labelled("komek_gateway_trouble_people", help_, "trouble", met_today)
        help_ = "Requests answered with less today (UTC), since too many came at once"
        shed = {str(what): many for what, many in found.shed.items()}
        yield _labelled("komek_shed_requests", help_, "how", shed)


def _of_people(found: RedisMetrics) -> Iterator[GaugeMetricFamily]:
    """The last days that are settled; 0 stands for fewer than 11."""
    if found.dialled:
        day, figures = found.dialled
        yield _gauge("komek_dialled_day_end_seconds", "The end of the day told of", _end(day))
        yield _gauge("komek_dialled_callers", "Callers on that day", people(figures, "callers"))
        for what in ("sessions", "hops"):
            help_ = f"Dialled {what} on that day, lowered to twenties"
            yield _gauge(f"komek_dialled_{what}", help_, figures.get("dialled", {}).get(what, 0))
    if found.texted:
        day, figures = found.texted
        yield _gauge("komek_texted_day_end_seconds", "The end of the day told of", _end(day))
        sent = {str(kind): people(figures, f"{kind} state") for kind in MessageKind}
        yield _labelled("komek_texted_people", "People texted on that day", "kind", sent)


def _end(day: date) -> float:
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC).timestamp()


def _gauge(name: str, help_: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_, value=float(value))


def _labelled(name: str, help_: str, label: str, values: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_, labels=[label])
    for value, number in values.items():
        family.add_metric([value], float(number))
    return family
