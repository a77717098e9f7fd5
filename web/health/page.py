"""The state of the service: what needs somebody, then all of it.

Counts stand for people here, so they are shown in steps, and nobody alone moves one from 0.
"""

import asyncio
import os
import stat
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from fastapi import APIRouter, Request
from fastapi.responses import Response

from menus.contacts import doubt_of, too_old
from menus.model import is_read
from runtime.clock import utc_now, utc_today
from runtime.redis_client import REDIS_ERRORS
from runtime.redis_status import RedisStatus, read_redis_status
from runtime.settings import Settings
from runtime.suppression import STEP, in_steps
from sms.bootstrap import SmsService
from sms.outbox import OutboxState, outbox_state
from web.health.recent_errors import LastErrors
from web.health.versions import versions
from web.pages import HERE, Pages

REDIS_SECONDS = 1.5
"""For all that is asked of Redis."""
DANGERS = ("menu_refused", "numbers_unsure", "contacts_old", "unread", "data_open")
"""What needs somebody, where there is any of it; each is also a word of the page."""
LONGEST_SERIES = timedelta(days=400)
"""Every tip that is to come is due by then."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What Redis told, of itself, of the outbox and of the series."""

    redis: RedisStatus
    outbox: OutboxState
    due: int
    subscribed: int


@dataclass(frozen=True, slots=True)
class Health:
    """What the page is made from."""

    settings: Settings
    sms: SmsService
    errors: LastErrors

    async def shown(self) -> dict[str, Any]:
        """What the template `health` shows."""
        asked = await self._asked()
        parts = self._of_menu() | self._of_folder() | self._of_times() | self._of_addresses()
        return {
            **parts,
            "asked": asked,
            "dangers": [*self._of_sending(asked), *(key for key in DANGERS if parts[key])],
            "settings": self.settings,
            "lines": self.errors.newest_first(),
            "versions": versions(),
            "roughly": roughly,
            "megabytes": megabytes,
        }

    def _of_menu(self) -> dict[str, Any]:
        menu, days = self.sms.menu.current, self.settings.contacts_oldest_days
        languages = menu.languages.values()
        return {
            "menu": menu,
            "menu_refused": self.sms.menu.refused,
            "writable": os.access(self.sms.menu.folder, os.W_OK),
            "contacts_old": too_old(menu.contacts, utc_today(), days),
            "numbers_unsure": {
                f"{name} {number.number}": doubt
                for name, number in menu.numbers.items()
                if (doubt := doubt_of(number, utc_today(), days))
            },
            "unread": [each.name for each in languages if not is_read(each.native_reader)],
            "unread_pages": unread_pages(),
        }

    def _of_folder(self) -> dict[str, Any]:
        mode = mode_of(self.settings.data_dir)
        shown = None if mode is None else stat.filemode(mode)[1:]
        return {"mode": shown, "data_open": mode is not None and bool(mode & 0o007)}

    def _of_times(self) -> dict[str, Any]:
        now, calendar, zone = utc_now(), self.sms.calendar, self.settings.zone
        return {
            "now": now.astimezone(zone),
            "series_next": calendar.first_from(now).astimezone(zone),
            "series_open": calendar.allows(now),
        }

    def _of_addresses(self) -> dict[str, Any]:
        gateway = urlsplit(self.settings.at_url or "").hostname
        return {"redis_at": redis_at(self.settings.redis_url or ""), "gateway_at": gateway}

    def _of_sending(self, asked: Asked | None) -> list[str]:
        if asked is None:
            return ["redis_down"]
        alive = any(each.alive for each in asked.outbox.workers)
        return [*asked.redis.dangers, *([] if alive else ["no_worker"])]

    async def _asked(self) -> Asked | None:
        """None when Redis does not answer in time."""
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                return await self._ask(utc_now())
        except REDIS_ERRORS:
            return None

    async def _ask(self, now: datetime) -> Asked:
        redis, series = self.sms.redis, self.sms.subscriptions
        return Asked(
            redis=await read_redis_status(redis),
            outbox=await outbox_state(redis, self.sms.outbox),
            due=await series.waiting(now),
            subscribed=await series.waiting(now + LONGEST_SERIES),
        )


def health_pages(pages: Pages, health: Health) -> APIRouter:
    """`/operator/health`."""
    routes = APIRouter(prefix="/operator/health")

    @routes.get("")
    async def show(request: Request) -> Response:
        shown = await health.shown()
        return pages.show(request, "health/page", **shown)

    return routes


def roughly(count: int) -> str:
    """A count of people that gives nobody away, in the steps of the figures: whether
    there is anybody at all is not told either.
    """
    steps = in_steps(count)
    return f"≈ {steps}" if steps else f"0–{STEP - 1}"


def megabytes(octets: int | None) -> str:
    return "" if octets is None else f"{octets / 1024 / 1024:.1f} MB"


def mode_of(folder: Path) -> int | None:
    """Who may read and write in a folder; None if there is none."""
    try:
        return folder.stat().st_mode
    except OSError:
        return None


def redis_at(url: str) -> str:
    """Where Redis is, without the password that the address may hold."""
    parts = urlsplit(url)
    return parts.path if parts.scheme == "unix" else f"{parts.hostname}:{parts.port or 6379}"


@cache
def unread_pages() -> tuple[str, ...]:
    """The pages of this kind whose words no native speaker has read."""
    return tuple(
        f"{file.parent.name}/{file.stem}"
        for file in sorted(HERE.glob("*/*.yaml"))
        if not is_read(yaml.safe_load(file.read_bytes())["native_reader"])
    )
