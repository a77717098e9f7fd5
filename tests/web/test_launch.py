"""What a launch needs: each finding where it is well and where it is not, by real parts and
by those that hang, refuse or are somebody else.
"""

import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Formatter
from typing import cast

import pytest

from menus.contacts import Evidence
from runtime.load_shedding import Shed
from runtime.redis_status import Danger, status_of
from runtime.settings import Settings
from tests.support.fake_gateway import API_KEY, fake_gateway
from tests.support.fake_sendsms import HANGS, FakeSendSms, fake_sendsms
from tests.support.menus_read import read_once
from tests.support.service import SECRET
from tests.support.trees import MENUS
from ussd.gateways import GATEWAYS, GatewayEntry, KannelPlan, Modem, Smpp, conf_of
from web.health.findings import (
    Finding,
    Verdict,
    Word,
    is_private,
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
    of_shed,
    of_trouble,
    of_worker,
    of_zones,
)
from web.health.launch import Parts, ask_callbacks, ask_gateway, findings_of
from web.health.page import health_words

TODAY = date(2026, 11, 25)
NOW, BEFORE = datetime(2026, 11, 25, tzinfo=UTC), datetime(2023, 11, 25, tzinfo=UTC)
YEAR = 365
PLAN = KannelPlan(
    Smpp("127.0.0.1", 2775, "u", "p"),
    "http://127.0.0.1",
    "komek",
    "p",
    "p",
    sessions=Smpp("127.0.0.1", 2776, "u", "p"),
)
KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
REDIS = {"aof_enabled": 1, "maxmemory_policy": "noeviction"}


@dataclass(frozen=True)
class Called:
    """A number, called on a day or never."""

    dated: date | None = None
    phones: tuple[str, ...] = ("11616",)
    confidence: str = "high"

    @property
    def verified(self) -> bool:
        return self.dated is not None


LATELY, LONG_AGO = Called(date(2026, 11, 1)), Called(date(2020, 1, 1))
NUMBERS: dict[str, Evidence] = {"police": LATELY, "hotline": Called(date(2026, 10, 1))}
SETTINGS = Settings.model_validate({"service_code": "*711#", "short_code": "7111"})

FOUND = [
    (of_trouble("gateway", ""), Verdict.OK, Word.GATEWAY_WELL),
    (of_trouble("gateway", "HTTP 401"), Verdict.MEND, Word.GATEWAY_TROUBLE),
    (of_codes(SETTINGS), Verdict.OK, Word.CODES_WELL),
    (of_codes(Settings(service_code="*711#")), Verdict.WARNING, Word.CODES_SAMPLE),
    (of_worker(alive=True), Verdict.OK, Word.WORKER_WELL),
    (of_worker(alive=False), Verdict.MEND, Word.NO_WORKER),
    (of_clocks(timedelta(seconds=-1)), Verdict.OK, Word.CLOCKS_WELL),
    (of_clocks(timedelta(seconds=-3)), Verdict.MEND, Word.CLOCKS_APART),
    (of_clocks(timedelta(seconds=3)), Verdict.MEND, Word.CLOCKS_APART),
    (of_zones(NOW), Verdict.OK, Word.ZONES_WELL),
    (of_zones(BEFORE), Verdict.MEND, Word.ZONES_OLD),
    (of_key(None), Verdict.OK, Word.KEY_WELL),
    (of_key("data-key"), Verdict.MEND, Word.KEY_BESIDE),
    (of_folder(None), Verdict.OK, Word.FOLDER_WELL),
    (of_folder(0o40700), Verdict.OK, Word.FOLDER_WELL),
    (of_folder(0o40701), Verdict.MEND, Word.DATA_OPEN),
    (of_numbers(NUMBERS, TODAY, YEAR), Verdict.OK, Word.NUMBERS_WELL),
    (of_numbers({"a": LONG_AGO}, TODAY, YEAR), Verdict.WARNING, Word.NUMBERS_UNSURE),
    (of_numbers({"a": Called()}, TODAY, YEAR), Verdict.WARNING, Word.NUMBERS_UNCALLED),
    (of_room(10**10, Word.DISK_DATA, Word.DISK_DATA_LOW), Verdict.OK, Word.DISK_DATA),
    (of_room(10**9, Word.DISK_DATA, Word.DISK_DATA_LOW), Verdict.WARNING, Word.DISK_DATA_LOW),
    (of_room(10**8, Word.DISK_REDIS, Word.DISK_REDIS_LOW), Verdict.MEND, Word.DISK_REDIS_LOW),
]


@pytest.mark.parametrize(("finding", "verdict", "word"), FOUND, ids=lambda each: str(each)[:20])
def test_what_is_found(finding: Finding, verdict: Verdict, word: Word) -> None:
    assert (finding.verdict, finding.word) == (verdict, word)
    for language in ("en", "ru", "kk"):
        assert "{" not in finding.told(health_words(language))


