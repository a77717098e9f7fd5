"""`main.py send-test`: one message by the gateway, after a question."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from redis import Redis

from cli.send_test import TEXT
from runtime.embedded_redis import embedded_redis
from tests.support.commands import Ended, command
from tests.support.fake_gateway import API_KEY, FakeGateway, fake_gateway
from tests.support.phones import KEY, Phones, texted_service
from tests.support.service import REPOSITORY, SECRET, new_number, short_folder


@dataclass
class Set:
    """A service with a worker, its gateway, and the settings of both."""

    phones: Phones
    fake: FakeGateway
    settings: dict[str, str]

    def send_test(self, *arguments: str, typed: str = "", **other: str) -> Ended:
        settings = {**self.settings, "KOMEK_REDIS_URL": self.phones.url, **other}
        return command(REPOSITORY, "send-test", *arguments, typed=typed, settings=settings)


@pytest.fixture(scope="module")
def up(processes: None) -> Iterator[Set]:
    with fake_gateway() as fake:
        settings = {
            "KOMEK_GATEWAY": "africastalking",
            "KOMEK_CALLBACK_SECRET": SECRET,
            "KOMEK_DATA_KEY": KEY,
            "KOMEK_AT_USERNAME": "sandbox",
            "KOMEK_AT_API_KEY": API_KEY,
            "KOMEK_AT_URL": fake.base,
        }
        with texted_service(**settings) as phones:
            fake.reports_to = f"{phones.service.base}/africastalking/{SECRET}/sms/delivery"
            yield Set(phones, fake, settings)


CAME: dict[str, tuple[str, str, str, int, str]] = {
    "delivered": ("accept", "late", "", 0, "delivered: the phone has it"),
    "accepted": ("accept", "never", "", 0, "accepted: the gateway has it"),
    "unknown": ("reset", "never", "", 0, "unknown: the gateway may have it"),
    "refused": ("accept", "never", "99406", 1, "failed: 406 UserInBlacklist"),
}


@pytest.mark.parametrize("name", CAME)
def test_what_became_of_it_is_told(up: Set, name: str) -> None:
    mode, reports, ending, code, said = CAME[name]
    up.fake.mode, up.fake.reports = mode, reports
    number = new_number()
    number = number[: len(number) - len(ending)] + ending
    wait = "10" if reports == "late" else "0"
    done = up.send_test(number, "--wait", wait, "--yes")
    assert done.returncode == code
    assert said in done.stdout + done.stderr
    texts = [each.text for each in up.fake.sent if each.to == number]
    assert texts == ([] if ending else [TEXT])


def test_nothing_is_sent_without_a_yes(up: Set) -> None:
    number = new_number()
    done = up.send_test(number, typed="n\n")
    assert done.returncode == 1
    assert f'Send "{TEXT}" to {number} by africastalking?' in done.stdout
    assert number not in up.fake.times()


def test_a_yes_sends_it(up: Set) -> None:
    up.fake.mode, up.fake.reports = "accept", "never"
    number = new_number()
    done = up.send_test(number, "--wait", "0", typed="y\n")
    assert (done.returncode, up.fake.times().get(number)) == (0, 1)


TWO = {"KOMEK_GATEWAY": "africastalking,kannel", "KOMEK_KANNEL_PASSWORD": "hush"}
REFUSED: dict[str, tuple[tuple[str, ...], dict[str, str], str]] = {
    "no number": (("87010000000",), {}, "is no phone number"),
    "a digit too few": (("+7701000000",), {}, "has too few digits or too many"),
    "a digit too many": (("+770100000000",), {}, "has too few digits or too many"),
    "another country": (("+12025550100",), {}, "is left out by KOMEK_PREFIXES: +7"),
    "no gateway of ours": (("+77010000000", "--gateway", "kannel"), {}, "not among KOMEK_GATEWAY"),
    "one of several": (("+77010000000",), TWO, "choose one by --gateway: africastalking, kannel"),
    "the simulator": (("+77010000000",), {"KOMEK_GATEWAY": "simulator"}, "nothing leaves this"),
    "no Redis": (
        ("+77010000000",),
        {"KOMEK_REDIS_URL": "redis://127.0.0.1:1/0"},
        "Redis does not answer",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_sent_is_told_in_a_line(up: Set, name: str) -> None:
    arguments, settings, why = REFUSED[name]
    before = len(up.fake.sent)
    done = up.send_test(*arguments, "--yes", **settings)
    [told] = done.stderr.splitlines()
    assert (done.returncode, why in told) == (1, True)
    assert len(up.fake.sent) == before


def test_one_of_several_gateways_is_chosen(up: Set) -> None:
    up.fake.mode, up.fake.reports = "accept", "never"
    number = new_number()
    done = up.send_test(number, "--gateway", "africastalking", "--wait", "0", "--yes", **TWO)
    assert (done.returncode, up.fake.times().get(number)) == (0, 1)


def test_without_a_worker_nothing_is_left_to_be_sent_later(up: Set) -> None:
    with short_folder() as folder, embedded_redis(folder) as url:
        done = up.send_test(new_number(), "--yes", KOMEK_REDIS_URL=url)
        with Redis.from_url(url, decode_responses=True) as redis:
            assert [*redis.scan_iter("sms:message:*")] == []
    assert (done.returncode, "no process sends SMS" in done.stderr) == (1, True)


def test_the_fourth_to_a_number_is_capped(up: Set) -> None:
    up.fake.mode, up.fake.reports = "accept", "never"
    number = new_number()
    codes = [up.send_test(number, "--wait", "0", "--yes").returncode for _ in range(4)]
    assert codes == [0, 0, 0, 1]
