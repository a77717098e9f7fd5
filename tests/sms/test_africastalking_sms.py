"""The SMS dialect of Africa's Talking: every answer to a call that goes out."""

import asyncio
import logging
import ssl
from collections.abc import Iterator

import httpx
import pytest
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProxyError, SSLError

from sms.gateways import africastalking_client as africastalking_calls
from sms.gateways.africastalking import Answer, report_of, results_of
from sms.gateways.africastalking_client import AfricasTalkingGateway, result_of_error
from sms.gateways.port import (
    Accepted,
    Gateway,
    GatewayError,
    NotSent,
    Outbound,
    OutcomeUnknown,
    Rejected,
    Result,
)
from tests.support.fake_gateway import API_KEY, CODES, MODES, FakeGateway, fake_gateway
from tests.support.service import NO_TLS, free_port

ONE, TWO = "+77005550101", "+77005550102"
SECRET = "for-tests-only-0123456789"


# --- What goes out


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGateway]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with fake_gateway() as fake:
        fake.hang_seconds = 1.2
        yield fake


def gateway_on(fake: FakeGateway, key: str = API_KEY) -> AfricasTalkingGateway:
    return AfricasTalkingGateway("sandbox", key, fake.base, "KOMEK", timeout=(1.0, 0.6))


async def test_a_text_goes_out_as_it_is(fake: FakeGateway) -> None:
    gateway: Gateway = gateway_on(fake)
    results = await gateway.send(Outbound((ONE,), "Қоңырау: 112 & +?"))
    [sent] = fake.sent
    assert results == {ONE: Accepted(sent.id, "KES 0.8000")}
    assert (sent.to, sent.text) == (ONE, "Қоңырау: 112 & +?")
    assert fake.calls[0]["from"] == "KOMEK"


WAYS: dict[str, tuple[type[Result], int, GatewayError | None]] = {
    "accept": (Accepted, 1, None),
    "charset": (Accepted, 1, None),
    "text": (Accepted, 1, None),
    "hang": (OutcomeUnknown, 1, GatewayError.NO_ANSWER),
    "reset": (OutcomeUnknown, 1, GatewayError.NO_ANSWER),
    "error after": (OutcomeUnknown, 1, GatewayError.GATEWAY_FAILED),
    "garbage": (OutcomeUnknown, 1, GatewayError.NO_ANSWER),
    "trickle": (OutcomeUnknown, 1, GatewayError.NO_ANSWER),
    "forgetful": (Rejected, 1, GatewayError.REFUSED),
    "throttle": (NotSent, 0, GatewayError.TOO_MANY_CALLS),
    "unavailable": (NotSent, 0, GatewayError.GATEWAY_FAILED),
    "unauthorized": (NotSent, 0, GatewayError.ACCOUNT),
    "bad syntax": (Rejected, 0, GatewayError.REFUSED),
    "nobody": (Rejected, 0, GatewayError.REFUSED),
    "conflict": (Rejected, 0, GatewayError.BLOCKED),
    "redirect": (Rejected, 0, GatewayError.REFUSED),
}


