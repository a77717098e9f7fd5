"""`main.py send-test`: one message by the gateway, after a question."""

from collections.abc import Iterator

import pytest
from redis import Redis

from cli.send_test import TEXT
from runtime.embedded_redis import embedded_redis
from tests.support.launched import Launched, launched
from tests.support.service import SECRET, new_number, short_folder


@pytest.fixture(scope="module")
def up(processes: None) -> Iterator[Launched]:
    with launched() as service:
        base = service.phones.service.base
        service.fake.reports_to = f"{base}/africastalking/{SECRET}/sms/delivery"
        yield service


CAME: dict[str, tuple[str, str, str, int, str]] = {
    "delivered": ("accept", "late", "", 0, "delivered: the phone has it"),
    "accepted": ("accept", "never", "", 0, "accepted: the gateway has it"),
    "unknown": ("reset", "never", "", 0, "unknown: the gateway may have it"),
    "refused": ("accept", "never", "99406", 1, "failed: 406 UserInBlacklist"),
}


@pytest.mark.parametrize("name", CAME)
def test_what_became_of_it_is_told(up: Launched, name: str) -> None:
    mode, reports, ending, code, said = CAME[name]
    up.fake.mode, up.fake.reports = mode, reports
    number = new_number()
    number = number[: len(number) - len(ending)] + ending
    wait = "10" if reports == "late" else "0"
    done = up.run("send-test", number, "--wait", wait, "--yes")
    assert done.returncode == code
    assert said in done.stdout + done.stderr
    texts = [each.text for each in up.fake.sent if each.to == number]
    assert texts == ([] if ending else [TEXT])


def test_nothing_is_sent_without_a_yes(up: Launched) -> None:
    number = new_number()
    done = up.run("send-test", number, typed="n\n")
    assert done.returncode == 1
    assert f'Send "{TEXT}" to {number} by africastalking?' in done.stdout
    assert number not in up.fake.times()


def test_a_yes_sends_it(up: Launched) -> None:
    up.fake.mode, up.fake.reports = "accept", "never"
    number = new_number()
    done = up.run("send-test", number, "--wait", "0", typed="y\n")
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
def test_what_cannot_be_sent_is_told_in_a_line(up: Launched, name: str) -> None:
    arguments, settings, why = REFUSED[name]
    before = len(up.fake.sent)
    done = up.run("send-test", *arguments, "--yes", **settings)
    [told] = done.stderr.splitlines()
    assert (done.returncode, why in told) == (1, True)
    assert len(up.fake.sent) == before


def test_one_of_several_gateways_is_chosen(up: Launched) -> None:
    up.fake.mode, up.fake.reports = "accept", "never"
    number = new_number()
    done = up.run("send-test", number, "--gateway", "africastalking", "--wait", "0", "--yes", **TWO)
    assert (done.returncode, up.fake.times().get(number)) == (0, 1)


def test_without_a_worker_nothing_is_left_to_be_sent_later(up: Launched) -> None:
    with short_folder() as folder, embedded_redis(folder) as url:
        done = up.run("send-test", new_number(), "--yes", KOMEK_REDIS_URL=url)
        with Redis.from_url(url, decode_responses=True) as redis:
            assert [*redis.scan_iter("sms:message:*")] == []
    assert (done.returncode, "no process sends SMS" in done.stderr) == (1, True)


def test_the_fourth_to_a_number_is_capped(up: Launched) -> None:
    up.fake.mode, up.fake.reports = "accept", "never"
    number = new_number()
    codes = [up.run("send-test", number, "--wait", "0", "--yes").returncode for _ in range(4)]
    assert codes == [0, 0, 0, 1]
