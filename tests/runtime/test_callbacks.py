"""The callback over real HTTP and real Redis: what gateways and others may post."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qsl, quote_plus

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis
from starlette.responses import Response
from starlette.types import Message, Receive

from runtime.callbacks import (
    MOST_OCTETS,
    BadRequest,
    Callback,
    Form,
    form_callback,
    parse_form,
    read_body,
)
from tests.support.service import SECRET, Service, form, new_session

GOOD = "sessionId=ATUid_1&phoneNumber=%2B77010000000&text="
KEPT = b"sessionId=ATUid_1&phoneNumber=%2B77010000000"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def redis(redis_url: str) -> Any:
    with Redis.from_url(redis_url, decode_responses=True) as client:
        client.flushall()
        yield client


def test_a_dialogue_over_the_wire(service: Service, redis: Any) -> None:
    session = new_session()
    assert service.hop(session, "").startswith("CON Politsiya")
    assert service.hop(session, "3").startswith("CON 1 I am")
    assert service.hop(session, "3*1").startswith("CON Call the police 102")
    assert redis.hgetall(f"ussd:session:{session}")["heard"] == "2"
    assert 0 < redis.ttl(f"ussd:session:{session}") <= 600


def test_the_answer_is_plain_text_from_the_first_octet(service: Service) -> None:
    response = service.http.post(service.callback, data=form(new_session(), ""))
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.content.startswith(b"CON ")


@pytest.mark.parametrize(
    ("body", "status", "begins"),
    [
        pytest.param(b"", 200, "END Politsiya", id="nothing"),
        pytest.param(b"a=1", 200, "END Politsiya", id="another form"),
        pytest.param(b'{"text": "1"}', 200, "END Politsiya", id="JSON"),
        pytest.param(b"\xff\xfe\x00\x01" * 100, 200, "END Politsiya", id="noise"),
        pytest.param(b"text=1&text=2&sessionId=x", 200, "END Politsiya", id="repeated"),
        pytest.param(
            b"&".join([b"a%d=" % n for n in range(65)]), 200, "END Politsiya", id="fields"
        ),
        pytest.param(b"text=" + b"1" * MOST_OCTETS, 413, "a body has", id="too large"),
        pytest.param(b"text=3", 200, "CON 1 I am", id="no session: answered, not kept"),
        pytest.param(b"sessionId=ATUid_1", 200, "CON Politsiya", id="no text: the first screen"),
        pytest.param(b"text=3&sessionId=", 200, "CON 1 I am", id="an empty session"),
        pytest.param(b"text=3&sessionId=a%00b", 200, "CON 1 I am", id="NUL in the session"),
        pytest.param(b"text=3%00&sessionId=x y", 200, "CON 1 I am", id="NUL in the answer"),
        pytest.param(KEPT + b"&text=3*%FF%FE", 200, "CON Please", id="no UTF-8"),
        pytest.param(KEPT + b"&text=3*\xd0\xff", 200, "CON Please", id="no UTF-8, unescaped"),
        pytest.param(KEPT + b"&text=3*%00", 200, "CON Please", id="NUL, in a good session"),
        pytest.param(KEPT, 200, "CON Politsiya", id="no text, in a good session"),
        pytest.param(b"text=3&phoneNumber=1&sessionId=ATUid_1", 200, "CON 1 I am", id="no number"),
        pytest.param(
            b"text=3*1*0*1;sessionId=x", 200, "CON Please", id="a semicolon parts nothing"
        ),
        pytest.param(b"text=" + b"*" * 30000, 200, "END ", id="stars alone"),
        pytest.param(b"text=3" + b"*1*0" * 5000, 200, "CON 1 I am", id="ten thousand answers"),
        pytest.param(b"text=%F0%9F%98%80", 200, "CON 1-6?", id="an emoji"),
    ],
)
def test_bad_input_is_answered_and_leaves_nothing(
    service: Service, redis: Any, body: bytes, status: int, begins: str
) -> None:
    response = service.http.post(service.callback, content=body, headers={"content-type": FORM})
    assert (response.status_code, response.text[: len(begins)]) == (status, begins)
    assert redis.keys() == []


@pytest.mark.parametrize("content_type", [None, FORM, f"{FORM}; charset=UTF-8", FORM.upper()])
def test_a_form_is_read_with_or_without_its_name(
    service: Service, content_type: str | None
) -> None:
    headers = {"content-type": content_type} if content_type else {}
    response = service.http.post(service.callback, content=f"{GOOD}3".encode(), headers=headers)
    assert (response.status_code, response.text[:10]) == (200, "CON 1 I am")


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data", "x", ""])
def test_what_says_that_it_is_no_form_gets_the_numbers(
    service: Service, redis: Any, content_type: str
) -> None:
    headers = {"content-type": content_type}
    response = service.http.post(service.callback, content=f"{GOOD}3".encode(), headers=headers)
    assert (response.status_code, response.text[:13]) == (200, "END Politsiya")
    assert redis.keys() == []


def test_the_end_of_a_session_that_is_no_form_is_refused(service: Service, redis: Any) -> None:
    headers = {"content-type": "application/json"}
    response = service.http.post(f"{service.callback}/end", content=b"{}", headers=headers)
    assert (response.status_code, redis.keys()) == (415, [])


@pytest.mark.parametrize("number", ["77010000000", "+77010000000"])
def test_a_caller_whose_number_lost_its_plus_is_remembered(
    service: Service, redis: Any, number: str
) -> None:
    """As a blank, where nobody escaped it, or altogether."""
    session = new_session()
    body = f"sessionId={session}&text=3&phoneNumber={number}"
    response = service.http.post(service.callback, content=body, headers={"content-type": FORM})
    assert response.text.startswith("CON 1 I am")
    assert redis.hget(f"ussd:session:{session}", "heard") == "1"


@pytest.mark.parametrize("end", ["ussd", "ussd/end"])
@pytest.mark.parametrize("secret", ["wrong", SECRET[:-1], SECRET + "0", "%00", "қ", "%ff", " "])
def test_a_wrong_secret_finds_nothing(service: Service, redis: Any, secret: str, end: str) -> None:
    address = f"{service.base}/africastalking/{secret}/{end}"
    response = service.http.post(address, content=GOOD.encode())
    assert (response.status_code, redis.keys()) == (404, [])
    assert service.http.get(address).status_code == 404


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/redoc", "/africastalking"])
def test_nothing_else_is_shown(service: Service, path: str) -> None:
    assert service.http.get(f"{service.base}{path}").status_code == 404


def test_only_a_post_is_a_hop(service: Service) -> None:
    response = service.http.get(service.callback)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300) | st.binary(max_size=60).map(lambda tail: GOOD.encode() + tail))
def test_no_body_yields_a_server_error(service: Service, body: bytes) -> None:
    for address in (service.callback, f"{service.callback}/end"):
        response = service.http.post(address, content=body, headers={"content-type": FORM})
        assert response.status_code in (200, 400)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_no_text_yields_anything_but_a_screen(service: Service, text: str) -> None:
    assert service.hop("ATUid_any", text).startswith(("CON ", "END "))


# --- More than can be answered ------------------------------------------------

SCOPE = {"type": "http", "method": "POST", "path": "/gateway/secret/what", "headers": []}


async def a_body() -> Message:
    return {"type": "http.request", "body": b"text="}


async def no_body() -> Message:
    raise AssertionError("it is answered unread")


@pytest.mark.parametrize("ends", ["answered", "failed", "cancelled", "cut off"])
async def test_what_comes_behind_too_many_is_answered_at_once_and_unread(
    ends: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("runtime.callbacks.MOST_UNDER_WAY", 3)
    going_on = asyncio.Event()

    async def answer(_: Form) -> str:
        await going_on.wait()
        if ends == "failed":
            raise OSError
        return "CON answered"

    async def cut_off() -> Message:
        await going_on.wait()
        return {"type": "http.disconnect"}

    def ask(receive: Receive) -> asyncio.Task[Response]:
        return asyncio.create_task(callback.respond("secret", SCOPE, receive))

    callback = form_callback("secret", answer, if_broken=lambda: "END numbers")
    first = [ask(cut_off if ends == "cut off" else a_body) for _ in range(3)]
    await asyncio.sleep(0)
    crowded = [await callback.respond("secret", SCOPE, no_body) for _ in range(5)]
    assert {(each.status_code, each.body) for each in crowded} == {(200, b"END numbers")}
    assert (await callback.respond("wrong", SCOPE, no_body)).status_code == 404
    if ends == "cancelled":
        for each in first:
            each.cancel()
    going_on.set()
    await asyncio.gather(*first, return_exceptions=True)
    begins = b"END numbers" if ends == "failed" else b"CON answered"
    assert [(await ask(a_body)).body for _ in range(4)] == [begins] * 4
    assert caplog.text.count("too many at once") == 1


async def test_a_text_behind_too_many_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for its answer: the gateway posts it again."""
    monkeypatch.setattr("runtime.callbacks.MOST_UNDER_WAY", 0)

    async def answer(_: Form) -> str:
        raise AssertionError("it is not heard")

    said = await form_callback("secret", answer).respond("secret", SCOPE, no_body)
    assert (said.status_code, said.body) == (503, b"come again")


