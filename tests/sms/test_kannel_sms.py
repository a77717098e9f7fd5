"""The SMS dialect of Kannel: what it posts, and every answer to a call that goes out."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette

from runtime.callbacks import BadRequest, CallbackRouter, HttpRequest
from runtime.settings import Settings, faults_in
from sms.gateways import kannel_client
from sms.gateways.kannel import (
    KANNEL,
    Answer,
    KannelSettings,
    SendSms,
    inbound_of,
    report_of,
    result_of,
    send_sms_of,
)
from sms.gateways.kannel_client import KannelGateway, result_of_error
from sms.gateways.port import (
    LONGEST_TEXT,
    Accepted,
    DeliveryReport,
    GatewayError,
    Inbound,
    NotSent,
    Outbound,
    OutcomeUnknown,
    Rejected,
    Result,
    SmsHandlers,
)
from sms.states import State
from tests.support.fake_sendsms import BREAKS_OFF, FULL, HANGS, Asked, FakeSendSms, fake_sendsms
from tests.support.service import free_port

ONE, TWO = "+77005550101", "+77005550102"
SECRET = "for-tests-only-0123456789"
REPORTS = "http://127.0.0.1:8000/kannel/SECRET/sms/delivery"


# --- What comes in


def posted(body: str = "", sender: str = ONE, query: str = "id=in-1") -> HttpRequest:
    headers = [(b"x-kannel-from", sender.encode()), (b"x-kannel-to", b"7111")]
    scope = {"query_string": query.encode(), "headers": headers}
    return HttpRequest(scope, body.encode())


@pytest.mark.parametrize("body", ["ПОМ 1", "Қауіпсіз  + & ғ\nекінші", "%D0%9F=1&id=2", "", "😀"])
@pytest.mark.parametrize("sender", [ONE, ONE[1:]])
def test_a_text_is_its_body_from_the_number_in_the_header(body: str, sender: str) -> None:
    assert inbound_of(posted(body, sender)) == Inbound("in-1", ONE, body)


@pytest.mark.parametrize("sender", ["", "MTN", "12345", f"{ONE},{TWO}", "+0123456789"])
def test_a_text_of_no_phone_is_refused(sender: str) -> None:
    with pytest.raises(BadRequest, match="no phone number") as refused:
        inbound_of(posted("HELP", sender))
    assert refused.value.status == 400


def test_an_endless_text_is_cut() -> None:
    found = inbound_of(posted("x" * 60_000))
    assert found
    assert len(found.text) == LONGEST_TEXT


@pytest.mark.parametrize("query", ["", "id=", "id=a+b", f"id={'x' * 129}", "id=1&id=1"])
def test_a_request_without_an_id_is_refused(query: str) -> None:
    for read in (inbound_of, report_of):
        with pytest.raises(BadRequest) as refused:
            read(posted(query=query))
        assert refused.value.status == 400


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("1", State.DELIVERED),
        ("2", State.FAILED),
        ("4", State.ACCEPTED),
        ("8", State.ACCEPTED),
        ("16", State.FAILED),
        ("32", None),
        ("", None),
        ("one", None),
        ("9" * 5000, None),
    ],
)
def test_every_kind_of_report_is_mapped(word: str, state: State | None) -> None:
    assert report_of(posted(query=f"id=m1&status={word}")) == DeliveryReport("m1", state)


@asynccontextmanager
async def posting(handlers: SmsHandlers) -> AsyncIterator[httpx.AsyncClient]:
    callbacks = {
        ("kannel", what): made(SECRET, handlers) for what, made in KANNEL.callbacks.items()
    }
    transport = httpx.ASGITransport(CallbackRouter(callbacks, Starlette()))
    base = f"http://test/kannel/{SECRET}/"
    async with httpx.AsyncClient(transport=transport, base_url=base) as http:
        yield http


async def test_what_cannot_be_stored_is_asked_for_again(caplog: pytest.LogCaptureFixture) -> None:
    taken: list[object] = []

    async def take(what: object) -> None:
        taken.append(what)
        if len(taken) % 2:
            raise OSError(f"about {ONE}")

    async with posting(SmsHandlers(take, take, take)) as http:
        headers = {"X-Kannel-From": ONE}
        texts = [await http.post("sms?id=1", content="HELP", headers=headers) for _ in "12"]
        reports = [await http.get("sms/delivery?id=m1&status=1") for _ in "12"]
    assert [each.status_code for each in (*texts, *reports)] == [503, 200, 503, 200]
    assert {texts[1].text, reports[1].text} == {""}, "what is in it would be sent to the person"
    assert taken == [Inbound("1", ONE, "HELP")] * 2 + [DeliveryReport("m1", State.DELIVERED)] * 2
    assert ONE[-7:] not in caplog.text


# --- What goes out


@pytest.fixture
async def fake() -> AsyncIterator[FakeSendSms]:
    async with fake_sendsms() as fake:
        yield fake


@asynccontextmanager
async def gateway_at(url: str) -> AsyncIterator[KannelGateway]:
    ask = SendSms(url, "komek", "secret-password", "7111", REPORTS)
    gateway = KannelGateway(ask, timeout=(1.0, 0.3))
    try:
        yield gateway
    finally:
        await gateway.aclose()


@pytest.fixture
async def gateway(fake: FakeSendSms) -> AsyncIterator[KannelGateway]:
    async with gateway_at(fake.url) as gateway:
        yield gateway


async def test_a_text_goes_out_as_it_is(fake: FakeSendSms, gateway: KannelGateway) -> None:
    text = "Қоңырау: 112\n & +?"
    assert await gateway.send(Outbound((ONE,), text, ("m1",))) == {ONE: Accepted("m1")}
    [asked] = fake.asked
    assert asked.text == text
    ours = {name: value for name, value in asked.headers.items() if name.startswith("x-")}
    assert ours == {
        "x-kannel-username": "komek",
        "x-kannel-password": "secret-password",
        "x-kannel-from": "7111",
        "x-kannel-to": ONE,
        "x-kannel-priority": "3",
        "x-kannel-coding": "2",
        "x-kannel-dlr-mask": "31",
        "x-kannel-dlr-url": f"{REPORTS}?id=m1&status=%d",
    }
    assert asked.headers["content-type"] == "text/plain; charset=UTF-8"


@pytest.mark.parametrize(
    ("text", "coding"), [("Call 112.", None), ("€ {é}", None), ("Қ", "2"), ("😀", "2")]
)
async def test_the_encoding_is_ours_to_choose(
    fake: FakeSendSms, gateway: KannelGateway, text: str, coding: str | None
) -> None:
    await gateway.send(Outbound((ONE,), text))
    assert fake.asked[0].headers.get("x-kannel-coding") == coding
    assert "x-kannel-dlr-url" not in fake.asked[0].headers, "no id, no report"


@pytest.mark.parametrize("text", ["", "x" * (8 * 153 + 1), "ж" * (8 * 67 + 1)])
async def test_what_kannel_would_cut_or_send_empty_is_not_asked_for(
    fake: FakeSendSms, gateway: KannelGateway, text: str
) -> None:
    assert isinstance((await gateway.send(Outbound((ONE,), text)))[ONE], Rejected)
    assert fake.asked == []


NOBODY = "400 Number(s) has/have been denied by white- and/or black-lists."
CERTAIN: dict[str, tuple[type[Result], GatewayError | None]] = {
    "202 0: Accepted for delivery": (Accepted, None),
    "202 3: Queued for later delivery": (Accepted, None),
    "202 0: Accepted for delivery\n": (Accepted, None),
    FULL: (NotSent, None),
    "403 Authorization failed for sendsms": (NotSent, GatewayError.ACCOUNT),
    "403 Not routable. Do not try again.": (NotSent, GatewayError.REFUSED),
    "404 ": (NotSent, GatewayError.ACCOUNT),
    "404 Not found": (NotSent, GatewayError.ACCOUNT),
    "400 Missing receiver number, rejected": (Rejected, GatewayError.REFUSED),
    "400 Missing receiver(s) number(s), rejected": (Rejected, GatewayError.REFUSED),
    "400 Empty receiver number not allowed, rejected": (Rejected, GatewayError.REFUSED),
    "400 Sender missing and no global set, rejected": (Rejected, GatewayError.SENDER_ID),
    NOBODY: (Rejected, GatewayError.REFUSED),
    "400 Coding field misformed, rejected": (Rejected, GatewayError.REFUSED),
    "400 Charset or body misformed, rejected": (Rejected, GatewayError.REFUSED),
    "400 DLR-Mask field misformed, rejected": (Rejected, GatewayError.REFUSED),
    "400 Invalid content-type": (Rejected, GatewayError.REFUSED),
}
DOUBTFUL = [
    "202 ",
    "202 Sent.",
    "200 0: Accepted for delivery",
    "301 ",
    "400 Bad request",
    "403 Forbidden",
    "500 ",
    "502 Bad gateway",
    "503 Service unavailable",
]


@pytest.mark.parametrize("answer", [*CERTAIN, *DOUBTFUL])
def test_every_answer_of_sendsms(answer: str) -> None:
    """What is in doubt is unknown."""
    status, _, body = answer.partition(" ")
    result = result_of(Answer(int(status), body), "m1")
    unknown = OutcomeUnknown, GatewayError.NO_ANSWER
    assert (type(result), getattr(result, "error", None)) == CERTAIN.get(answer, unknown)


@pytest.mark.parametrize("answer", [HANGS, BREAKS_OFF])
async def test_without_an_answer_it_may_have_gone(
    fake: FakeSendSms, gateway: KannelGateway, answer: str
) -> None:
    fake.answer = lambda _: answer
    result = (await gateway.send(Outbound((ONE,), "x", ("m1",))))[ONE]
    assert isinstance(result, OutcomeUnknown)
    assert result.error is GatewayError.NO_ANSWER
    assert len(fake.asked) == 1


async def test_an_answer_that_trickles_is_not_waited_for(
    fake: FakeSendSms, gateway: KannelGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kannel_client, "CALL_SECONDS", 0.1)
    fake.answer = lambda _: HANGS
    assert isinstance((await gateway.send(Outbound((ONE,), "x")))[ONE], OutcomeUnknown)


async def test_nobody_listening_is_not_sent() -> None:
    async with gateway_at(f"http://127.0.0.1:{free_port()}/") as gateway:
        results = await gateway.send(Outbound((ONE,), "x"))
    error = GatewayError.OUT_OF_REACH
    assert results == {ONE: NotSent("no connection to Kannel", error)}


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (httpx.ConnectError("x"), NotSent),
        (httpx.ConnectTimeout("x"), NotSent),
        (httpx.PoolTimeout("x"), NotSent),
        (httpx.ReadError("x"), OutcomeUnknown),
        (httpx.ReadTimeout("x"), OutcomeUnknown),
        (httpx.WriteError("x"), OutcomeUnknown),
        (httpx.WriteTimeout("x"), OutcomeUnknown),
        (httpx.RemoteProtocolError("x"), OutcomeUnknown),
        (MemoryError("+77005550101"), OutcomeUnknown),
    ],
)
def test_only_what_certainly_never_left_is_sent_again(
    error: Exception, result: type[Result]
) -> None:
    found = result_of_error(error)
    assert type(found) is result
    assert ONE[-7:] not in repr(found)


def phones(many: int) -> tuple[str, ...]:
    return tuple(f"+7700666{n:04}" for n in range(many))


async def test_one_recipient_a_call_many_calls_at_once_on_kept_connections(
    fake: FakeSendSms, gateway: KannelGateway
) -> None:
    to, ids = phones(100), tuple(f"m{n}" for n in range(100))
    results = await gateway.send(Outbound(to, "x", ids))
    assert results == {number: Accepted(id_) for number, id_ in zip(to, ids, strict=True)}
    assert sorted(each.to for each in fake.asked) == sorted(to)
    assert 1 < fake.connections <= kannel_client.MOST_AT_ONCE
    assert 1 < fake.most_at_once <= kannel_client.MOST_AT_ONCE


async def test_a_number_that_is_none_spoils_no_others(
    fake: FakeSendSms, gateway: KannelGateway
) -> None:
    odd = f"{TWO}\n"
    results = await gateway.send(Outbound((odd, ONE, f"{ONE} {TWO}"), "x"))
    assert [type(each) for each in results.values()] == [Rejected, Accepted, Rejected]
    assert [each.to for each in fake.asked] == [ONE]


async def test_a_full_queue_is_not_asked_on(fake: FakeSendSms, gateway: KannelGateway) -> None:
    """Some were taken, and the rest waits: nobody is lost, nothing is an error."""
    to, room = phones(100), iter(range(40))

    def answer(_: Asked) -> str:
        return FULL if next(room, None) is None else "202 0: Accepted for delivery"

    fake.answer = answer
    results = await gateway.send(Outbound(to, "x"))
    kinds = [type(each) for each in results.values()]
    assert (kinds.count(Accepted), kinds.count(NotSent)) == (40, 60)
    assert {each.error for each in results.values() if isinstance(each, NotSent)} == {None}
    assert len(fake.asked) <= 40 + kannel_client.MOST_AT_ONCE


async def test_after_a_full_queue_the_series_leaves_room_for_replies(
    fake: FakeSendSms, gateway: KannelGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.answer = lambda _: FULL
    await gateway.send(Outbound((ONE,), "x", bulk=True))
    fake.answer = lambda _: "202 0: Accepted for delivery"
    bulk, reply = Outbound((ONE,), "x", ("m1",), bulk=True), Outbound((TWO,), "x", ("m2",))
    assert isinstance((await gateway.send(bulk))[ONE], NotSent)
    assert await gateway.send(reply) == {TWO: Accepted("m2")}
    assert [each.headers["x-kannel-priority"] for each in fake.asked] == ["0", "3"]
    monkeypatch.setattr(gateway, "_pause_until", 0.0)
    assert await gateway.send(bulk) == {ONE: Accepted("m1")}


async def test_a_silent_kannel_leaves_few_in_doubt(
    fake: FakeSendSms, gateway: KannelGateway
) -> None:
    fake.answer = lambda _: HANGS
    results = await gateway.send(Outbound(phones(100), "x"))
    unknown = [each for each in results.values() if isinstance(each, OutcomeUnknown)]
    assert 0 < len(unknown) == len(fake.asked) <= kannel_client.MOST_AT_ONCE


async def test_a_reply_does_not_wait_for_the_series(
    fake: FakeSendSms, gateway: KannelGateway
) -> None:
    reply = "202 0: Accepted for delivery"
    fake.answer = lambda asked: reply if asked.to == ONE else HANGS
    series = asyncio.create_task(gateway.send(Outbound(phones(50), "x")))
    assert await gateway.send(Outbound((ONE,), "x", ("m1",))) == {ONE: Accepted("m1")}
    assert not series.done()
    await series


async def test_nothing_of_a_person_is_logged(
    fake: FakeSendSms, gateway: KannelGateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="sms")
    caplog.set_level(logging.INFO)
    for answer in (FULL, BREAKS_OFF, "403 Authorization failed for sendsms"):
        fake.answer = lambda _, answer=answer: answer  # type: ignore[misc]
        results = await gateway.send(Outbound((ONE,), "hushed words"))
        assert ONE[-7:] not in repr([*results.values()])
    for secret in ("555", "hushed", "secret-password"):
        assert secret not in caplog.text


# --- What is set up


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("KOMEK_KANNEL_PASSWORD", "hush")
    return Settings.model_validate({"callback_secret": SECRET, "short_code": "7111", "port": 81})


@pytest.mark.parametrize(
    ("own", "sender", "reports"),
    [
        ({}, None, "http://127.0.0.1:81"),
        ({"callback_url": "https://komek.example"}, "KOMEK", "https://komek.example"),
    ],
)
def test_texts_come_from_the_sender_or_the_short_code(
    settings: Settings, own: dict[str, str], sender: str | None, reports: str
) -> None:
    chosen = settings.model_copy(update={"sender_id": sender})
    ask = send_sms_of(chosen, KannelSettings.model_validate(own))
    assert ask.sender == (sender or "7111")
    assert ask.reports == f"{reports}/kannel/{SECRET}/sms/delivery"


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("PASSWORD", "", "is missing; set it, or …_FILE to a file that holds it"),
        ("PASSWORD", "a b", "may have printable ASCII only, without blanks"),
        ("URL", "localhost:13013", "String should match pattern"),
        ("CALLBACK_URL", "http://host/path", "String should match pattern"),
        ("USERNAME", "a\nb", "String should match pattern"),
    ],
)
def test_wrong_settings_are_told(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, name: str, value: str, fault: str
) -> None:
    monkeypatch.setenv(f"KOMEK_KANNEL_{name}", value)
    [told] = faults_in(KannelSettings)
    assert told.startswith(f"KOMEK_KANNEL_{name}: {fault}")
