"""The SMS dialect of Africa's Talking: every form that comes in."""

from collections.abc import Callable

import httpx
import pytest
from starlette.applications import Starlette

from runtime.callbacks import NO_FORM, BadRequest, Callback, CallbackRouter, parse_form
from sms.gateways.africastalking import (
    CALLBACKS,
    inbound_callback,
    inbound_of,
    opt_out_callback,
    opt_out_of,
    report_callback,
    report_of,
)
from sms.gateways.port import LONGEST_TEXT, DeliveryReport, Inbound, SmsHandlers
from sms.states import State

ONE, TWO = "+77005550101", "+77005550102"
SECRET = "for-tests-only-0123456789"


# --- What comes in


def test_a_text_as_the_gateway_posts_it() -> None:
    form = parse_form(
        b"date=2026-01-05+10%3A00%3A00&from=%2B77005550101&id=in-1&text=%D0%9F%D0%9E%D0%9C+1"
        b"&to=12345&cost=KES+1.00&networkCode=63902&linkId="
    )
    assert inbound_of(form) == Inbound("in-1", ONE, "ПОМ 1")


@pytest.mark.parametrize("number", [ONE, f" {ONE[1:]}", ONE[1:], f" {ONE} "])
def test_a_number_that_lost_its_plus_is_read_as_what_it_is(number: str) -> None:
    assert inbound_of({"id": "in-1", "from": number, "text": "HELP"}).sender == ONE
    assert opt_out_of({"phoneNumber": number}) == ONE
    assert report_of({"id": "1", "status": "Success", "phoneNumber": number}).msisdn == ONE


def test_a_plus_that_was_not_escaped_is_read_as_one() -> None:
    assert inbound_of(parse_form(b"id=in-1&from=+77005550101&text=HELP")).sender == ONE


@pytest.mark.parametrize("number", ["", "MTN", "12345", f"{ONE},{TWO}", f"{ONE}\n", f"{ONE}\0"])
def test_what_no_phone_sent_is_refused(number: str) -> None:
    form = {"id": "in-1", "from": number, "phoneNumber": number, "text": "HELP"}
    for read in (inbound_of, opt_out_of):
        with pytest.raises(BadRequest, match="no phone number in") as refused:
            read(form)
        assert refused.value.status == 400


def test_an_endless_text_is_cut() -> None:
    found = inbound_of({"id": "1", "from": ONE, "text": "x" * 60_000})
    assert found
    assert len(found.text) == LONGEST_TEXT


@pytest.mark.parametrize("id_", ["", " ", "a b", "x" * 129, "a\nb"])
def test_a_form_without_an_id_is_refused(id_: str) -> None:
    for read in (inbound_of, report_of):
        with pytest.raises(BadRequest) as refused:
            read({"id": id_, "from": ONE, "status": "Success"})
        assert refused.value.status == 400


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("Sent", State.ACCEPTED),
        ("Submitted", State.ACCEPTED),
        ("Buffered", State.ACCEPTED),
        ("Success", State.DELIVERED),
        ("Failed", State.FAILED),
        ("Rejected", State.FAILED),
        ("AbsentSubscriber", State.FAILED),
        ("Expired", State.FAILED),
        ("Brand new", None),
    ],
)
def test_every_delivery_status_is_mapped(word: str, state: State | None) -> None:
    form = {"id": "ATXid_1", "status": word, "phoneNumber": ONE, "failureReason": "UserInBlackList"}
    assert report_of(form) == DeliveryReport("ATXid_1", state, ONE)


def test_an_unknown_status_is_recorded_without_its_numbers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    report_of({"id": "1", "status": f"Odd {ONE}\nforged line", "phoneNumber": ONE})
    [line] = [each.getMessage() for each in caplog.records]
    assert "Odd" in line
    assert "\n" not in line
    assert ONE[-7:] not in line


def test_a_report_without_a_status_is_refused() -> None:
    with pytest.raises(BadRequest, match="no status"):
        report_of({"id": "1", "phoneNumber": ONE})


@pytest.mark.parametrize("make", [inbound_callback, report_callback, opt_out_callback])
async def test_what_cannot_be_stored_is_asked_for_again(
    make: Callable[[str, SmsHandlers], Callback], caplog: pytest.LogCaptureFixture
) -> None:
    taken = []

    async def take(what: object) -> None:
        taken.append(what)
        if len(taken) == 1:
            raise OSError(f"about {ONE}")

    callback = make(SECRET, SmsHandlers(take, take, take))
    app = CallbackRouter({("africastalking", "x"): callback}, Starlette())
    form = {"id": "1", "from": ONE, "phoneNumber": ONE, "status": "Success", "text": "HELP"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        codes = [
            (await http.post(f"/africastalking/{SECRET}/x", data=form)).status_code for _ in "12"
        ]
        wrong = await http.post("/africastalking/wrong/x", data=form)
    assert (codes, wrong.status_code, len(taken)) == ([503, 200], 404, 2)
    assert ONE[-7:] not in caplog.text


OTHER_TYPES = {
    "application/json": b'{"id": "1", "from": "+77005550101", "phoneNumber": "+77005550101"}',
    "text/plain": b"id=1&from=%2B77005550101&phoneNumber=%2B77005550101&status=Success",
    "multipart/form-data; boundary=x": b'--x\r\nContent-Disposition: form-data; name="id"\r\n\r\n1',
}


@pytest.mark.parametrize("kind", OTHER_TYPES)
@pytest.mark.parametrize("what", ["sms", "sms/delivery", "sms/opt-out"])
async def test_what_is_no_form_is_never_answered_as_stored(
    what: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Every 200 ends the gateway's retries, so none stands before what was dropped."""

    async def take(_what: object) -> None:
        raise AssertionError

    handlers = SmsHandlers(take, take, take)
    callbacks = {("at", name): make(SECRET, handlers) for name, make in CALLBACKS.items()}
    transport = httpx.ASGITransport(CallbackRouter(callbacks, Starlette()))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        answer = await http.post(
            f"/at/{SECRET}/{what}", content=OTHER_TYPES[kind], headers={"content-type": kind}
        )
    assert answer.status_code == 415
    [line] = [each.getMessage() for each in caplog.records if each.name == "runtime.callbacks"]
    assert line == f"callback at/{what}: refused with 415: {NO_FORM}"
