"""The USSD dialect of Kannel: what it posts, what it is answered, and sessions of last answers."""

import base64
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette

from runtime.callbacks import CallbackRouter, HttpRequest
from runtime.clock import utc_now
from runtime.settings import faults_in
from sms.outbox.outbox import Outbox, Sending
from tests.support.outboxes import FAST, SEAL, claim
from tests.support.service import SECRET, Service, free_port, new_number, running
from tests.support.worker_process import connect
from tests.ussd.test_conversations import END, FILES, turns
from ussd.answers import REPEAT_SECONDS, Answers, answers_in
from ussd.engine import Screen
from ussd.gateways.dialect import UssdHandlers
from ussd.gateways.kannel import (
    LATE_SECONDS,
    KannelUssdSettings,
    SessionReply,
    Step,
    UssdPost,
    hop_callback,
    is_late,
    session_reply,
    step_of,
    tlvs_of,
)
from ussd.hop import Hop
from ussd.sessions import SESSION_SECONDS

CODE = "*384*55#"
ONE = "+77011234567"
BEGIN, ANSWER, ENDED = "%01", "%12", "%81"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
KEYS = "ussd:answers:*"


def headers(
    operation: str, session: str = "%2B%00", number: str = ONE, centre: str = "ussd"
) -> dict[str, str]:
    """As Kannel 1.4.5 posts them."""
    return {
        "User-Agent": "Kannel/1.4.5",
        "Content-Type": 'text/plain; charset="UTF-8"',
        "X-Kannel-From": number,
        "X-Kannel-To": CODE,
        "X-Kannel-BInfo": "USSD",
        "X-Kannel-SMSC": centre,
        "X-Kannel-Meta-Data": f"?smpp?ussd_service_op={operation}&its_session_info={session}&",
    }


@dataclass
class Phone:
    """A caller: dials and answers, and sees what Kannel is answered."""

    service: Service
    number: str = field(default_factory=new_number)
    session: str = "%2B%00"
    centre: str = "ussd"

    def hop(self, operation: str, text: str, id_: str = "") -> httpx.Response:
        """Anything but 200 is a failed test."""
        response = self.service.http.post(
            f"{self.service.base}/kannel/{SECRET}/ussd?id={id_ or uuid4()}",
            content=text,
            headers=headers(operation, self.session, self.number, self.centre),
        )
        assert response.status_code == 200
        return response

    def dial(self, answers: str = "", id_: str = "") -> httpx.Response:
        return self.hop(BEGIN, f"{CODE[:-1]}*{answers}#" if answers else CODE, id_)

    def answer(self, text: str, id_: str = "") -> httpx.Response:
        return self.hop(ANSWER, text, id_)


def ends(response: httpx.Response) -> bool:
    return "ussd_service_op=17" in response.headers["x-kannel-meta-data"]


def ours(response: httpx.Response) -> dict[str, str]:
    """The headers that Kannel makes a `submit_sm` of."""
    return {name: each for name, each in response.headers.items() if name.startswith("x-kannel")}


def written(response: httpx.Response) -> str:
    """As a conversation writes it."""
    return f"{response.text}\n{END}" if ends(response) else response.text


BOTH = {
    "KOMEK_GATEWAY": "africastalking,kannel",
    "KOMEK_DATA_KEY": base64.b64encode(b"k" * 32).decode(),
    "KOMEK_AT_USERNAME": "sandbox",
    "KOMEK_AT_API_KEY": "key",
    "KOMEK_KANNEL_PASSWORD": "hush",
}


@pytest.fixture(scope="module")
def both(redis_url: str) -> Iterator[Service]:
    """The service of two gateways, on the database of `redis`."""
    with running(f"{redis_url}?db=9", **BOTH) as service:
        yield service


@pytest.fixture
async def phone(both: Service, redis: Redis) -> Phone:
    """On an empty database."""
    return Phone(both)


# --- On the wire


def test_a_session_as_kannel_carries_it(phone: Phone) -> None:
    dialled, chosen = phone.dial(), phone.answer("3")
    [*_, last] = [phone.answer("nothing that is on offer") for _ in "123"]
    common = {
        "x-kannel-from": "38455",
        "x-kannel-binfo": "USSD",
    }
    asks = {"x-kannel-meta-data": "?smpp?ussd_service_op=2&its_session_info=%2B%00"}
    over = {"x-kannel-meta-data": "?smpp?ussd_service_op=17&its_session_info=%2B%00"}
    seen = [ours(each) for each in (dialled, chosen, last)]
    assert seen == [common | asks, common | asks, common | over]
    assert last.headers["content-type"] == "text/plain; charset=utf-8"


