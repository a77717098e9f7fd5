"""`main.py text` and `digest`, on copied files."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.commands import command, ended_well, refused
from tests.support.phones import KEY


def where_it_is(hour: int) -> dict[str, str]:
    """The settings of a place where that hour runs now, and no day is off."""
    ahead = (hour - datetime.now(UTC).hour + 11) % 24 - 11
    return {"KOMEK_ZONE": f"Etc/GMT{-ahead:+}", "KOMEK_SERIES_WEEKENDS": "true"}


# --- text


@pytest.mark.parametrize(
    ("message", "words", "encoding"),
    [
        ("POLICE", "102", "GSM-7"),
        ("EMBASSY TURKEY", "Turkey", "GSM-7"),
        ("посольство турция", "Турция", "UCS-2"),
        ("xyzzy", "102", "GSM-7"),
        ("112", "102", "UCS-2"),
    ],
)
def test_text_prints_one_reply_with_its_segments(
    good: Path, message: str, words: str, encoding: str
) -> None:
    printed = ended_well(command(good, "text", message))
    assert re.match(rf"╭─+ [1-4] segments, {encoding} ─+╮\n", printed)
    assert printed.count("╭") == 1
    assert words in printed
    assert not (good / "data").exists(), "nothing is sent or kept"


def test_text_explains_what_it_recognised(good: Path) -> None:
    asked = ("text", "--explain", "--from", "+905000000000", "помогите")
    printed = ended_well(command(good, *asked))
    assert "Embassy: TR, danger in ru, by the rule 'help'" in printed
    assert "where: TR, by the sender's number" in printed
    assert not (good / "data").exists(), "nothing is sent or kept"


# --- digest


@pytest.mark.parametrize("name", ["status", "due", "run"])
def test_digest_without_a_service_says_so_in_one_line(good: Path, name: str) -> None:
    told = refused(command(good, "digest", name))
    assert told == ["no service runs on data: start it, or set KOMEK_REDIS_URL"]
    assert not (good / "data").exists()


@pytest.mark.parametrize("hour", [0, 12])
@pytest.mark.parametrize("name", ["status", "due", "run"])
def test_digest_without_its_redis_says_so_in_one_line(tree: Path, name: str, hour: int) -> None:
    settings = {"KOMEK_REDIS_URL": f"unix://{tree}/nobody.sock", **where_it_is(hour)}
    done = command(tree, "digest", name, settings=settings)
    assert refused(done) == ["Redis does not answer (ConnectionError)"]


@pytest.mark.parametrize(
    ("hour", "says"),
    [
        (0, r"outside the hours, 0 due; next at \d{4}-\d\d-\d\d 09:00 \(Etc/GMT[+-]\d+\)"),
        (12, "0 queued, 0 held back by the cap"),
    ],
)
def test_a_run_says_when_it_may_not_send(tree: Path, redis_url: str, hour: int, says: str) -> None:
    ours = {"KOMEK_REDIS_URL": f"{redis_url}?db=8", "KOMEK_DATA_KEY": KEY}
    done = command(tree, "digest", "run", settings={**ours, **where_it_is(hour)})
    assert re.fullmatch(says, ended_well(done).strip())


def test_a_run_in_a_terminal_shows_what_became_of_it(tree: Path, redis_url: str) -> None:
    ours = {"KOMEK_REDIS_URL": f"{redis_url}?db=8", "KOMEK_DATA_KEY": KEY, "FORCE_COLOR": "1"}
    done = command(tree, "digest", "run", settings={**ours, **where_it_is(12)})
    printed = ended_well(done)
    assert "today: 0 sent, 0 waiting, 0 unknown, 0 not sent" in printed
    assert printed.strip().endswith("0 queued, 0 held back by the cap")


def test_status_tells_the_queues_and_the_day(tree: Path, redis_url: str) -> None:
    ours = {"KOMEK_REDIS_URL": f"{redis_url}?db=8", "KOMEK_DATA_KEY": KEY}
    assert ended_well(command(tree, "digest", "status", settings=ours)).splitlines() == [
        "replies: 0 waiting",
        "series: 0 waiting",
        "today: 0 sent, 0 waiting, 0 unknown, 0 not sent",
    ]