@pytest.mark.parametrize("mode", WAYS)
async def test_every_way_to_answer_a_call(
    fake: FakeGateway, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    result, sent, error = WAYS[mode]
    monkeypatch.setattr(africastalking_calls, "CALL_SECONDS", 1.0)
    fake.mode = mode
    results = await gateway_on(fake).send(Outbound((ONE,), "Call 112."))
    assert type(results[ONE]) is result
    assert getattr(results[ONE], "error", None) is error
    assert len(fake.sent) == sent
    assert ONE.removeprefix("+") not in repr(results[ONE])


def test_the_table_above_is_complete() -> None:
    assert set(WAYS) == set(MODES)


ERRORS = dict.fromkeys((401, 403, 404, 407, 502), GatewayError.REFUSED) | {
    402: GatewayError.SENDER_ID,
    405: GatewayError.NO_CREDIT,
    406: GatewayError.BLOCKED,
    409: GatewayError.BLOCKED,
    500: GatewayError.OTHER,
    501: GatewayError.OTHER,
}


@pytest.mark.parametrize("code", CODES)
async def test_every_code_of_a_recipient(fake: FakeGateway, code: int) -> None:
    """A 2xx says nothing of its recipients."""
    odd = f"+770055599{code}"
    results = await gateway_on(fake).send(Outbound((ONE, odd), "Call 112."))
    assert isinstance(results[ONE], Accepted)
    unsure = OutcomeUnknown if code in (500, 501) else Rejected
    assert isinstance(results[odd], Accepted if code < 400 else unsure)
    assert getattr(results[odd], "error", None) is ERRORS.get(code)


async def test_a_wrong_key_is_not_quoted(fake: FakeGateway) -> None:
    results = await gateway_on(fake, "wrong-key").send(Outbound((ONE,), "x"))
    assert isinstance(results[ONE], NotSent)
    assert "wrong-key" not in repr(results)


async def test_a_number_that_is_none_spoils_no_others(fake: FakeGateway) -> None:
    odd = f"{TWO}\n"
    results = await gateway_on(fake).send(Outbound((odd, ONE, f"{ONE},{TWO}"), "x"))
    assert [type(each) for each in results.values()] == [Rejected, Rejected, Accepted]
    assert [each.to for each in fake.sent] == [ONE]
    assert (await gateway_on(fake).send(Outbound(("none",), "x"))) == {
        "none": Rejected("not a number")
    }


async def test_one_that_the_answer_leaves_out_is_unknown(fake: FakeGateway) -> None:
    fake.mode = "forgetful"
    results = await gateway_on(fake).send(Outbound((ONE, TWO), "x"))
    assert isinstance(results[ONE], Accepted)
    assert isinstance(results[TWO], OutcomeUnknown)


async def test_nobody_listening_is_not_sent() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    gateway = AfricasTalkingGateway("sandbox", "key", url, timeout=(1.0, 1.0))
    results = await gateway.send(Outbound((ONE,), "x"))
    error = GatewayError.OUT_OF_REACH
    assert results == {ONE: NotSent("no connection to the gateway", error)}


async def test_calls_run_at_once_off_the_event_loop(fake: FakeGateway) -> None:
    fake.latency = lambda: 0.1
    gateway, loop = gateway_on(fake), asyncio.get_running_loop()
    began = loop.time()
    calls = [gateway.send(Outbound((f"+7700666{n:04}",), "x")) for n in range(12)]
    ticks = asyncio.create_task(_ticks())
    results = await asyncio.gather(*calls)
    ticks.cancel()
    assert all(isinstance(each, Accepted) for result in results for each in result.values())
    assert loop.time() - began < 1.0
    assert len(fake.sent) == 12


async def _ticks() -> None:
    while True:
        before = asyncio.get_running_loop().time()
        await asyncio.sleep(0.01)
        assert asyncio.get_running_loop().time() - before < 0.5


async def test_connections_are_kept_while_busy_and_left_when_idle(
    fake: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(africastalking_calls, "MOST_CALLS", 1)
    gateway = gateway_on(fake)
    for n in range(5):
        await gateway.send(Outbound((f"+7700666{n:04}",), "x"))
    assert fake.connections == 1
    monkeypatch.setattr(africastalking_calls, "IDLE_SECONDS", 0.0)
    await gateway.send(Outbound((ONE,), "x"))
    assert fake.connections == 2


async def test_a_call_that_found_no_thread_was_not_sent(
    fake: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(africastalking_calls, "MOST_CALLS", 1)
    monkeypatch.setattr(africastalking_calls, "CALL_SECONDS", 0.3)
    fake.mode = "hang"
    gateway = gateway_on(fake)
    first, second = await asyncio.gather(
        gateway.send(Outbound((ONE,), "x")), gateway.send(Outbound((TWO,), "x"))
    )
    assert isinstance(first[ONE], OutcomeUnknown)
    assert isinstance(second[TWO], NotSent)
    await asyncio.sleep(0.9)
    assert [each.to for each in fake.sent] == [ONE]


def _wrapped(reason: Exception) -> MaxRetryError:
    return MaxRetryError(None, "/", reason)  # type: ignore[arg-type]


REFUSED = NewConnectionError(None, "refused")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (requests.ConnectTimeout(), NotSent),
        (requests.ConnectionError(_wrapped(REFUSED)), NotSent),
        (requests.exceptions.ProxyError(_wrapped(ProxyError("x", REFUSED))), NotSent),
        (
            requests.exceptions.SSLError(_wrapped(SSLError(ssl.SSLCertVerificationError("x")))),
            NotSent,
        ),
        (requests.exceptions.SSLError(_wrapped(SSLError("record"))), OutcomeUnknown),
        (requests.ConnectionError("reset"), OutcomeUnknown),
        (requests.ConnectionError(), OutcomeUnknown),
        (requests.ReadTimeout(), OutcomeUnknown),
        (requests.exceptions.ChunkedEncodingError(), OutcomeUnknown),
        (MemoryError(), OutcomeUnknown),
    ],
)
def test_only_what_certainly_never_left_is_sent_again(
    error: Exception, result: type[Result]
) -> None:
    assert type(result_of_error(error)) is result


@pytest.mark.parametrize(
    "body",
    ["", "null", "[]", "{}", '"x"', '{"SMSMessageData":null}', '{"SMSMessageData":{}}',
     '{"SMSMessageData":{"Recipients":"x"}}', "[" * 100_000],
)  # fmt: skip
@pytest.mark.parametrize("status", [200, 201])
def test_an_unreadable_answer_leaves_all_unknown(body: str, status: int) -> None:
    assert isinstance(results_of(Answer(status, body), [ONE])[ONE], OutcomeUnknown)


@pytest.mark.parametrize(
    "recipient",
    ['{"number":"%s"}', '{"number":"%s","statusCode":"odd"}', '{"number":"%s","statusCode":999}'],
)
def test_an_odd_recipient_is_unknown(recipient: str) -> None:
    body = f'{{"SMSMessageData":{{"Recipients":[{recipient % ONE}, 7]}}}}'
    assert isinstance(results_of(Answer(201, body), [ONE])[ONE], OutcomeUnknown)


def test_what_is_almost_as_documented_is_understood() -> None:
    body = (
        '{"SMSMessageData":{"Recipients":[{"number":"77005550101","statusCode":"101","messageId":"a"},'
        '{"number":"+77005550102","status":"Success","messageId":"None"}]}}'
    )
    found = results_of(Answer(200, body), [ONE, TWO])
    assert found == {ONE: Accepted("a"), TWO: Accepted("")}


# --- The fake itself


@pytest.mark.parametrize(
    ("reports", "words"),
    [
        ("early", ["Submitted", "Success"]),
        ("late", ["Submitted", "Success"]),
        ("twice", ["Submitted", "Success"] * 2),
        ("reversed", ["Success", "Submitted"]),
        ("never", []),
    ],
)
async def test_the_fake_posts_reports(fake: FakeGateway, reports: str, words: list[str]) -> None:
    with fake_gateway() as listener:  # takes any post, and remembers its form
        fake.reports, fake.reports_to = reports, f"{listener.base}/version1/messaging"
        await gateway_on(fake).send(Outbound((ONE,), "x"))
        await asyncio.sleep(0.3)
        assert [form["status"] for form in listener.calls] == words
        assert {report_of(form).message_id for form in listener.calls} <= {fake.sent[0].id}


async def test_the_fake_is_steered_by_hand(fake: FakeGateway) -> None:
    async with httpx.AsyncClient(trust_env=False, verify=NO_TLS) as http:
        await http.post(f"{fake.base}/fake/mode", data={"mode": "throttle"})
        assert isinstance((await gateway_on(fake).send(Outbound((ONE,), "x")))[ONE], NotSent)
        assert (await http.get(f"{fake.base}/fake/sent")).json() == []


def test_nothing_of_a_person_is_logged(fake: FakeGateway, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for mode in ("accept", "reset", "unauthorized", "nobody"):
        fake.mode = mode
        asyncio.run(gateway_on(fake).send(Outbound((ONE,), "secret words")))
    assert ONE[-7:] not in caplog.text
    assert "secret" not in caplog.text