@pytest.mark.parametrize("word", [*Word, *Danger])
def test_a_sentence_names_the_same_facts_in_every_language(word: Word | Danger) -> None:
    names = [
        {name for _, name, *_ in Formatter().parse(health_words(language)[word]) if name}
        for language in ("en", "ru", "kk")
    ]
    assert names[0] == names[1] == names[2]


LISTS = [
    (of_contacts([LATELY, Called()], TODAY, YEAR), [Word.CONTACTS_WELL]),
    (of_contacts([Called()], TODAY, YEAR), [Word.CONTACTS_UNCALLED]),
    (of_contacts([LONG_AGO], TODAY, YEAR), [Word.CONTACTS_WELL, Word.CONTACTS_OLD]),
    (of_resends("kannel", None), [Word.RESENDS_UNSEEN]),
    (of_shed({Shed.UNREAD: 0, Shed.UNRECORDED: 0}), []),
    (of_shed({Shed.UNREAD: 0, Shed.UNRECORDED: 1}), [Word.SHED]),
    (of_resends("kannel", 0), []),
    (of_resends("kannel", 1), [Word.RESENDS_LEAST]),
    (of_resends("kannel", 2), [Word.RESENDS_MORE]),
    (of_redis(status_of(REDIS, {"appendfsync": "always"})), [Word.REDIS_WELL]),
    (of_redis(status_of(REDIS, {"appendfsync": "no"})), [Danger.NOT_ALWAYS]),
    (of_redis(status_of({}, {})), [Danger.FSYNC_UNKNOWN, Danger.EVICTION_UNKNOWN]),
]


@pytest.mark.parametrize(("found", "words"), LISTS)
def test_lists_of_findings(found: Iterator[Finding], words: list[Word | Danger]) -> None:
    told = [*found]
    assert [each.word for each in told] == words
    assert all("{" not in each.told(health_words("en")) for each in told)


def test_how_many_were_called_and_when_is_told() -> None:
    numbers = {**NUMBERS, "consul": Called()}
    told = of_numbers(numbers, TODAY, YEAR).told(health_words("en"))
    assert "2 of 3 were dialled, the first on 2026-10-01. Call consul," in told
    never = of_numbers({"consul": Called()}, TODAY, YEAR).told(health_words("en"))
    assert "none of 1 was dialled. Call consul," in never


def test_of_the_menu_its_faults_and_whether_it_was_read_are_told() -> None:
    menu = read_once(MENUS)
    read = {code: replace(each, native_reader="A. Reader") for code, each in menu.languages.items()}
    well = [(each.verdict, each.word) for each in of_menu(replace(menu, languages=read), 0)]
    assert well == [(Verdict.OK, Word.MENU_WELL)]
    found = [(each.verdict, each.word) for each in of_menu(menu, 1)]
    assert found == [(Verdict.MEND, Word.MENU_REFUSED), (Verdict.WARNING, Word.UNREAD)]


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("https://komek.example.org", True),
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:8000", True),
        ("http://localhost", True),
        ("http://komek.example.org", False),
        ("http://10.0.0.1", False),
    ],
)
def test_where_a_secret_would_travel_in_clear(url: str, private: bool) -> None:
    assert is_private(url) is private


# --- Others at the address ------------------------------------------------------------


class Obliging(BaseHTTPRequestHandler):
    """Takes everything, alive."""

    paths: list[str]

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        self.paths.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status":"alive"}')

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def obliging() -> Iterator[tuple[str, list[str]]]:
    """Its address, and what it was asked."""
    asked: list[str] = []
    handler = type("Asked", (Obliging,), {"paths": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.01]).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@contextmanager
def hanging() -> Iterator[str]:
    """The address of somebody who never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The accounts of both gateways; the addresses are for the test to set."""
    for name, value in {
        "GATEWAY": "africastalking",
        "CALLBACK_SECRET": SECRET,
        "DATA_KEY": KEY,
        "AT_USERNAME": "sandbox",
        "AT_API_KEY": API_KEY,
        "KANNEL_PASSWORD": "hush",
    }.items():
        monkeypatch.setenv(f"KOMEK_{name}", value)
    return monkeypatch


async def words_of(parts: Parts) -> set[Word | Danger]:
    return {each.word for each in await findings_of(parts)}


@pytest.mark.usefixtures("account")
async def test_who_takes_everything_is_never_told_the_secret() -> None:
    with obliging() as (url, asked):
        [found] = await ask_callbacks(Settings(public_url=url), GATEWAYS["africastalking"])
    assert (found.verdict, found.word) == (Verdict.MEND, Word.CALLBACKS_OPEN)
    assert asked[0] == "/healthz"
    assert not [path for path in asked if SECRET in path]


@pytest.mark.usefixtures("account")
async def test_who_is_not_komek_is_told_nothing() -> None:
    with fake_gateway() as other:
        [found] = await ask_callbacks(Settings(public_url=other.base), GATEWAYS["africastalking"])
    assert (found.verdict, found.word) == (Verdict.MEND, Word.URL_NOT_KOMEK)


