"""Texts over real HTTP, through the outbox and its worker, to the simulator's inbox."""

import asyncio
import base64
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from sms.embedded_redis import embedded_redis
from sms.sealing import Seal
from sms.simulator import Simulator
from tests.service import SECRET, Service, running, short_folder

KEY = base64.b64encode(b"k" * 32).decode()
PATIENCE = 10.0


@pytest.fixture(scope="module")
def phone() -> "Iterator[Phones]":
    with (
        short_folder() as folder,
        embedded_redis(folder) as url,
        running(url, KOMEK_DATA_KEY=KEY, KOMEK_WORKER="true") as service,
    ):
        yield Phones(service, url, folder)


class Phones:
    """Phones that text the service, and what they receive."""

    def __init__(self, service: Service, url: str, folder: Path) -> None:
        self.service = service
        self.url = url
        self.folder = folder
        self._texts = 0

    def text(self, number: str, words: str, id_: str = "") -> int:
        """Post a text as the gateway does; the status of the answer."""
        self._texts += 1
        form = {"id": id_ or f"in-{self._texts}", "from": number, "to": "1234", "text": words}
        address = f"{self.service.base}/africastalking/{SECRET}/sms"
        return self.service.http.post(address, data=form).status_code

    def inbox(self, number: str, count: int) -> list[str]:
        """The first texts that a phone receives, waited for."""
        deadline = time.monotonic() + PATIENCE
        while len(texts := self._received(number)) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        return texts

    def quiet(self, number: str, count: int) -> list[str]:
        """What a phone has received after everything that was queued is sent."""
        self.inbox(number, count)
        time.sleep(0.5)
        return self._received(number)

    def _received(self, number: str) -> list[str]:
        async def read() -> list[str]:
            async with Redis.from_url(self.url, decode_responses=True) as redis:
                seal = Seal(base64.b64decode(KEY))
                return [each.text for each in await Simulator(redis, seal).inbox(number)]

        return asyncio.run(read())


@pytest.mark.parametrize(
    ("number", "words", "says"),
    [
        ("+77010000001", "HELP", ["102", "11616"]),
        ("+77010000002", "помощь", ["102", "11616"]),
        ("+77010000003", "КӨМЕК", ["102", "11616"]),
        ("+77010000004", "embassy uk", ["United Kingdom", "+447447470570", "police 999"]),
        ("+77010000005", "ПОСОЛЬСТВО ТУРЦИЯ", ["Турция", "+7 7172 720111"]),
        ("+77010000006", "ЕЛШІЛІК ТҮРКИЯ", ["Түркия", "+7 7172 720111"]),
        ("+77010000007", "TIPS", ["11616"]),
        ("+77010000008", "xyzzy", ["102"]),
        ("+77010000009", "посольство корея", ["?"]),
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


@pytest.mark.parametrize("number", ["+12025550100", "12345", "KOMEK", "+77010000015,+77010000016"])
def test_only_a_number_in_the_allowed_countries_is_answered(phone: Phones, number: str) -> None:
    assert phone.text(number, "HELP") == 200
    time.sleep(0.3)
    assert phone._received(number) == []


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


def test_no_number_and_no_word_is_on_the_disk_or_in_the_log(phone: Phones) -> None:
    number, words = "+77019876543", "salem-canary-words"
    phone.text(number, words)
    [reply] = phone.quiet(number, 1)
    canaries = [number[1:], words, reply.splitlines()[-1]]
    files = [file for file in phone.folder.rglob("*") if file.is_file()]
    assert any("aof" in file.name for file in files)
    everything = b"".join(file.read_bytes() for file in files) + phone.service.log.read_bytes()
    for canary in canaries:
        for form in (
            canary.encode(),
            base64.b64encode(canary.encode())[:-3],
            canary.encode().hex(),
        ):
            octets = form if isinstance(form, bytes) else form.encode()
            assert octets not in everything, canary
