"""Whoever dials again, wherever they were, sees the bytes that somebody new sees.

Whoever holds the phone may not be who dialled before.
"""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.service import SECRET, Service, form, new_number, new_session, running
from tests.ussd.test_conversations import FILES, turns
from tests.ussd.test_kannel_ussd import Phone

Seen = tuple[int, bytes, list[tuple[str, str]]]
"""All that a gateway is answered, but for the time."""


@pytest.fixture(scope="module")
def service(redis_url: str) -> Iterator[Service]:
    """Of a gateway that sends all answers of a session again, and of one that sends the last."""
    settings = {
        "KOMEK_GATEWAY": "africastalking,kannel",
        "KOMEK_DATA_KEY": base64.b64encode(b"k" * 32).decode(),
        "KOMEK_AT_USERNAME": "sandbox",
        "KOMEK_AT_API_KEY": "k" * 30,
        "KOMEK_KANNEL_PASSWORD": "hush",
    }
    with running(redis_url, **settings) as service:
        yield service


def seen(answer: httpx.Response) -> Seen:
    headers = [each for each in answer.headers.multi_items() if each[0] != "date"]
    return answer.status_code, answer.content, sorted(headers)


def dialled(service: Service, number: str) -> Seen:
    """A dial, in a session of its own."""
    return seen(service.http.post(service.callback, data=form(new_session(), "", number)))


def dialled_by_kannel(service: Service, number: str) -> Seen:
    """A dial, in a session of the name that all of them have."""
    return seen(Phone(service, number).dial())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_at_any_point_of_a_session(service: Service, file: Path) -> None:
    number, session = new_number(), new_session()
    for turn in turns(file.read_text("utf-8")):
        service.hop(session, turn.text, number)
        assert dialled(service, number) == dialled(service, new_number()), turn.line


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_at_any_point_where_only_the_last_answer_is_sent(service: Service, file: Path) -> None:
    phone = Phone(service)
    for turn in turns(file.read_text("utf-8")):
        answers = turn.text.split("*") if turn.text else []
        phone.dial()
        for answer in answers:
            phone.answer(answer)
        new = dialled_by_kannel(service, new_number())
        assert dialled_by_kannel(service, phone.number) == new, turn.line


@pytest.mark.parametrize("dial", [dialled, dialled_by_kannel])
@pytest.mark.parametrize("texts", [("SERIES", "YES"), ("SERIES", "YES", "STOP"), ("qyzgaldaq",)])
def test_after_whatever_was_texted(
    service: Service, texts: tuple[str, ...], dial: Callable[[Service, str], Seen]
) -> None:
    number = new_number()
    for words in texts:
        text = {"id": new_session(), "from": number, "to": "1234", "text": words}
        address = f"{service.base}/africastalking/{SECRET}/sms"
        assert service.http.post(address, data=text).status_code == 200
    assert dial(service, number) == dial(service, new_number())