def test_what_no_septet_holds_is_said_to_be_ucs2(phone: Phone) -> None:
    assert "x-kannel-coding" not in phone.dial("3").headers
    assert phone.dial("1").headers["x-kannel-coding"] == "2"


@pytest.mark.parametrize(
    ("meta_data", "tlvs"),
    [
        ("?smpp?ussd_service_op=%01&its_session_info=%2B%00&", [b"\x01", b"+\0"]),
        ("?smpp?ussd_service_op=%12&its_session_info=%FF%3F+%26&", [b"\x12", b"\xff? &"]),
        ("?orig_msg?dlr_mask=31&?smpp?ussd_service_op=%11&", [b"\x11"]),
        ("?smpp?ussd_service_op=%01&?other?a=b&", [b"\x01"]),
        ("?smpp?", []),
        ("?smpp?&&=&", [b""]),
        ("nonsense", []),
        ("", []),
    ],
)
def test_every_octet_of_a_tlv_is_kept(meta_data: str, tlvs: list[bytes]) -> None:
    assert [*tlvs_of(meta_data).values()] == tlvs


@pytest.mark.parametrize(
    ("how", "came", "goes_on", "ends"),
    [
        (SessionReply.ECHO, "2b00", "2b00", "2b00"),
        (SessionReply.END_BIT, "2b00", "2b00", "2b01"),
        (SessionReply.END_BIT, "ff", "ff", "ff"),
        (SessionReply.COUNT, "2b00", "2b02", "2b03"),
        (SessionReply.COUNT, "2b04ff", "2b06ff", "2b07ff"),
        (SessionReply.COUNT, "2bff", "2b00", "2b01"),
        (SessionReply.COUNT, "2b", "2b", "2b"),
    ],
)
def test_the_session_parameter_of_a_screen(
    how: SessionReply, came: str, goes_on: str, ends: str
) -> None:
    octets = bytes.fromhex(came)
    assert session_reply(octets, how, ends=False).hex() == goes_on
    assert session_reply(octets, how, ends=True).hex() == ends


@pytest.mark.parametrize(
    ("settings", "session", "name"),
    [
        ({}, "2b00", "2b"),
        ({"session_octets": 2}, "2b00", "2b00"),
        ({"session_tlv": "user_message_reference"}, "3131303038", "3131303038"),
        ({"session_tlv": "theirs", "session_octets": 3}, "0102030405", "010203"),
    ],
)
def test_what_of_the_parameter_names_the_session(
    settings: dict[str, object], session: str, name: str
) -> None:
    own = KannelUssdSettings.model_validate(settings)
    assert own.name_in(bytes.fromhex(session)).hex() == name


@pytest.mark.parametrize(
    ("operation", "text", "step"),
    [
        (1, CODE, Step.BEGINS),
        (18, "1", Step.ANSWERS),
        (18, CODE, Step.ANSWERS),
        *[(each, "", Step.ENDED) for each in (0, 2, 17, 32, 129, 255)],
        (None, CODE, Step.BEGINS),
        (None, "*384*55", Step.BEGINS),
        (None, "1", Step.ANSWERS),
        (None, "", Step.ANSWERS),
    ],
)
def test_what_a_hop_is(operation: int | None, text: str, step: Step) -> None:
    post = UssdPost("h", "ussd", ONE, CODE, "USSD", text, operation, b"")
    assert step_of(post, KannelUssdSettings()) is step


OTHER_CENTRE = {
    "SESSION_TLV": "their_session",
    "SESSION_OCTETS": "4",
    "SESSION_REPLY": "end-bit",
    "BEGINS": "0, 1",
    "ANSWERS": "19",
    "ASKS": "3",
    "ENDS": "32",
    "SENDER": "*384#",
}


async def test_another_centre_is_a_matter_of_settings(
    monkeypatch: pytest.MonkeyPatch, redis: Redis
) -> None:
    for name, value in OTHER_CENTRE.items():
        monkeypatch.setenv(f"KOMEK_KANNEL_USSD_{name}", value)
    said: list[Hop] = []

    async def answer(hop: Hop) -> Screen:
        said.append(hop)
        return Screen("text", ends=len(said) > 1)

    async with calling(answer, redis) as http:
        found = []
        for operation, text, session in (("%00", CODE, "abcd%00"), ("%13", "7", "abcd%02")):
            meta = f"?smpp?ussd_service_op={operation}&their_session={session}&"
            posted = headers("") | {"X-Kannel-Meta-Data": meta}
            found.append(await http.post(f"ussd?id={uuid4()}", content=text, headers=posted))
    assert [hop.answers for hop in said] == [(), ("7",)]
    assert said[0].session_id == said[1].session_id
    assert {each.headers["x-kannel-from"] for each in found} == {"*384#"}
    assert [each.headers["x-kannel-meta-data"] for each in found] == [
        "?smpp?ussd_service_op=3&their_session=abcd%00",
        "?smpp?ussd_service_op=32&their_session=abcd%03",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [("SESSION_REPLY", "shout"), ("BEGINS", "one"), ("ENDS", "256"), ("SESSION_OCTETS", "0")],
)
def test_wrong_settings_are_told(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"KOMEK_KANNEL_USSD_{name}", value)
    [fault] = faults_in(KannelUssdSettings)
    assert fault.startswith(f"KOMEK_KANNEL_USSD_{name}")


@pytest.mark.parametrize(
    ("dialled", "answers"),
    [
        ("*384*55#", ()),
        ("*384*55*2*1#", ("2", "1")),
        ("*384*55*2*1", ("2", "1")),
        ("*384*55*#", ("",)),
        ("*384*551#", ()),
        ("*100#", ()),
        ("", ()),
    ],
)
def test_answers_dialled_with_the_code(dialled: str, answers: tuple[str, ...]) -> None:
    assert answers_in(dialled, CODE) == answers


# --- Sessions of last answers


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_same_screens_as_of_all_answers(file: Path, phone: Phone) -> None:
    """Each hop comes twice, and gets the same bytes."""
    for turn in turns(file.read_text(encoding="utf-8")):
        id_, line = str(uuid4()), turn.line
        is_dial = line.startswith("dial")
        text = line.removeprefix("dial").strip() if is_dial else line
        ask = phone.dial if is_dial else phone.answer
        first, again = ask(text, id_), ask(text, id_)
        assert written(first) == turn.screen, f"{file.name}: after > {line}"
        assert (again.content, ours(again)) == (first.content, ours(first))


def test_an_earlier_hop_that_comes_again_late_changes_nothing(phone: Phone) -> None:
    phone.dial()
    early, late = phone.answer("3", "early"), phone.answer("1", "late")
    assert phone.answer("3", "early").text == early.text
    assert phone.answer("1", "late").text == late.text
    assert phone.answer("0").text == early.text


def test_sessions_are_told_apart(phone: Phone) -> None:
    """By number, by centre, and by the octets that name them, not by those that count."""
    others = [
        Phone(phone.service),
        replace(phone, session="%2C%00"),
        replace(phone, centre="another"),
    ]
    for each in (phone, *others):
        each.dial()
    shown = phone.answer("3").text
    assert shown not in {each.answer("2").text for each in others}
    later = replace(phone, session="%2B%04")
    assert later.answer("0").text == later.dial().text


async def test_each_dial_begins_anew(phone: Phone, redis: Redis) -> None:
    first = phone.dial()
    phone.answer("3")
    assert phone.dial().text == first.text
    assert phone.answer("3").text != first.text
    sessions = [key async for key in redis.scan_iter("ussd:session:*")]
    assert len(sessions) == 2


async def test_answers_are_sealed_and_end_with_the_session(phone: Phone, redis: Redis) -> None:
    words = "salem-canary"
    phone.dial("3")
    phone.answer(words)
    [key] = [key async for key in redis.scan_iter(KEYS)]
    held = repr([key, await redis.lrange(key, 0, -1)])
    for secret in (words, phone.number, phone.number[1:], CODE):
        assert secret not in held
    assert SESSION_SECONDS - 5 < await redis.ttl(key) <= SESSION_SECONDS
    assert [ends(phone.answer(words)) for _ in "12"] == [False, True]
    assert await redis.ttl(key) <= REPEAT_SECONDS


async def test_the_networks_end_leaves_nothing(phone: Phone, redis: Redis) -> None:
    phone.dial("3")
    for _ in "12":
        over = phone.hop(ENDED, "")
        assert (over.text, "x-kannel-meta-data" in over.headers) == ("", False)
    assert [key async for key in redis.scan_iter(KEYS)] == []
    [counts] = [await redis.hgetall(key) async for key in redis.scan_iter("ussd:counts:*")]
    assert counts["ended: by the network"] == "1"


async def test_what_is_agreed_to_leaves_by_the_gateway_that_was_dialled(
    phone: Phone, redis: Redis
) -> None:
    phone.dial()
    for answer in consent():
        phone.answer(answer)
    [claimed] = await claim(outbox := Outbox(redis, SEAL))
    begun = await outbox.begin(claimed, "w", FAST, ["first", "kannel"], utc_now())
    assert isinstance(begun, Sending)
    assert (begun.to, begun.gateway) == ({1: phone.number}, "kannel")


def consent() -> list[str]:
    """Answers that ask for an SMS, and agree to it."""
    [file] = [file for file in FILES if file.stem == "en_sent_page"]
    lines = [turn.line for turn in turns(file.read_text(encoding="utf-8"))]
    return lines[1:]


# --- When something breaks


async def heard_nothing(_hop: Hop) -> Screen:
    raise AssertionError("this hop must not be played")


@pytest.mark.parametrize("operation", [BEGIN, ANSWER])
async def test_with_redis_away_the_caller_gets_the_numbers(operation: str) -> None:
    away = connect(f"redis://127.0.0.1:{free_port()}")
    async with away, calling(heard_nothing, away) as http:
        response = await http.post("ussd?id=1", content=CODE, headers=headers(operation))
    assert (response.text, ends(response)) == ("Polisiya 102", True)


async def test_with_redis_away_the_end_of_a_session_comes_again() -> None:
    away = connect(f"redis://127.0.0.1:{free_port()}")
    async with away, calling(heard_nothing, away) as http:
        response = await http.post("ussd?id=1", content="", headers=headers(ENDED))
    assert response.status_code == 503


async def test_a_session_that_redis_lost_ends_with_the_numbers(phone: Phone, redis: Redis) -> None:
    phone.dial()
    await redis.flushdb()
    response = phone.answer("3")
    assert "102" in response.text
    assert ends(response)


def calling(answer: Callable[[Hop], Awaitable[Screen]], redis: Redis) -> httpx.AsyncClient:
    async def end(_session: str, _how: str) -> bool:
        return True

    emergency, dialled = (lambda: "Polisiya 102"), (lambda _text: ())
    handlers = UssdHandlers(answer, emergency, end, Answers(redis, SEAL), dialled)
    callback = hop_callback(SECRET, handlers, lambda: NOW)
    transport = httpx.ASGITransport(CallbackRouter({("kannel", "ussd"): callback}, Starlette()))
    return httpx.AsyncClient(transport=transport, base_url=f"http://test/kannel/{SECRET}/")


async def test_our_failure_is_the_emergency_screen(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    async def answer(hop: Hop) -> Screen:
        raise KeyError(f"of {hop.msisdn}: {hop.answers}")

    async with calling(answer, redis) as http:
        response = await http.post("ussd?id=1", content=CODE, headers=headers(BEGIN))
    assert (response.text, ends(response)) == ("Polisiya 102", True)
    assert "its_session_info=%2B%00" in response.headers["x-kannel-meta-data"]
    assert ONE not in caplog.text


@pytest.mark.parametrize(
    ("at", "late"),
    [
        (f"{NOW.timestamp() - LATE_SECONDS - 1:.0f}", True),
        (f"{NOW.timestamp() - LATE_SECONDS + 1:.0f}", False),
        (f"{NOW.timestamp() + 10_000:.0f}", False),
        ("", False),
        ("9" * 5000, False),
        ("soon", False),
    ],
)
def test_a_hop_of_long_ago_belongs_to_no_session(at: str, late: bool) -> None:
    scope: Mapping[str, object] = {"query_string": f"id=1&at={at}".encode(), "headers": []}
    assert is_late(HttpRequest(dict(scope), b""), NOW) is late


async def test_a_late_hop_shows_nothing(redis: Redis) -> None:
    async with calling(heard_nothing, redis) as http:
        address = f"ussd?id=1&at={NOW.timestamp() - 3600:.0f}"
        response = await http.post(address, content=CODE, headers=headers(BEGIN))
    assert (response.status_code, response.text) == (200, "")
