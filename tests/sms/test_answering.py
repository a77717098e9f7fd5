"""Texts over real HTTP, through the outbox and its worker, to the simulator's inbox."""

import time
from collections.abc import Iterator

import pytest

from tests.support.phones import Phones, texted_service
from tests.support.service import SECRET


@pytest.fixture(scope="module")
def phone(processes: None) -> Iterator[Phones]:
    with texted_service() as phones:
        yield phones


@pytest.mark.parametrize(
    ("number", "words", "says"),
    [
        ("+77010000001", "HELP", ["102", "11616"]),
        ("+77010000002", "помощь", ["102", "11616"]),
        ("+77010000003", "КӨМЕК", ["102", "11616"]),
        ("+77010000004", "embassy uk", ["United Kingdom", "+44 7447 470570", "police 999"]),
        (
            "+77010000005",
            "ПОСОЛЬСТВО ТУРЦИЯ",
            ["Турция", "155", "+90 312 491 91 00, не подтверждено"],
        ),
        ("+77010000006", "ЕЛШІЛІК ТҮРКИЯ", ["Түркия", "155", "+90 312 491 91 00, расталмаған"]),
        ("+77010000007", "TIPS", ["11616"]),
        ("+77010000008", "xyzzy", ["102"]),
        ("+77010000009", "посольство корея", ["Южная Корея", "112"]),
    ],
)
def test_a_text_is_answered_with_one(
    phone: Phones, number: str, words: str, says: list[str]
) -> None:
    assert phone.text(number, words) == 200
    [reply] = phone.quiet(number, 1)
    assert [piece for piece in says if piece not in reply] == [], reply


def test_a_text_that_comes_again_is_answered_once(phone: Phones) -> None:
    number = "+77010000011"
    for _ in range(5):
        assert phone.text(number, "HELP", id_="the-same") == 200
    assert len(phone.quiet(number, 1)) == 1


def test_words_that_mean_nothing_are_answered_twice_an_hour(phone: Phones) -> None:
    number = "+77010000012"
    for _ in range(6):
        phone.text(number, "lorem ipsum")
    assert len(phone.quiet(number, 2)) == 2


def test_the_series_is_asked_for_confirmed_and_stopped(phone: Phones) -> None:
    number = "+77010000013"
    phone.text(number, "SERIES")
    [asks] = phone.inbox(number, 1)
    assert "STOP" in asks
    phone.text(number, "YES")
    assert len(phone.inbox(number, 2)) >= 2
    phone.text(number, "STOP")
    assert phone.quiet(number, 3)[-1].count("\n") == 0, "one neutral line"


def test_yes_to_nothing_means_nothing(phone: Phones) -> None:
    number = "+77010000014"
    phone.text(number, "YES")
    [reply] = phone.quiet(number, 1)
    assert "102" in reply


@pytest.mark.parametrize(
    ("number", "status"),
    [("+12025550100", 200), ("12345", 400), ("KOMEK", 400), ("+77010000015,+77010000016", 400)],
)
def test_only_a_number_in_the_allowed_countries_is_answered(
    phone: Phones, number: str, status: int
) -> None:
    assert phone.text(number, "HELP") == status
    time.sleep(0.3)
    assert phone.received(number) == []


def test_a_number_gets_three_replies_in_ten_minutes(phone: Phones) -> None:
    number = "+77010000017"
    for _ in range(6):
        phone.text(number, "TIPS")
    assert len(phone.quiet(number, 3)) == 3
    phone.text(number, "HELP")
    assert len(phone.quiet(number, 4)) == 4, "the emergency numbers once more"


def test_an_opt_out_ends_the_series(phone: Phones) -> None:
    address = f"{phone.service.base}/africastalking/{SECRET}/sms/opt-out"
    form = {"senderId": "KOMEK", "phoneNumber": "+77010000018"}
    assert phone.service.http.post(address, data=form).status_code == 200


def test_a_report_of_no_message_of_ours_is_taken(phone: Phones) -> None:
    address = f"{phone.service.base}/africastalking/{SECRET}/sms/delivery"
    form = {"id": "nobody", "status": "Odd", "phoneNumber": "+77010000019"}
    assert phone.service.http.post(address, data=form).status_code == 200
