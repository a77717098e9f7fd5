"""SMS put together: what sends, what answers, and what runs by the clock."""

import asyncio
import logging
from dataclasses import dataclass
from functools import partial

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from menus.contacts import only_sendable
from menus.live import LiveMenu
from menus.model import Menu
from sms import sender
from sms.answering import Answering, Strangers
from sms.calendar import Calendar
from sms.callback import without_content
from sms.countries import countries_of
from sms.digest_run import Run, run_due, run_on_schedule
from sms.gateway import DeliveryReport, Gateway
from sms.granting import Granting
from sms.outbox import Outbox
from sms.replies import Library
from sms.sealing import Seal
from sms.sender import utc_now
from sms.series import Subscriptions
from sms.settings import Settings, data_key_of
from sms.simulator import Simulator
from sms.unknown_words import UnknownWords

AGAIN_SECONDS = 1.0
OUTBOX_SECONDS = 5.0
"""The most that a call to Redis for the outbox takes."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Texting:
    """What SMS needs, put together."""

    redis: Redis
    menu: LiveMenu
    gateway: Gateway
    outbox: Outbox
    subscriptions: Subscriptions
    calendar: Calendar
    answering: Answering
    granting: Granting
    unknown_words: UnknownWords

    async def run_due(self) -> Run:
        return await run_due(
            self.subscriptions, self.outbox, self.menu.current, self.calendar, utc_now
        )

    async def work(self, stop: asyncio.Event) -> None:
        """Send, and queue what is due, until stopped; a mistake of ours does not end it."""
        while not stop.is_set():
            try:
                await self._work(stop)
            except Exception as error:
                log.error("sms: the worker failed (%s); it starts again", _first_cause(error))
                await asyncio.sleep(AGAIN_SECONDS)

    async def _work(self, stop: asyncio.Event) -> None:
        wanted = self.subscriptions.still_wanted
        async with asyncio.TaskGroup() as group:
            group.create_task(sender.run(self.outbox, self.gateway, stop, still_wanted=wanted))
            group.create_task(run_on_schedule(self.run_due, stop))

    async def take_report(self, report: DeliveryReport) -> None:
        await self.outbox.report(report, utc_now())


def _first_cause(error: BaseException) -> str:
    """The kind and place of what went wrong, below the group that tells of it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return without_content(error)


def texting(settings: Settings, menu: LiveMenu) -> Texting:
    """SMS, by complete settings."""
    redis, seal = connect_patiently(settings.redis_url or ""), Seal(data_key_of(settings))
    calendar = Calendar(
        settings.zone, weekends=settings.series_weekends, every_days=settings.series_every_days
    )
    outbox = Outbox(redis, seal, prefixes=settings.prefixes)
    subscriptions = Subscriptions(redis, seal, calendar)
    unknown_words = UnknownWords(redis, seal)
    answering = Answering(
        menu,
        partial(library_of, settings),
        outbox,
        subscriptions,
        Strangers(redis, seal),
        unknown_words,
    )
    gateway = gateway_of(settings, redis, seal)
    granting = Granting(outbox, subscriptions)
    return Texting(
        redis,
        menu,
        gateway,
        outbox,
        subscriptions,
        calendar,
        answering,
        granting,
        unknown_words,
    )


def gateway_of(settings: Settings, redis: Redis, seal: Seal) -> Gateway:
    """A new gateway is one line here."""
    if settings.gateway == "simulator" or settings.at_api_key is None:
        return Simulator(redis, seal)
    from sms.africastalking_calls import AfricasTalkingGateway  # noqa: PLC0415 (it says why)

    return AfricasTalkingGateway(
        settings.at_username,
        settings.at_api_key.get_secret_value(),
        settings.at_url,
        settings.sender_id,
    )


def library_of(settings: Settings, menu: Menu) -> Library:
    """What answers by this menu look up today."""
    contacts = only_sendable(menu.contacts, utc_now().date(), settings.contacts_oldest_days)
    return Library(countries_of(menu), contacts)


def connect_patiently(url: str) -> Redis:
    """A client for what must be written.  It never asks twice by itself: that would be
    a second message.
    """
    return Redis.from_url(
        url,
        socket_timeout=OUTBOX_SECONDS,
        socket_connect_timeout=OUTBOX_SECONDS,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )
