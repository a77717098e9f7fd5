"""What the phone in the browser asks the service: only its own page may, and only here."""

import json
import re
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from menus.model import Menu
from sms.gateways.port import NotSent, Outbound, OutcomeUnknown, Rejected, Result
from sms.gateways.simulator import FAULT_SECONDS, GatewayFault, Simulator
from tests.support.outboxes import SEAL
from tests.support.service import SECRET, Service, form, new_session, running
from ussd.sessions import HopRecord, Sessions
from web.auth.origin import is_loopback
from web.phone.page import words_to_try

NUMBER = "+77010000000"
ASKS = {
    "size": {"text": "a"},
    "news": {"msisdn": NUMBER},
    "tip": {"msisdn": NUMBER},
    "lose": {"session": "ATUid_1"},
    "pause": {"seconds": 1},
    "gateway": {"fault": None},
}


def post(service: Service, what: str, body: object, **headers: str) -> httpx.Response:
    kind = {"content-type": "application/json", "sec-fetch-site": "same-origin"}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    given = {name: value for name, value in (kind | sent).items() if value}
    return service.http.post(f"{service.base}/phone/{what}", content=content, headers=given)


def asked(service: Service, what: str, body: object) -> Any:
    response = post(service, what, body)
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize("what", ASKS)
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"sec_fetch_site": "cross-site"}, id="another site"),
        pytest.param({"sec_fetch_site": "same-site"}, id="another host of the site"),
        pytest.param({"sec_fetch_site": "none"}, id="typed into the browser"),
        pytest.param({"sec_fetch_site": ""}, id="no sign of where it is from"),
        pytest.param({"sec_fetch_site": "", "origin": "http://elsewhere.invalid"}, id="origin"),
        pytest.param({"sec_fetch_site": "", "origin": "null"}, id="a sandbox"),
        pytest.param({"origin": "http://elsewhere.invalid"}, id="two signs that differ"),
        pytest.param({"origin": "http://[elsewhere"}, id="no origin at all"),
        pytest.param({"content_type": "text/plain"}, id="a form's type"),
        pytest.param({"content_type": ""}, id="no type"),
    ],
)
def test_only_a_page_of_ours_may_ask(service: Service, what: str, headers: dict[str, str]) -> None:
    assert post(service, what, ASKS[what], **headers).status_code == 403


def test_the_origin_alone_is_enough(service: Service) -> None:
    answer = post(service, "size", ASKS["size"], sec_fetch_site="", origin=service.base)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("name", "status"),
    [
        pytest.param("localhost:8000", 200, id="this machine"),
        pytest.param("127.0.0.1:9", 200, id="its address, as another port forwards it"),
        pytest.param("[::1]:8000", 200, id="its address of IPv6"),
        pytest.param("192.0.2.1", 200, id="an address is nobody's name"),
        pytest.param("elsewhere.invalid", 421, id="a name of another site"),
        pytest.param("elsewhere.invalid:8000", 421, id="with a port"),
        pytest.param("localhost.elsewhere.invalid", 421, id="that begins as ours"),
        pytest.param("127.0.0.1.elsewhere.invalid", 421, id="that begins as our address"),
        pytest.param("[elsewhere", 421, id="nonsense"),
    ],
)
def test_a_site_that_takes_our_address_learns_no_secret(
    service: Service, name: str, status: int
) -> None:
    page = service.http.get(f"{service.base}/", headers={"host": name})
    assert (page.status_code, SECRET in page.text) == (status, status == 200)
    origin = {"host": name, "origin": f"http://{name}"}
    assert post(service, "size", ASKS["size"], **origin).status_code == status


@pytest.mark.parametrize(
    ("host", "refuses"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("::", False), ("192.0.2.1", False)],
)
def test_what_others_reach_anyway_has_any_name(host: str, refuses: bool) -> None:
    assert is_loopback(host) is refuses


@pytest.mark.parametrize(
    ("what", "body", "status"),
    [
        ("size", b"{", 422),
        ("size", {}, 422),
        ("size", {"text": "a" * 5000}, 422),
        ("size", b" " * 70_000, 413),
        ("news", {"msisdn": "87010000000"}, 422),
        ("news", {"msisdn": NUMBER, "wishes": ["a"] * 61}, 422),
        ("lose", {"session": "a b"}, 422),
        ("pause", {"seconds": 31}, 422),
        ("pause", {"seconds": 0}, 422),
        ("gateway", {"fault": "burns"}, 422),
    ],
)
def test_what_is_none_is_refused(service: Service, what: str, body: object, status: int) -> None:
    assert post(service, what, body).status_code == status


@pytest.mark.parametrize(
    ("answers", "size"),
    [
        pytest.param("", ("GSM-7", 155, 160, 1, 1), id="screen 0"),
        pytest.param("2", ("UCS-2", 70, 70, 1, 2), id="the first of two pages"),
        pytest.param("2*9", ("UCS-2", None, 70, 2, 2), id="the second"),
    ],
)
def test_the_size_of_a_screen(service: Service, answers: str, size: tuple[Any, ...]) -> None:
    text = service.hop(new_session(), answers).removeprefix("CON ")
    told = asked(service, "size", {"text": text, "answers": answers})
    encoding, units, budget, page, pages = size
    assert (told["encoding"], told["budget"]) == (encoding, budget)
    assert told["units"] == units or units is None
    assert (told["page"], told["pages"]) == (page, pages)


def test_another_versions_screen_has_no_page(service: Service) -> None:
    told = asked(service, "size", {"text": "Other words", "answers": "2"})
    assert (told["units"], told["pages"]) == (11, 0)


def test_the_size_of_an_sms(service: Service) -> None:
    told = asked(service, "size", {"text": "а" * 71})
    assert told == {"encoding": "UCS-2", "units": 71, "octets": 142, "segments": 2}


def test_a_lost_session_is_gone(service: Service) -> None:
    session = new_session()
    service.http.post(service.callback, data=form(session, "")).raise_for_status()
    assert asked(service, "lose", {"session": session}) == {"redis": True, "lost": True}
    assert asked(service, "lose", {"session": session}) == {"redis": True, "lost": False}


def test_without_a_series_no_tip_is_due(service: Service) -> None:
    assert asked(service, "tip", {"msisdn": NUMBER}) == {"redis": True, "runs": False}


def test_the_page_says_what_it_needs_without_javascript(service: Service) -> None:
    page = service.http.get(service.base).text
    assert re.search(r"<noscript>.*needs JavaScript.*</noscript>", page)


def test_what_the_address_says_is_escaped(service: Service) -> None:
    asks = {"number": '"><script>alert(1)</script>', "phones": "<b>"}
    page = service.http.get(service.base, params=asks).text
    assert "alert(1)" not in page
    assert "<b>" not in page


def test_a_real_gateway_has_no_phone(redis_url: str) -> None:
    real = {"KOMEK_GATEWAY": "africastalking", "KOMEK_AT_USERNAME": "komek"}
    real |= {"KOMEK_AT_API_KEY": "key", "KOMEK_DATA_KEY": "a" * 43 + "="}
    with running(redis_url, **real) as service:
        assert service.http.get(service.base).status_code == 404
        for what, body in ASKS.items():
            assert post(service, what, body).status_code == 404


@pytest.mark.parametrize("language", ["en", "ru", "kk", "tr"])
def test_the_words_to_try_are_keywords(menu: Menu, language: str) -> None:
    words = words_to_try(menu, language)
    said = menu.languages.get(language) or next(iter(menu.languages.values()))
    assert words[1].split()[0] in said.sms.embassy_keywords
    assert words[3] in said.sms.series_keywords
    assert len(words) == 6


# --- What lies behind it


@pytest.fixture
async def redis(redis_url: str) -> Any:
    async with Redis.from_url(redis_url, decode_responses=True) as client:
        await client.flushall()
        yield client


@pytest.mark.parametrize(
    ("fault", "result"),
    [
        (GatewayFault.BUSY, NotSent),
        (GatewayFault.REFUSES, Rejected),
        (GatewayFault.HANGS, OutcomeUnknown),
    ],
)
async def test_the_simulator_fails_as_it_is_told(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, fault: GatewayFault, result: type[Result]
) -> None:
    monkeypatch.setattr("sms.gateways.simulator.HANG_SECONDS", 0.01)
    simulator = Simulator(redis, SEAL)
    await simulator.fail(fault)
    said, seconds = await simulator.fault()
    assert said is fault
    assert 0 < seconds <= FAULT_SECONDS
    results = await simulator.send(Outbound((NUMBER,), "Call 112."))
    assert isinstance(results[NUMBER], result)
    assert not await simulator.inbox(NUMBER)
    await simulator.fail(None)
    assert await simulator.fault() == (None, 0)


async def test_a_simulator_without_redis_has_sent_nothing() -> None:
    nowhere = Redis.from_url("redis://127.0.0.1:1")
    results = await Simulator(nowhere, SEAL).send(Outbound((NUMBER,), "Call 112."))
    assert isinstance(results[NUMBER], NotSent)


async def test_a_session_can_be_lost(redis: Redis) -> None:
    sessions = Sessions(redis, SEAL)
    await sessions.record(HopRecord("ATUid_1", None, 0, ("en", "main")), "v1")
    assert await sessions.forget("ATUid_1")
    assert (
        await sessions.record(HopRecord("ATUid_1", None, 1, ("en", "main")), "v2")
    ).version == "v2"
