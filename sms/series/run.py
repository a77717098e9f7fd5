"""One run of the series: every tip that is due now goes into the outbox, once.

Stopped anywhere and started again, a run leaves nobody with a tip twice and
skips nobody: a batch of tips is put in the same step in which its people move on
to the next.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from menus.model import Menu
from runtime.partitions import Partition
from runtime.redis_client import REDIS_ERRORS, OutageLog
from sms.gateways import MOST_RECIPIENTS
from sms.outbox import Batch, Outbox
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
    queued = held_back = 0
    for partition in subscriptions.partitions.all:
        while not held_back and (due := await subscriptions.due(moment := now(), partition)):
            for tips in _calls(due):
                text, many = _text(tips[0], menu)
                to = [tip for tip in tips if text and outbox.allows(tip.msisdn)]
                if len(to) < len(tips):
                    others = {*tips}.difference(to)
                    await subscriptions.move_on([*others], many, moment, partition)
                if to:
                    batch = _batch(to, text, calendar.closing(moment), partition)
                    act = subscriptions.move_on_act(to, many, moment)
                    done = await outbox.put_batch(batch, act, moment)
                    queued, held_back = queued + done.queued, held_back + done.held_back
    return Run(queued, held_back)


def _calls(due: Sequence[DueTip]) -> Iterator[Sequence[DueTip]]:
    """Those of one text and gateway, as many as go out in one call."""
    for _, same in groupby(sorted(due, key=_call), _call):
        tips = list(same)
        for start in range(0, len(tips), MOST_RECIPIENTS):
            yield tips[start : start + MOST_RECIPIENTS]


def _call(tip: DueTip) -> tuple[str, str, int]:
    return tip.gateway, tip.language, tip.number


def _batch(tips: Sequence[DueTip], text: str, expires_at: datetime, partition: Partition) -> Batch:
    """A tip that cannot be sent today is not sent at night."""
    return Batch(
        tuple(tip.msisdn for tip in tips),
        tuple(tip.todays for tip in tips),
        tuple(tip.former_key for tip in tips),
        text,
        expires_at,
        tips[0].gateway,
        partition,
    )


def _text(tip: DueTip, menu: Menu) -> tuple[str, int]:
    """It, and of how many.  Empty when the menu has become shorter meanwhile, or lost the
    language: the series ends there.
    """
    language = menu.all_languages.get(tip.language)
    tips = language.sms.series if language else ()
    return tips[tip.number] if tip.number < len(tips) else "", len(tips)


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
