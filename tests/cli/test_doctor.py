"""`main.py doctor`: the real parts are asked, and what must not be so ends it with 1."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from redis import Redis

from cli.doctor import Finding, Verdict, of_clocks, of_disk, of_redis, of_zone
from runtime.redis_status import Danger
from tests.support.commands import Ended, command
from tests.support.fake_gateway import API_KEY, FakeGateway, fake_gateway
from tests.support.phones import KEY, Phones, texted_service
from tests.support.service import REPOSITORY, SECRET, free_port

NOW = datetime(2026, 11, 25, tzinfo=UTC)
GOOD = {
    "africastalking: reached, and it takes our account",
    "Redis keeps what it acknowledges",
    "a worker sends",
    "clocks: ours and that of Redis agree",
    "time zones: Almaty is at +0500",
    "data key: not beside the data",
}


@dataclass
class Set:
    """A service that is ready for a launch, and its settings."""

    phones: Phones
    fake: FakeGateway
    settings: dict[str, str]

    def doctor(self, *arguments: str, **other: str) -> Ended:
        settings = {**self.settings, "KOMEK_REDIS_URL": self.phones.url, **other}
        return command(REPOSITORY, "doctor", *arguments, settings=settings)


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
            yield Set(phones, fake, settings)


def found(done: Ended, verdict: Verdict) -> set[str]:
    lines = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    return {words for said, words in lines if said == verdict}


def test_what_is_ready_is_told_to_be(up: Set) -> None:
    done = up.doctor("--url", up.phones.service.base)
    assert (done.returncode, found(done, Verdict.BAD)) == (0, set())
    answered = f"callbacks: answered at {up.phones.service.base}"
    assert {*GOOD, answered} <= found(done, Verdict.GOOD)
    assert up.fake.sent == []


BROKEN: dict[str, tuple[tuple[str, ...], dict[str, str], str]] = {
    "a wrong key": ((), {"KOMEK_AT_API_KEY": "wrong"}, "africastalking: HTTP 401: check KOMEK_AT"),
    "no gateway": (
        (),
        {"KOMEK_AT_URL": f"http://127.0.0.1:{free_port()}"},
        "africastalking: no connection to Africa's Talking",
    ),
    "no Kannel": (
        (),
        {
            "KOMEK_GATEWAY": "africastalking,kannel",
            "KOMEK_KANNEL_PASSWORD": "hush",
            "KOMEK_KANNEL_URL": f"http://127.0.0.1:{free_port()}/cgi-bin/sendsms",
        },
        "kannel: no connection to Kannel: check KOMEK_KANNEL_URL",
    ),
    "nobody outside": (
        ("--url", f"http://127.0.0.1:{free_port()}"),
        {},
        "callbacks: nobody answers at",
    ),
    "no address": (("--url", "host"), {}, "callbacks: nobody answers at host"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_must_not_be_so_ends_it_with_1(up: Set, name: str) -> None:
    arguments, other, words = BROKEN[name]
    done = up.doctor(*arguments, **other)
    [told] = found(done, Verdict.BAD)
    assert (done.returncode, told[: len(words)]) == (1, words)


def test_a_callback_of_another_secret_is_none(up: Set) -> None:
    other = {"KOMEK_CALLBACK_SECRET": SECRET[::-1]}
    done = up.doctor("--url", up.phones.service.base, **other)
    assert "callbacks: HTTP 404" in done.stdout
    assert done.returncode == 1


def test_a_redis_that_forgets_is_told(up: Set) -> None:
    with Redis.from_url(up.phones.url) as redis:
        redis.config_set("appendfsync", "everysec")
        try:
            done = up.doctor()
        finally:
            redis.config_set("appendfsync", "always")
    assert done.returncode == 1
    assert "Redis may forget in a power cut" in done.stdout


def test_a_key_beside_the_data_is_told(up: Set, tmp_path: Path) -> None:
    (tmp_path / "data-key").write_text(KEY, encoding="ascii")
    done = up.doctor(KOMEK_DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert "beside the data: keep it apart" in done.stdout


@pytest.mark.parametrize("danger", Danger)
def test_every_danger_of_redis_has_words(danger: Danger) -> None:
    [finding] = of_redis((danger,))
    unknown = danger.name.endswith("UNKNOWN")
    assert finding.verdict is (Verdict.NOTE if unknown else Verdict.BAD)


LOOKED_AT: list[tuple[Finding, Verdict]] = [
    (of_clocks(timedelta(seconds=-1)), Verdict.GOOD),
    (of_clocks(timedelta(seconds=-3)), Verdict.BAD),
    (of_zone(NOW), Verdict.GOOD),
    (of_zone(datetime(2023, 11, 25, tzinfo=UTC)), Verdict.BAD),
    (of_disk(10**8), Verdict.BAD),
    (of_disk(10**9), Verdict.NOTE),
    (of_disk(10**10), Verdict.GOOD),
]


@pytest.mark.parametrize(("finding", "verdict"), LOOKED_AT)
def test_limits(finding: Finding, verdict: Verdict) -> None:
    assert finding.verdict is verdict


@pytest.mark.usefixtures("processes")
def test_an_old_table_of_the_host_does_not_win(tmp_path: Path) -> None:
    """The clock of Tomsk, two hours ahead, stands for that of an old table."""
    another = files("tzdata").joinpath("zoneinfo", "Asia", "Tomsk")
    (tmp_path / "Asia").mkdir()
    (tmp_path / "Asia" / "Almaty").write_bytes(another.read_bytes())
    code = "import zoneinfo as z, datetime as d\nimport {}\n" + (
        "print(z.ZoneInfo('Asia/Almaty').utcoffset(d.datetime(2026, 1, 1)))"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code.format(module)],
            env={"PYTHONTZPATH": str(tmp_path)},
            cwd=REPOSITORY,
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()
        for module in ("os", "runtime")
    ]
    assert said == ["7:00:00", "5:00:00"]
