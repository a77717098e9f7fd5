"""`main.py text … --from`: a number really texts the service that runs."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commands import command, ended_well, refused
from tests.support.phones import KEY, Phones, texted_service
from tests.support.service import REPOSITORY

ALL_FOUR = {
    "KOMEK_GATEWAY": "africastalking",
    "KOMEK_CALLBACK_SECRET": "0123456789-abcdefghij_X",
    "KOMEK_DATA_KEY": KEY,
    "KOMEK_AT_USERNAME": "sandbox",
    "KOMEK_AT_API_KEY": "none",
}


@pytest.fixture(scope="module")
def phones(processes: None) -> Iterator[Phones]:
    with texted_service() as phones:
        yield phones


def of(phones: Phones, **settings: str) -> dict[str, str]:
    """What the command needs to find the service."""
    return {"KOMEK_REDIS_URL": phones.url, "KOMEK_DATA_KEY": KEY, **settings}


def test_the_reply_and_the_inbox_are_shown_with_their_sizes(phones: Phones) -> None:
    number = "+77010000001"
    for message, replies in (("HELP", 1), ("посольство турция", 2)):
        done = command(REPOSITORY, "text", message, "--from", number, settings=of(phones))
        printed = ended_well(done)
        titles = re.findall(r"╭─+ ([1-4]) segments, (GSM-7|UCS-2) ─+╮", printed)
        assert len(titles) == len(phones.inbox(number, replies)) == replies
        assert len(re.findall(r"╰─+ \d\d\.\d\d\. \d\d:\d\d ─+╯", printed)) == replies
    assert titles[0][1] == "GSM-7"
    assert titles[1][1] == "UCS-2"
    assert "11616" in printed.partition("Турция")[0]


def test_a_number_outside_the_prefixes_gets_no_reply(phones: Phones) -> None:
    done = command(REPOSITORY, "text", "HELP", "--from", "+12025550100", settings=of(phones))
    assert ended_well(done).splitlines() == [
        "no reply: KOMEK_PREFIXES leaves this number out, or it had its replies"
    ]


@pytest.mark.parametrize("number", ["87010000000", "+7 701 000 00 00", "[bold]", "", "+7"])
def test_what_is_no_number_is_refused_in_one_line(phones: Phones, number: str) -> None:
    done = command(REPOSITORY, "text", "HELP", "--from", number, settings=of(phones))
    [told] = refused(done)
    assert told == f"{number} is no phone number: write + and digits, such as +77010000000"


def test_a_real_gateway_is_not_made_to_send(phones: Phones) -> None:
    number = "+77010000002"
    settings = of(phones, **ALL_FOUR)
    done = command(REPOSITORY, "text", "HELP", "--from", number, settings=settings)
    assert refused(done) == [
        "--from is for the simulator: with another gateway it would send a real SMS"
    ]
    assert phones.quiet(number, 0) == []


def test_without_a_service_it_says_so_in_one_line(tmp_path: Path) -> None:
    settings = {"KOMEK_DATA_DIR": str(tmp_path / "data")}
    done = command(REPOSITORY, "text", "HELP", "--from", "+77010000003", settings=settings)
    [told] = refused(done)
    assert told.endswith("data: start it, or set KOMEK_REDIS_URL")
    assert not (tmp_path / "data").exists()


@pytest.mark.usefixtures("processes")
def test_without_a_worker_the_reply_waits_and_this_is_told() -> None:
    with texted_service(KOMEK_WORKER="false") as phones:
        done = command(REPOSITORY, "text", "HELP", "--from", "+77010000004", settings=of(phones))
    assert refused(done) == [
        "the reply waits, since no worker runs: start one with `main.py worker`"
    ]
