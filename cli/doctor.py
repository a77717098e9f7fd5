"""`main.py doctor`: everything that a launch needs, asked of the real parts, in one list."""

import base64
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

import httpx
import typer

from cli.consoles import out
from cli.context import CommandContext, join_or_exit, settings_or_exit, with_sms
from menus.contacts import doubt_of
from menus.model import Menu
from runtime.clock import utc_now, utc_today
from runtime.provision import load_or_make_key
from runtime.redis_status import Danger, read_redis_status
from runtime.settings import Settings, data_key_of, secret_of
from sms.bootstrap import SmsService
from sms.outbox import read_outbox_status
from ussd.gateways import gateways_of

MOST_APART = timedelta(seconds=2)
"""By which the clocks of Komek and of Redis may differ."""
LEAST_FREE, SOON_FULL = 500 * 10**6, 2 * 10**9
"""Octets of the disk."""
OUTSIDE_SECONDS = 10.0

_REDIS = {
    Danger.NO_APPENDONLY: "forgets in a power cut what it acknowledged: set appendonly yes",
    Danger.NOT_ALWAYS: "may forget in a power cut: set appendfsync always",
    Danger.FSYNC_UNKNOWN: "does not tell whether it would forget in a power cut",
    Danger.WRITE_FAILED: "could not write to its disk",
    Danger.EVICTS: "drops messages when it is full: set maxmemory-policy noeviction",
    Danger.EVICTION_UNKNOWN: "does not tell what it does when it is full",
    Danger.NEARLY_FULL: "is nearly full",
}
_NOT_TOLD = {Danger.FSYNC_UNKNOWN, Danger.EVICTION_UNKNOWN}


class Verdict(StrEnum):
    """`BAD`: it must not be so in production.  `NOTE`: somebody should look."""

    GOOD = "good"
    NOTE = "note"
    BAD = "BAD"


@dataclass(frozen=True, slots=True)
class Finding:
    verdict: Verdict
    words: str


def good(words: str) -> Finding:
    return Finding(Verdict.GOOD, words)


def note(words: str) -> Finding:
    return Finding(Verdict.NOTE, words)


def bad(words: str) -> Finding:
    return Finding(Verdict.BAD, words)


def doctor_command(context: CommandContext) -> typer.Typer:
    """`doctor`, in a set of commands of its own."""
    cli = typer.Typer()

    @cli.command()
    def doctor(
        url: Annotated[
            str, typer.Option(help="Where gateways reach us from outside, such as https://host")
        ] = "",
    ) -> None:
        """Ask the real parts for all that a launch needs.  Nothing is sent."""
        settings = settings_or_exit()

        settings = join_or_exit(settings)

        async def all_of(sms: SmsService) -> list[Finding]:
            return [each async for each in _examined(settings, sms, url.rstrip("/"))]

        findings = with_sms(context, all_of)
        for each in findings:
            out.print(f"{each.verdict:<5}{each.words}", soft_wrap=True, markup=False)
        if any(each.verdict is Verdict.BAD for each in findings):
            raise typer.Exit(1)

    return cli


async def _examined(settings: Settings, sms: SmsService, url: str) -> AsyncIterator[Finding]:
    for gateway in gateways_of(settings):
        trouble = await gateway.sms.trouble(settings)
        yield bad(f"{gateway.name}: {trouble}") if trouble else good(of_gateway(gateway.name))
    if url:
        yield await _callbacks(settings, url)
    status = await read_redis_status(sms.redis)
    for finding in of_redis(status.dangers):
        yield finding
    outbox = await read_outbox_status(sms.redis, sms.outbox)
    yield good("a worker sends") if outbox.worker_alive else bad("no worker sends")
    seconds, micros = await sms.redis.time()
    yield of_clocks(utc_now() - datetime.fromtimestamp(seconds + micros / 1e6, UTC))
    yield of_zone(utc_now())
    yield of_data_key(settings)
    yield from_menu(sms.menu.current)
    yield of_numbers(sms.menu.current, settings)
    yield of_disk(shutil.disk_usage(settings.data_dir if settings.data_dir.exists() else ".").free)


def of_gateway(name: str) -> str:
    return f"{name}: reached, and it takes our account"


async def _callbacks(settings: Settings, url: str) -> Finding:
    """An endpoint for posts answers a GET with 405, a wrong secret or another site with 404."""
    [gateway, *_] = gateways_of(settings)
    address = f"{gateway.address(url, secret_of(settings))}/sms"
    try:
        async with httpx.AsyncClient(timeout=OUTSIDE_SECONDS) as http:
            status = (await http.get(address)).status_code
    except (httpx.HTTPError, httpx.InvalidURL):
        return bad(f"callbacks: nobody answers at {url}")
    if status == 405:
        return good(f"callbacks: answered at {url}")
    return bad(f"callbacks: HTTP {status} at {url}, where Komek would say 405")


def of_redis(dangers: tuple[Danger, ...]) -> Iterator[Finding]:
    if not dangers:
        yield good("Redis keeps what it acknowledges")
    for each in dangers:
        yield (note if each in _NOT_TOLD else bad)(f"Redis {_REDIS[each]}")


def of_clocks(apart: timedelta) -> Finding:
    seconds = abs(apart.total_seconds())
    if abs(apart) > MOST_APART:
        return bad(f"clocks: ours and that of Redis are {seconds:.0f} s apart")
    return good("clocks: ours and that of Redis agree")


def of_zone(now: datetime) -> Finding:
    offset = now.astimezone(ZoneInfo("Asia/Almaty")).strftime("%z")
    if offset != "+0500":
        return bad(f"time zones: Almaty is at {offset}, and should be at +0500: renew tzdata")
    return good("time zones: Almaty is at +0500")


def of_data_key(settings: Settings) -> Finding:
    """Who has the key and Redis can read the numbers.  One that Komek made for itself lies
    beside the data.
    """
    made = settings.data_dir / "data-key"
    if made.exists() and load_or_make_key(settings.data_dir).encode() == key_in_use(settings):
        return bad(f"data key: it lies in {made}, beside the data: keep it apart, with a copy")
    return good("data key: not beside the data")


def key_in_use(settings: Settings) -> bytes:
    return base64.b64encode(data_key_of(settings))


def from_menu(menu: Menu) -> Finding:
    return good(f"menu: no faults, {len(menu.languages)} languages, {len(menu.contacts)} contacts")


def of_numbers(menu: Menu, settings: Settings) -> Finding:
    today, oldest = utc_today(), settings.contacts_oldest_days
    unsure = [name for name, each in menu.numbers.items() if doubt_of(each, today, oldest)]
    if unsure:
        return note(f"numbers: nobody has called {', '.join(unsure)} lately")
    return good("numbers: each was called")


def of_disk(free: int) -> Finding:
    words = f"disk: {free / 1e9:.1f} GB free"
    return bad(words) if free < LEAST_FREE else note(words) if free < SOON_FULL else good(words)
