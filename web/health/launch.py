"""Everything that a launch needs, asked of the real parts: `main.py doctor` and the page of
health tell the same list.  Nothing is sent to anybody.

The parts are asked at once, and none is waited for longer than `PART_SECONDS`.
"""

import asyncio
import logging
import os
import secrets
import shutil
from base64 import b64encode
from collections.abc import Awaitable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from redis.asyncio import Redis

from menus.live import LiveMenu
from menus.model import Menu
from runtime.clock import utc_now, utc_today
from runtime.encryption import keys_in
from runtime.files import mode_of
from runtime.load_shedding import read_shed
from runtime.logs import redacted
from runtime.redis_address import cluster_of, sentinels_of
from runtime.redis_client import REDIS_ERRORS
from runtime.redis_status import read_redis_status, refusal_of
from runtime.settings import Settings, secret_of
from sms.outbox import Outbox, read_outbox_status
from ussd.gateways import GatewayEntry, configurations, gateways_of
from web.auth import is_loopback
from web.health.findings import (
    Finding,
    Word,
    is_private,
    mend,
    of_clocks,
    of_codes,
    of_contacts,
    of_folder,
    of_key,
    of_menu,
    of_numbers,
    of_redis,
    of_resends,
    of_room,
    of_set_aside,
    of_shed,
    of_trouble,
    of_worker,
    of_zones,
    ok,
    warning,
)

if TYPE_CHECKING:
    import httpx