# --- Again, and at once -------------------------------------------------------


def test_equal_hops_at_the_same_instant_are_one(service: Service, redis: Any) -> None:
    session = new_session()
    with ThreadPoolExecutor(20) as pool:
        replies = set(pool.map(lambda _: service.hop(session, "3*1"), range(60)))
    assert len(replies) == 1
    [counts] = [redis.hgetall(key) for key in redis.keys("ussd:counts:*")]
    here = {"at en danger": "1"}
    assert counts == {"sessions": "1", "hops": "1", "repeated hops": "59"} | here


def test_an_earlier_hop_that_comes_again_late_changes_nothing(service: Service, redis: Any) -> None:
    session = new_session()
    early, late = service.hop(session, "3"), service.hop(session, "3*1")
    assert service.hop(session, "3") == early
    assert service.hop(session, "3*1") == late
    assert redis.hget(f"ussd:session:{session}", "heard") == "2"


def test_the_end_of_a_session_is_counted_once(service: Service, redis: Any) -> None:
    for session, status in (("s1", "Success"), ("s1", "Success"), ("s2", "Odd"), ("s3", "Failed")):
        data = {"sessionId": session, "status": status, "phoneNumber": "+77010000000", "input": "3"}
        response = service.http.post(f"{service.callback}/end", data=data)
        assert (response.status_code, response.text) == (200, "OK")
    [counts] = [redis.hgetall(key) for key in redis.keys("ussd:counts:*")]
    assert counts == {"ended: by us": "1", "ended: otherwise": "1", "ended: by a failure": "1"}


