"""SMS put together: what sends, what answers, and what runs by the clock."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial

from redis.asyncio import Redis

from menus.contacts import Rule, sendable
from menus.live import AT_HAND, LiveMenu
from menus.model import Menu
from runtime.append_only_file import rewrite_daily
from runtime.clock import utc_now, utc_today
from runtime.data_keys import keys_of
from runtime.encryption import Seal
from runtime.redis_client import connect
from runtime.settings import Settings
from runtime.tasks import keep_running
from sms.consent import ConsentHandler
from sms.content import Content
from sms.country_requests import CountryRequests
from sms.embassy_reply import CountryDirectory
from sms.gateways import Gateway, Simulator, SmsDialect, SmsHandlers
from sms.outbox import Caps, Outbox, run_worker
from sms.series import STOPPED, Calendar, Run, Subscriptions, run_due, run_on_schedule
from sms.text_handler import TextHandler
from sms.understanding import countries_of
from sms.unknown_words import UnknownWords

OUTBOX_SECONDS = 5.0
"""The most that a call to Redis for the outbox takes."""


@dataclass(frozen=True, slots=True)
class SmsService:
    """What SMS needs, put together.  `gateways`: by their names, the first one first."""

    redis: Redis
    menu: LiveMenu
    gateways: Mapping[str, Gateway]
    outbox: Outbox
    subscriptions: Subscriptions
    calendar: Calendar
    text_handler: TextHandler
    consents: ConsentHandler
    unknown_words: UnknownWords
    country_requests: CountryRequests

    async def run_due(self) -> Run:
        return await run_due(
            self.subscriptions, self.outbox, self.menu.current, self.calendar, utc_now
        )

    async def work(self, stop: asyncio.Event) -> None:
        """Send, and queue what is due, until stopped; a mistake of ours does not end it."""
        await asyncio.gather(
            keep_running(
                "sms: the worker",
                lambda: run_worker(self.outbox, self.gateways, stop),
                stop,
            ),
            keep_running("sms: the series", lambda: run_on_schedule(self.run_due, stop), stop),
            keep_running("append-only file", lambda: rewrite_daily(self.redis, stop), stop),
        )

    def handlers(self, gateway: str) -> SmsHandlers:
        """What is done with what this gateway posts."""
        return SmsHandlers(
            take_text=partial(self.text_handler.handle, gateway=gateway),
            take_report=lambda report: self.outbox.report(report, gateway, utc_now()),
            take_opt_out=self.text_handler.stop,
        )

    @property
    def simulator(self) -> Simulator | None:
        """The gateway from which nothing leaves the machine, if it is set up."""
        return next((each for each in self.gateways.values() if isinstance(each, Simulator)), None)


def build_sms(settings: Settings, menu: LiveMenu, dialects: Mapping[str, SmsDialect]) -> SmsService:
    """SMS, by complete settings.  `dialects`: of the gateways that are set up."""
    redis, seal = connect(settings.redis_url or "", OUTBOX_SECONDS), Seal(keys_of(settings))
    calendar = Calendar(
        settings.zone, weekends=settings.series_weekends, every_days=settings.series_every_days
    )
    replicas = settings.redis_replicas
    outbox = Outbox(redis, seal, caps_of(settings), settings.prefixes, replicas, unwanted=STOPPED)
    subscriptions = Subscriptions(redis, seal, calendar, replicas)
    unknown_words, country_requests = UnknownWords(redis, seal), CountryRequests(redis, seal)
    return SmsService(
        redis=redis,
        menu=menu,
        gateways={name: each.connect(settings, redis, seal) for name, each in dialects.items()},
        outbox=outbox,
        subscriptions=subscriptions,
        calendar=calendar,
        text_handler=TextHandler(
            content=lambda: content_of(settings, menu.current),
            outbox=outbox,
            subscriptions=subscriptions,
            unknown_words=unknown_words,
            country_requests=country_requests,
        ),
        consents=ConsentHandler(outbox, subscriptions),
        unknown_words=unknown_words,
        country_requests=country_requests,
    )


def caps_of(settings: Settings) -> Caps:
    """How much may be queued, by the settings."""
    return Caps(
        replies_a_number=settings.replies_a_number,
        replies_a_minute=settings.replies_a_minute,
        replies_a_day=settings.replies_a_day,
        series_a_day=settings.series_a_day,
    )


def content_of(settings: Settings, menu: Menu) -> Content:
    """How texts are understood and answered by this menu."""
    return Content(menu, partial(directory_of, settings, menu))


def directory_of(settings: Settings, menu: Menu) -> CountryDirectory:
    """What answers by this menu look up today."""
    return _directory(menu, Rule.of(settings), utc_today())


@lru_cache(maxsize=AT_HAND)
def _directory(menu: Menu, rule: Rule, today: date) -> CountryDirectory:
    return CountryDirectory(countries_of(menu), sendable(menu.contacts, today, rule))