PART_SECONDS = 2.5
MOST_FILES, LARGEST_FILE = 5000, 64 * 1024
"""Of those beside the data that are searched for the key; octets of each."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """What is asked.  `menu`: None where it has faults and no earlier one is kept; `redis` and
    `outbox`: None where no Redis runs.
    """

    settings: Settings
    menu: LiveMenu | None
    redis: Redis | None
    outbox: Outbox | None


async def findings_of(parts: Parts) -> list[Finding]:
    """All that is found, always in the same order.  Never raises."""
    settings = parts.settings
    real = [] if settings.simulated else gateways_of(settings)
    asked = [
        *(_in_time(_silent(each), ask_gateway(settings, each)) for each in real),
        *(_in_time(_unreached(settings, each), ask_callbacks(settings, each)) for each in real),
        _in_time(mend(Word.REDIS_DOWN), ask_redis(parts)),
        _in_time(mend(Word.DISKS_SILENT), ask_disks(settings, parts.redis)),
    ]
    found = chain.from_iterable(await asyncio.gather(*asked))
    own = [] if real else [mend(Word.SIMULATOR)]
    resent = chain.from_iterable(_of_resends(settings, each) for each in real)
    here = (of_codes(settings), of_zones(utc_now()), of_folder(mode_of(settings.data_dir)))
    return [*own, *found, *resent, *here, *_of_words(parts)]


async def _in_time(silent: Finding, asked: Awaitable[list[Finding]]) -> list[Finding]:
    """What is found, or `silent` where no answer comes in time."""
    try:
        async with asyncio.timeout(PART_SECONDS):
            return await asked
    except REDIS_ERRORS:
        return [silent]
    except Exception as error:
        log.error("health: %s", redacted(error))
        return [mend(Word.NOT_LOOKED_AT, error=type(error).__name__)]


# --- The gateways, and their way to us ------------------------------------------------


async def ask_gateway(settings: Settings, gateway: GatewayEntry) -> list[Finding]:
    """Whether it is reached, and takes our account."""
    return [of_trouble(gateway.name, await gateway.sms.diagnose(settings))]


def _of_resends(settings: Settings, gateway: GatewayEntry) -> Iterator[Finding]:
    """No page of such a gateway shows the setting, so its file is read where we wrote it."""
    if gateway.resends is None:
        return
    try:
        conf = (configurations(settings) / f"{gateway.name}.conf").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        yield from of_resends(gateway.name, None)
    else:
        yield from of_resends(gateway.name, gateway.resends(conf))


def _silent(gateway: GatewayEntry) -> Finding:
    return mend(Word.GATEWAY_SILENT, gateway=gateway.name, seconds=PART_SECONDS)


async def ask_callbacks(settings: Settings, gateway: GatewayEntry) -> list[Finding]:
    """Whether what it posts reaches us, as far as an address is given."""
    url = _url_for(settings, gateway)
    if not url:
        return [warning(Word.NO_PUBLIC_URL, gateway=gateway.name)]
    if not is_private(url):
        return [mend(Word.URL_PLAIN, url=url)]
    import httpx  # noqa: PLC0415 (6 MB, until somebody asks)

    direct = is_loopback(urlsplit(url).hostname or "")
    try:
        async with httpx.AsyncClient(timeout=PART_SECONDS, trust_env=not direct) as http:
            return [await _answered(http, settings, gateway, url)]
    except (httpx.HTTPError, httpx.InvalidURL):
        return [_unreached(settings, gateway)]


async def _answered(
    http: "httpx.AsyncClient", settings: Settings, gateway: GatewayEntry, url: str
) -> Finding:
    """What is at the address.  Nobody is told the secret who does not answer as Komek does."""
    alive = await http.get(f"{url}/healthz")
    if alive.status_code != 200 or '"alive"' not in alive.text:
        return mend(Word.URL_NOT_KOMEK, url=url, status=alive.status_code)
    wrong = f"{gateway.address(url, secrets.token_urlsafe(16))}/sms"
    refused = (await http.post(wrong)).status_code
    if refused != 404:
        return mend(Word.CALLBACKS_OPEN, url=url, status=refused)
    ours = f"{gateway.address(url, secret_of(settings))}/sms"
    known = (await http.get(ours)).status_code  # a callback takes posts only
    if known != 405:
        return mend(Word.CALLBACKS_LOST, gateway=gateway.name, url=url, status=known)
    return ok(Word.CALLBACKS_WELL, gateway=gateway.name, url=url)


def _url_for(settings: Settings, gateway: GatewayEntry) -> str | None:
    return gateway.sms.posts_to(settings) or settings.public_url


def _unreached(settings: Settings, gateway: GatewayEntry) -> Finding:
    return mend(Word.URL_SILENT, gateway=gateway.name, url=_url_for(settings, gateway))


# --- Redis, and the disks -------------------------------------------------------------


async def ask_redis(parts: Parts) -> list[Finding]:
    """What it could lose, who sends, what was shed, whether its clock agrees with ours."""
    redis, outbox, replicas = parts.redis, parts.outbox, parts.settings.redis_replicas
    if redis is None or outbox is None:
        return [mend(Word.REDIS_DOWN)]
    refusal = await refusal_of(redis, replicas, PART_SECONDS / 4)
    refuses = [mend(Word.REDIS_REFUSES, why=refusal)] if refusal else []
    status = await read_redis_status(redis)
    sending = await read_outbox_status(redis, outbox)
    clocks = of_clocks(utc_now() - await _time_of(redis))
    sent = of_worker(sending.worker_alive), *of_set_aside(sending.set_aside)
    shed = of_shed(await read_shed(redis, utc_today()))
    return [*refuses, *of_redis(status), *sent, *shed, clocks]


async def _time_of(redis: Redis) -> datetime:
    seconds, microseconds = await redis.time()
    return datetime.fromtimestamp(seconds + microseconds / 1e6, UTC)


async def ask_disks(settings: Settings, redis: Redis | None) -> list[Finding]:
    """What lies on the disks of the data directory and of Redis, and what room is left."""
    named = await _folder_named_by(redis) if redis and _runs_here(settings) else ""
    return await asyncio.to_thread(lambda: [*_of_disks(settings, named)])


def _of_disks(settings: Settings, named: str) -> Iterator[Finding]:
    """`named`: the folder that Redis writes to, if that is on this machine."""
    redis = [Path(named).resolve()] if named and Path(named).is_dir() else []
    yield of_key_in(settings, {settings.data_dir.resolve(), *redis})
    yield of_room(_free(settings.data_dir), Word.DISK_DATA, Word.DISK_DATA_LOW)
    for each in redis:
        yield of_room(_free(each), Word.DISK_REDIS, Word.DISK_REDIS_LOW)
    if not redis:
        yield warning(Word.DISK_REDIS_UNSEEN)


def _runs_here(settings: Settings) -> bool:
    """Whether Redis runs on this machine, by its address."""
    url = settings.redis_url or ""
    if sentinels_of(url) or cluster_of(url):  # the servers may be on any machine
        return False
    parts = urlsplit(url)
    return parts.scheme == "unix" or is_loopback(parts.hostname or "")


async def _folder_named_by(redis: Redis) -> str:
    """Empty, where Redis does not tell in time: then the other disk is looked at all the same."""
    try:
        async with asyncio.timeout(PART_SECONDS / 2):
            return (await read_redis_status(redis)).folder
    except REDIS_ERRORS:
        return ""


def _free(folder: Path) -> int:
    """Octets that are free where the folder is, or will be."""
    there = next(each for each in (folder, *folder.resolve().parents) if each.exists())
    return shutil.disk_usage(there).free


def of_key_in(settings: Settings, folders: Iterable[Path]) -> Finding:
    """Who has the key and the data can read the numbers, so the key lies elsewhere."""
    if settings.data_key is None:
        return mend(Word.NO_KEY)
    known = keys_in(settings.data_key.get_secret_value())
    keys = [b64encode(each.octets) for each in known]
    files = islice(chain.from_iterable(_files_in(each) for each in folders), MOST_FILES)
    return of_key(next((each.name for each in files if _holds(each, keys)), None))


def _files_in(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in names)


def _holds(file: Path, keys: Iterable[bytes]) -> bool:
    """Whether a key stands in a file; not, in one that is large or that we may not read."""
    try:
        small = file.is_file() and file.stat().st_size <= LARGEST_FILE
        content = file.read_bytes() if small else b""
    except OSError:
        return False
    return any(key in content for key in keys)


# --- The words ------------------------------------------------------------------------


def _of_words(parts: Parts) -> Iterator[Finding]:
    if parts.menu is None:
        yield mend(Word.MENU_BROKEN)
        return
    yield from of_menu(parts.menu.current, len(parts.menu.refused))
    yield from _of_calls(parts.menu.current, parts.settings.contacts_oldest_days)


def _of_calls(menu: Menu, oldest_days: int) -> Iterator[Finding]:
    today = utc_today()
    yield of_numbers(menu.numbers, today, oldest_days)
    yield from of_contacts(menu.contacts, today, oldest_days)