async def test_who_hangs_is_not_waited_for(account: pytest.MonkeyPatch) -> None:
    account.setattr("web.health.launch.PART_SECONDS", 0.3)
    with hanging() as url:
        account.setenv("KOMEK_AT_URL", url)
        found = await words_of(Parts(Settings(public_url=url), None, None, None))
    assert {Word.GATEWAY_SILENT, Word.URL_SILENT, Word.REDIS_DOWN, Word.MENU_BROKEN} <= found


async def test_a_mistake_of_ours_is_told_among_the_rest(account: pytest.MonkeyPatch) -> None:
    async def mistaken(_settings: Settings) -> str:
        raise ValueError(SECRET)

    entry = GATEWAYS["africastalking"]
    broken = replace(entry, sms=replace(entry.sms, diagnose=mistaken))
    account.setitem(cast(dict[str, GatewayEntry], GATEWAYS), "africastalking", broken)
    found = await words_of(Parts(Settings(), None, None, None))
    assert {Word.NOT_LOOKED_AT, Word.NO_PUBLIC_URL, Word.REDIS_DOWN} <= found


# --- Kannel ---------------------------------------------------------------------------


@pytest.fixture
async def sendsms(account: pytest.MonkeyPatch) -> AsyncIterator[FakeSendSms]:
    async with fake_sendsms() as fake:
        account.setenv("KOMEK_GATEWAY", "kannel")
        account.setenv("KOMEK_KANNEL_URL", fake.url)
        yield fake


ANSWERS = {
    "400 Missing receiver(s) number(s), rejected": Word.GATEWAY_WELL,
    "403 Authorization failed for sendsms": Word.GATEWAY_TROUBLE,
    "202 0: Accepted for delivery": Word.GATEWAY_TROUBLE,
    HANGS: Word.GATEWAY_SILENT,
}


@pytest.mark.parametrize("answer", ANSWERS)
async def test_what_kannel_says_of_the_account(
    sendsms: FakeSendSms, account: pytest.MonkeyPatch, answer: str
) -> None:
    if answer == HANGS:
        account.setattr("web.health.launch.PART_SECONDS", 0.3)
    sendsms.answer = lambda _: answer
    with hanging() as url:
        found = await words_of(Parts(Settings(public_url=url), None, None, None))
    assert ANSWERS[answer] in found


CONFS: dict[str, tuple[str | None, set[Word]]] = {
    "no file": (None, {Word.RESENDS_UNSEEN}),
    "ours": (conf_of(PLAN), {Word.RESENDS_LEAST}),
    "ours, wider": (conf_of(replace(PLAN, window=8)), {Word.RESENDS_MORE}),
    "a modem": (conf_of(replace(PLAN, texts=Modem("/dev/ttyUSB0"))), set()),
    "Kannel's default": ("group = smsc\nsmsc=smpp\nhost = a\n", {Word.RESENDS_MORE}),
    "no text": ("\udcff", {Word.RESENDS_UNSEEN}),
}


@pytest.mark.usefixtures("sendsms")
@pytest.mark.parametrize("name", CONFS)
async def test_how_often_kannel_itself_may_send_twice(tmp_path: Path, name: str) -> None:
    conf, words = CONFS[name]
    (tmp_path / "gateway").mkdir()
    if conf is not None:
        file = tmp_path / "gateway" / "kannel.conf"
        file.write_text(conf, encoding="utf-8", errors="surrogateescape")
    with hanging() as url:
        found = await words_of(Parts(Settings(public_url=url, data_dir=tmp_path), None, None, None))
    assert found & {Word.RESENDS_LEAST, Word.RESENDS_MORE, Word.RESENDS_UNSEEN} == words


async def test_kannel_posts_to_an_address_of_its_own(
    sendsms: FakeSendSms, account: pytest.MonkeyPatch
) -> None:
    with obliging() as (url, _):
        account.setenv("KOMEK_KANNEL_CALLBACK_URL", url)
        [found] = await ask_callbacks(Settings(), GATEWAYS["kannel"])
    assert (found.word, found.facts["url"]) == (Word.CALLBACKS_OPEN, url)
    assert sendsms.asked == []


@pytest.mark.usefixtures("account")
async def test_each_gateway_is_asked_in_its_own_way(account: pytest.MonkeyPatch) -> None:
    with fake_gateway() as fake:
        account.setenv("KOMEK_AT_URL", fake.base)
        [found] = await ask_gateway(Settings(), GATEWAYS["africastalking"])
        account.setenv("KOMEK_AT_API_KEY", "wrong")
        [refused] = await ask_gateway(Settings(), GATEWAYS["africastalking"])
    assert (found.word, refused.word) == (Word.GATEWAY_WELL, Word.GATEWAY_TROUBLE)
    assert fake.sent == []