@pytest.mark.parametrize(
    "form",
    [
        {"sessionId": "s1", "status": "Success", "phoneNumber": "abc"},
        {"sessionId": "s1", "status": "Success"},
        {"sessionId": "a b", "phoneNumber": "+77010000000"},
        {},
    ],
)
def test_the_end_of_no_session_leaves_nothing(
    service: Service, redis: Any, form: dict[str, str]
) -> None:
    assert service.http.post(f"{service.callback}/end", data=form).status_code == 400
    assert redis.keys() == []


def test_alive_and_ready(service: Service) -> None:
    assert service.http.get(f"{service.base}/healthz").json() == {"status": "alive"}
    ready = service.http.get(f"{service.base}/readyz")
    assert (ready.status_code, ready.json()["redis"]) == (200, "answers")
    assert service.http.head(f"{service.base}/healthz").status_code == 200


def test_nothing_of_a_person_is_kept_or_logged(service: Service, redis: Any) -> None:
    """A number and words that stand nowhere else are in no key, value or log line."""
    number, words, session = "+77019998877", "salem-canary", new_session()
    for text in ("", "3", f"3*{words}", f"3*{words}*1"):
        service.http.post(service.callback, data=form(session, text, number))
    end = {**form(session, words, number), "status": "Success", "input": words}
    service.http.post(f"{service.callback}/end", data=end)
    kept = {key: values(redis, key) for key in redis.scan_iter()}
    everything = repr(kept) + service.log.read_text()
    assert session in everything
    for canary in (number, number[1:], quote_plus(number), words):
        assert canary not in everything


