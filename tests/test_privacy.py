"""No number and no word of a person is left in any file, log or page of a service."""

import asyncio
import hashlib
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import pytest
from redis.asyncio import Redis

from menus.model import Menu
from tests.support.identifiers import everything, lines_about
from tests.support.outboxes import SEAL
from tests.support.phones import Phones, texted_service
from tests.support.service import REPOSITORY, SECRET, form
from tests.support.traces import content_of, traces
from tests.support.visitor import ENDINGS, Visitor

SENDER, SUBSCRIBER, CALLER = "+77019876541", "+77019876542", "+77019876543"
STRANGER = "+12025550167"
TYPED = "Қызғалдақ орамал"
"""Words that mean nothing, in no word list of ours."""
DIALLED = "93571846093571846"
PAGES = ("/healthz", "/readyz", "/metrics", "/")


@pytest.fixture(scope="module")
def phones(processes: None) -> Iterator[Phones]:
    with texted_service(KOMEK_SERIES_WEEKENDS="true") as phones:
        yield phones


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text.encode(),
        lambda text: text.upper().encode(),
        lambda text: quote(text).encode(),
        lambda text: urlencode({"text": text}).encode(),
        lambda text: json.dumps({"text": text}).encode(),
        lambda text: b64encode(f"to {text}!".encode()),
        lambda text: urlsafe_b64encode(f"{text} is it".encode()),
        lambda text: b64encode(f"1{text}".encode()),
        lambda text: text.encode().hex().encode(),
        lambda text: repr(text.encode()).encode(),
        lambda text: text.encode("utf-16-be").hex().upper().encode(),
        lambda text: hashlib.sha256(text.encode()).digest(),
    ],
)
@pytest.mark.parametrize("secret", [SENDER, TYPED, DIALLED])
def test_a_trace_would_be_seen(secret: str, written: Callable[[str], bytes]) -> None:
    assert traces([secret], b"\x00..." + written(secret) + b"...") == [secret]
    assert traces([secret], b"\x00..." + written("another thing") + b"...") == []


@pytest.mark.parametrize("spelt", ["{0}", "8{0}", "7{0}", "+7{0}", "007{0}", "tel:{0}"])
def test_a_number_would_be_seen_however_it_is_dialled(spelt: str) -> None:
    number = spelt.format(SENDER.removeprefix("+7")).encode()
    for written in (
        number,
        b64encode(number),
        number.hex().encode(),
        number.decode().encode("utf-16"),
    ):
        assert traces([SENDER], b"..." + written + b"...") == [SENDER]


def test_nothing_of_a_person_is_left_behind(phones: Phones) -> None:
    replies = everything_done(phones)
    base, http = phones.service.base, phones.service.http
    pages = b"".join(http.get(f"{base}{page}").content for page in PAGES)
    asyncio.run(written_out(phones.url))
    files = content_of(phones.folder, phones.service.log.parent)
    assert b"appendonly" in files
    assert b"dump.rdb" in files
    secrets = [SENDER, SUBSCRIBER, CALLER, STRANGER, TYPED, *TYPED.split(), DIALLED, *replies]
    assert traces(secrets, files) == []
    assert traces(secrets, pages) == []


def everything_done(phones: Phones) -> list[str]:
    """Text, dial and report as people and a gateway do; what was replied, line by line."""
    for words in ("HELP", TYPED, "embassy uk"):
        phones.text(SENDER, words)
    for words in ("SERIES", "YES", "STOP"):
        phones.text(SUBSCRIBER, words)
    phones.text(STRANGER, "HELP")
    session = "ATUid_93571846"
    for text in ("", "2", f"2*{DIALLED}"):
        sent = form(session, text, CALLER)
        assert phones.service.http.post(phones.service.callback, data=sent).status_code == 200
    address = f"{phones.service.base}/africastalking/{SECRET}/sms"
    report = {"id": "nobody", "status": "Odd", "phoneNumber": SENDER}
    phones.service.http.post(f"{address}/delivery", data=report)
    phones.service.http.post(f"{address}/opt-out", data={"phoneNumber": SUBSCRIBER})
    phones.service.http.post(address, data={"from": SENDER, "text": TYPED})  # no id: not taken
    replies = phones.quiet(SENDER, 3)
    assert len(replies) == 3
    lines = [line for reply in replies for line in reply.splitlines()]
    return [line for line in lines if any(char.isdigit() for char in line)]


async def written_out(url: str) -> None:
    """Both kinds of files that a server keeps, as of now."""
    async with Redis.from_url(url, decode_responses=True) as redis:
        await redis.save()
        await redis.bgrewriteaof()
        await asyncio.sleep(0.5)


# --- The page for a data protection officer ---------------------------------------

_ROW = re.compile(r"^\|([^|]+)\|([^|]+)\|([^|]+)\|([^|]+)\|([^|]+)\|$", re.MULTILINE)
_SECONDS = {"min": 60, "h": 3600, "days": 86400}


def promised() -> dict[str, int]:
    """The kinds of keys that the page names as a person's, and for how many seconds at most."""
    page = (REPOSITORY / "docs" / "privacy.md").read_text(encoding="utf-8")
    found = dict[str, int]()
    for *_, keys, how_long, _why in _ROW.findall(page):
        times = re.findall(r"(\d+) (min|h|days)", how_long)
        for key in re.findall(r"`([\w:-]+):\*`", keys):
            found[key] = max(int(many) * _SECONDS[unit] for many, unit in times)
    return found


@pytest.mark.parametrize("ending", ENDINGS)
async def test_the_page_names_all_that_is_known_of_a_number_and_how_long(
    redis: Redis, menu: Menu, ending: str
) -> None:
    assert await kept_of_a_visitor(redis, menu, ending) <= promised().keys()


async def test_the_page_names_nothing_that_is_not_kept(redis: Redis, menu: Menu) -> None:
    seen = {"sms:forgotten"}
    for ending in ENDINGS:
        seen |= await kept_of_a_visitor(redis, menu, ending)
        await redis.flushdb()
    assert promised().keys() == seen


async def kept_of_a_visitor(redis: Redis, menu: Menu, ending: str) -> set[str]:
    """The kinds of keys in which a number is found that did everything; none lives longer than
    the page says.
    """
    await Visitor(redis, SEAL, menu, SENDER).do_everything(ENDINGS[ending])
    kinds, page = set(), promised()
    for line in lines_about(await everything(redis), SEAL, SENDER, datetime.now(UTC)):
        key = line.split(" ")[0]
        kinds.add(kind := ":".join(key.split(":")[:2]))
        assert 0 < await redis.ttl(key) <= page[kind], key
    return kinds
