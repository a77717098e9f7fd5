"""One run of the series: every tip that is due now goes into the outbox, once.

Stopped anywhere and started again, a run leaves nobody with a tip twice and
skips nobody: a tip is put under a key of its own, and only then does its person
move on to the next.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from menus.model import Menu
from runtime.redis_client import REDIS_ERRORS, OutageLog
from sms.outbox import MessageKind, Outbox, Outgoing, PutResult
from sms.series.calendar import Calendar
from sms.series.subscriptions import DueTip, Subscriptions

LOOK_SECONDS = 30.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Run:
    """What a run did.  `held_back`: due, but over the day's cap; the next run goes on."""

    queued: int = 0
    held_back: int = 0


async def run_due(
    subscriptions: Subscriptions,
    outbox: Outbox,
    menu: Menu,
    calendar: Calendar,
    now: Callable[[], datetime],
) -> Run:
    """Queue what is due, in parts, until nothing is or the day's cap is reached."""
    queued = 0
    while due := await subscriptions.due(moment := now()):
        tips = sorted(due, key=_call)  # those of one text and gateway go out in one call
        messages = {tip: _message(tip, menu, calendar.closing(moment)) for tip in tips}
        written = [tip for tip in tips if messages[tip]]
        answers = await outbox.put_all([each for each in messages.values() if each], moment)
        capped = {tip for tip, put in zip(written, answers, strict=True) if put is PutResult.CAPPED}
        moves = [(tip, len(_tips(tip, menu))) for tip in tips if tip not in capped]
        await subscriptions.move_on(moves, moment)
        queued += answers.count(PutResult.QUEUED)
        if capped:
            return Run(queued, len(capped))
    return Run(queued)


def _call(tip: DueTip) -> tuple[str, str, int]:
    return tip.gateway, tip.language, tip.number


def _message(tip: DueTip, menu: Menu, expires_at: datetime) -> Outgoing | None:
    """A tip that cannot be sent today is not sent at night.  None when the menu has
    become shorter meanwhile, or lost the language: the series ends there.
    """
    tips = _tips(tip, menu)
    if tip.number >= len(tips):
        return None
    return Outgoing(
        tip.key, tip.msisdn, tips[tip.number], MessageKind.SERIES, expires_at, tip.gateway
    )


def _tips(tip: DueTip, menu: Menu) -> tuple[str, ...]:
    language = menu.all_languages.get(tip.language)
    return language.sms.series if language else ()


async def run_on_schedule(run: Callable[[], Awaitable[Run]], stop: asyncio.Event) -> None:
    """Run until stopped, every `LOOK_SECONDS`; Redis out of reach is waited for."""
    outages = OutageLog(log, "series")
    while not stop.is_set():
        try:
            done = await run()
            outages.note(None)
            if done.queued or done.held_back:
                log.info("series: %d queued, %d held back by the cap", done.queued, done.held_back)
        except REDIS_ERRORS as error:
            outages.note(error)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
