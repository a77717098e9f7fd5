"""The state of the service: what needs somebody, then all of it.

Counts stand for people here, so they are shown in steps, and nobody alone moves one from 0.
"""

import asyncio
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import Response

from menus.contacts import Doubt, doubt_of, too_old
from menus.model import is_read
from runtime.clock import utc_now, utc_today
from runtime.files import mode_of
from runtime.redis_address import shown_address
from runtime.redis_client import REDIS_ERRORS
from runtime.redis_status import RedisStatus, read_redis_status
from runtime.settings import Settings
from runtime.small_counts import STEP, in_steps
from sms.bootstrap import SmsService
from sms.outbox import Queue, Worker, read_outbox_status
from sms.series import read_progress
from ussd.gateways import gateways_of
from web.health.findings import Finding
from web.health.launch import Parts, findings_of
from web.health.versions import versions
from web.pages import HERE, Context, Pages, language_of, translations, words_of
from web.recent_errors import LogLine, RecentErrors

REDIS_SECONDS = 1.5
"""For all that is asked of Redis."""
LONGEST_SERIES = timedelta(days=400)
"""Every tip that is to come is due by then."""


@dataclass(frozen=True, slots=True)
class MenuHealth:
    """The menu in force.  `refused`: faults of a newer one; `unread`, `unread_pages`: languages
    of the menu and pages like this one whose words no native speaker has read.
    """

    version: str
    refused: int
    writable: bool
    old_contacts: int
    unsure_numbers: Mapping[str, Doubt]
    unread: Sequence[str]
    unread_pages: Sequence[str]


@dataclass(frozen=True, slots=True)
class RedisAnswers:
    """What Redis tells of itself, of the outbox and of the series.  Counts are in steps."""

    status: RedisStatus
    memory: str
    waiting: Mapping[Queue, str]
    later: str
    workers: Sequence[Worker]
    due: str
    sent: str
    unknown: str
    not_sent: str
    subscribed: str


@dataclass(frozen=True, slots=True)
class HealthContext(Context):
    """`findings`: what `main.py doctor` tells; `answers`: None while Redis does not answer;
    `gateways`: their names, and the hosts that are called in the place of their own; `mode`:
    who may read the data directory, if there is one.
    """

    template: ClassVar[str] = "health/page"
    settings: Settings
    now: datetime
    findings: Sequence[Finding]
    menu: MenuHealth
    answers: RedisAnswers | None
    redis_at: str
    gateways: Mapping[str, str | None]
    series_open: bool
    series_next: datetime
    mode: str | None
    lines: Sequence[LogLine]
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Health:
    """What the page is made from."""

    settings: Settings
    sms: SmsService
    errors: RecentErrors

    async def context(self, language: str) -> HealthContext:
        """All of it, as it is now."""
        now, zone = utc_now(), self.settings.zone
        parts = Parts(self.settings, self.sms.menu, self.sms.redis, self.sms.outbox)
        answers, findings = await asyncio.gather(self._answers(), findings_of(parts))
        menu, mode = self._menu(language), mode_of(self.settings.data_dir)
        return HealthContext(
            settings=self.settings,
            now=now.astimezone(zone),
            findings=findings,
            menu=menu,
            answers=answers,
            redis_at=shown_address(self.settings.redis_url or ""),
            gateways={each.name: each.sms.address() for each in gateways_of(self.settings)},
            series_open=self.sms.calendar.allows(now),
            series_next=self.sms.calendar.first_from(now).astimezone(zone),
            mode=None if mode is None else stat.filemode(mode)[1:],
            lines=self.errors.newest_first(),
            versions=versions(),
        )

    def _menu(self, language: str) -> MenuHealth:
        live, days = self.sms.menu, self.settings.contacts_oldest_days
        languages = live.current.languages.values()
        return MenuHealth(
            version=live.current.version,
            refused=len(live.refused),
            writable=os.access(live.folder, os.W_OK),
            old_contacts=len(too_old(live.current.contacts, utc_today(), days)),
            unsure_numbers={
                f"{name} {number.number}": doubt
                for name, number in live.current.numbers.items()
                if (doubt := doubt_of(number, utc_today(), days))
            },
            unread=[each.own_name for each in languages if not is_read(each.native_reader)],
            unread_pages=unread_pages(language),
        )

    async def _answers(self) -> RedisAnswers | None:
        """None when Redis does not answer in time."""
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                return await self._ask(utc_now())
        except REDIS_ERRORS:
            return None

    async def _ask(self, now: datetime) -> RedisAnswers:
        redis, series = self.sms.redis, self.sms.subscriptions
        status = await read_redis_status(redis)
        outbox = await read_outbox_status(redis, self.sms.outbox)
        today = await read_progress(redis, series, now)
        return RedisAnswers(
            status=status,
            memory=memory(status),
            waiting={queue: roughly(count) for queue, count in outbox.waiting.items()},
            later=roughly(outbox.later),
            workers=outbox.workers,
            due=roughly(today.due),
            sent=roughly(today.sent),
            unknown=roughly(today.unknown),
            not_sent=roughly(today.not_sent),
            subscribed=roughly(await series.waiting(now + LONGEST_SERIES)),
        )


def health_words(language: str) -> Mapping[str, str]:
    """The words of the page, findings among them."""
    return words_of(HealthContext.template, language)


def health_pages(pages: Pages, health: Health) -> APIRouter:
    """`/operator/health`."""
    routes = APIRouter(prefix="/operator/health")

    @routes.get("")
    async def show(request: Request) -> Response:
        return pages.show(request, await health.context(language_of(request)))

    return routes


def roughly(count: int) -> str:
    """A count of people that gives nobody away, in the steps of the figures: whether
    there is anybody at all is not told either.
    """
    steps = in_steps(count)
    return f"≈ {steps}" if steps else f"0–{STEP - 1}"


def memory(status: RedisStatus) -> str:
    """What Redis uses, of what it may use if there is a limit; empty if it does not tell."""
    if status.used is None:
        return ""
    used, most = (f"{octets / 1024 / 1024:.1f} MB" for octets in (status.used, status.most))
    return f"{used} / {most}" if status.most else used


def unread_pages(language: str) -> list[str]:
    """The pages like this one whose words no native speaker has read, by their titles."""
    names = [f"{file.parent.name}/{file.stem}" for file in sorted(HERE.glob("*/*.yaml"))]
    unread = [name for name in names if not is_read(translations(name)["native_reader"])]
    return [words_of(name, language).get("title", name) for name in unread]