def values(redis: Any, key: str) -> object:
    read = {"hash": redis.hgetall, "set": redis.smembers, "string": redis.get}
    value: object = read[redis.type(key)](key)
    return value


# --- The endpoint itself ------------------------------------------------------


async def ask(callback: Callback, body: bytes = b"text=1") -> httpx.Response:
    """Post to the endpoint without a server."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    response = await callback.respond(SECRET, {"method": "POST", "headers": []}, receive)
    return httpx.Response(response.status_code, content=bytes(response.body))


async def test_whatever_breaks_the_caller_sees_the_numbers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def break_down(form: object) -> str:
        raise KeyError(f"secret of a caller: {form}")

    with caplog.at_level(logging.ERROR):
        response = await ask(
            form_callback(SECRET, break_down, lambda: "END Police 102"), b"text=hush"
        )
    assert (response.status_code, response.text) == (200, "END Police 102")
    assert "KeyError at " in caplog.text
    assert "hush" not in caplog.text


async def test_a_body_that_does_not_come_is_a_408(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.callbacks.BODY_SECONDS", 0.01)
    parts: list[Message] = [{"type": "http.request", "body": b"text=", "more_body": True}]

    async def receive() -> Message:
        return parts.pop() if parts else await asyncio.Event().wait()  # type: ignore[return-value]

    with pytest.raises(BadRequest) as bad:
        await read_body(receive)
    assert bad.value.status == 408


async def test_a_body_in_pieces_is_read_and_capped_as_a_whole() -> None:
    piece = b"a" * (MOST_OCTETS // 2)

    def receiver(parts: list[bytes]) -> Any:
        async def receive() -> Message:
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

        return receive

    assert await read_body(receiver([piece, piece])) == piece * 2
    with pytest.raises(BadRequest) as bad:
        await read_body(receiver([piece, piece, b"a"]))
    assert bad.value.status == 413


async def test_a_body_that_is_cut_off_is_a_400() -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    with pytest.raises(BadRequest) as bad:
        await read_body(receive)
    assert bad.value.status == 400


def test_empty_fields_count() -> None:
    assert parse_form(b"text=&sessionId=1") == {"text": "", "sessionId": "1"}


@given(st.text("ab=&%+2A4;\0Ф", max_size=40).map(str.encode) | st.binary(max_size=40))
def test_a_form_is_read_as_the_standard_library_reads_it(body: bytes) -> None:
    pairs = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    if len(dict(pairs)) == len(pairs):
        assert parse_form(body) == dict(pairs)
    else:
        with pytest.raises(BadRequest):
            parse_form(body)


def test_texts_from_outside_the_prefixes_are_told_without_a_number(service: Service) -> None:
    before = len(service.log.read_text())
    address = service.callback.removesuffix("/ussd") + "/sms"
    for n in range(3):
        text = {"id": f"from-outside-{n}", "from": "+12025550100", "to": "1234", "text": "HELP"}
        assert service.http.post(address, data=text).status_code == 200
    log = service.log.read_text()[before:]
    assert log.count("texts from outside KOMEK_PREFIXES are not answered") == 1
    assert "2025550100" not in log
