"""`main.py doctor`: the real parts are asked, and what must not be so ends it with 1."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from redis import Redis

from tests.support.commands import Ended
from tests.support.fake_gateway import API_KEY
from tests.support.launched import Launched, launched
from tests.support.phones import KEY
from tests.support.service import REPOSITORY, SECRET, free_port
from tests.support.trees import copied_menus, edit
from web.health import Verdict

WELL = [
    "africastalking: reached, and it takes our account.",
    "africastalking: its callbacks reach Komek at {base}, and one without the secret is refused.",
    "Redis keeps what it acknowledges, and drops nothing.",
    "A process sends SMS.",
    "The clocks of Komek and of Redis agree.",
    "The data key lies neither with the data nor with the files of Redis.",
    "Disk of the data directory: ",
    "Disk of Redis: ",
    "People dial *711# and text 7111.",
    "Time zones: Almaty is at UTC+5, by the table ",
    "The data directory is closed to others on this machine.",
    "The menu has no faults: ",
]
"""How each line begins, in order."""


@pytest.fixture(scope="module")
def up(processes: None) -> Iterator[Launched]:
    with launched(KOMEK_SERVICE_CODE="*711#", KOMEK_SHORT_CODE="7111") as service:
        yield service


def found(done: Ended, verdict: Verdict) -> list[str]:
    """The sentences of this verdict."""
    lines = done.stdout.splitlines()
    return [line[16:] for line in lines if line.startswith(f"{verdict:<16}")]


def test_what_is_ready_is_told_to_be(up: Launched) -> None:
    base = up.phones.service.base
    done = up.run("doctor", "--url", base)
    assert (done.returncode, found(done, Verdict.MEND)) == (0, [])
    told = found(done, Verdict.OK)
    begins = [each.format(base=base) for each in WELL]
    assert [line[: len(begin)] for line, begin in zip(told, begins, strict=True)] == begins
    assert len(done.stdout.splitlines()) == len(told) + len(found(done, Verdict.WARNING))
    assert up.fake.sent == []


def test_no_secret_is_told(up: Launched) -> None:
    done = up.run("doctor", "--url", up.phones.service.base)
    assert not [each for each in (SECRET, KEY, API_KEY) if each in done.stdout + done.stderr]


def test_the_public_address_is_a_setting(up: Launched) -> None:
    done = up.run("doctor", KOMEK_PUBLIC_URL=f"{up.phones.service.base}/")
    assert f"africastalking: its callbacks reach Komek at {up.phones.service.base}," in done.stdout
    assert "KOMEK_PUBLIC_URL" in up.run("doctor").stdout


BROKEN: dict[str, tuple[tuple[str, ...], dict[str, str], str]] = {
    "a wrong key": ((), {"KOMEK_AT_API_KEY": "wrong"}, "africastalking: HTTP 401: check KOMEK_AT"),
    "no gateway": (
        (),
        {"KOMEK_AT_URL": f"http://127.0.0.1:{free_port()}"},
        "africastalking: no connection to Africa's Talking",
    ),
    "nobody outside": (
        ("--url", f"http://127.0.0.1:{free_port()}"),
        {},
        "africastalking: nobody answers at http://127.0.0.1:",
    ),
    "an address in clear": (
        ("--url", "http://komek.example.org"),
        {},
        "http://komek.example.org is not encrypted",
    ),
    "no address": (("--url", "host"), {}, "KOMEK_PUBLIC_URL: is no address such as https://"),
    "a setting": ((), {"KOMEK_ZONE": "Mars"}, "KOMEK_ZONE: is no time zone"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_must_not_be_so_ends_it_with_1(up: Launched, name: str) -> None:
    arguments, other, words = BROKEN[name]
    done = up.run("doctor", *arguments, **other)
    [told] = found(done, Verdict.MEND)
    assert (done.returncode, told[: len(words)]) == (1, words)


def test_a_callback_of_another_secret_is_none(up: Launched) -> None:
    other = {"KOMEK_CALLBACK_SECRET": SECRET[::-1]}
    done = up.run("doctor", "--url", up.phones.service.base, **other)
    [told] = found(done, Verdict.MEND)
    assert (done.returncode, "(HTTP 404, not 405)" in told) == (1, True)


def test_a_redis_that_forgets_is_told(up: Launched) -> None:
    with Redis.from_url(up.phones.url) as redis:
        redis.config_set("appendfsync", "everysec")
        try:
            done = up.run("doctor")
        finally:
            redis.config_set("appendfsync", "always")
    [told] = found(done, Verdict.MEND)
    assert (done.returncode, "Set appendfsync always." in told) == (1, True)


def test_a_replica_that_is_missing_is_told(up: Launched) -> None:
    done = up.run("doctor", KOMEK_REDIS_REPLICAS="1")
    [told] = found(done, Verdict.MEND)
    assert told.startswith("Redis takes no changes (TooFewReplicas): ")
    assert (done.returncode, "a replica is missing" in told) == (1, True)


def test_a_key_in_the_folder_of_the_data_is_told(up: Launched, tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "some.env").write_text(f"KOMEK_DATA_KEY={KEY}\n", encoding="ascii")
    tmp_path.chmod(0o700)
    done = up.run("doctor", KOMEK_DATA_DIR=str(tmp_path))
    [told] = found(done, Verdict.MEND)
    assert (done.returncode, "beside what it encrypts, in some.env" in told) == (1, True)


def test_a_key_among_the_files_of_redis_is_told(up: Launched) -> None:
    file = up.phones.folder / "key"
    file.write_text(KEY, encoding="ascii")
    try:
        [told] = found(up.run("doctor"), Verdict.MEND)
    finally:
        file.unlink()
    assert "beside what it encrypts, in key" in told


def test_a_folder_open_to_all_is_told(up: Launched, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    [told] = found(up.run("doctor", KOMEK_DATA_DIR=str(tmp_path)), Verdict.MEND)
    assert "chmod 700" in told


def test_a_broken_menu_is_told_among_the_rest(up: Launched, tmp_path: Path) -> None:
    menus = copied_menus(tmp_path)
    edit(menus / "en.yaml", "label: I am in danger", 'label: "{nobody}"')
    tmp_path.chmod(0o700)
    settings = {"KOMEK_MENUS_DIR": str(menus), "KOMEK_DATA_DIR": str(tmp_path / "data")}
    done = up.run("doctor", **settings)
    [told] = found(done, Verdict.MEND)
    assert (done.returncode, told[:20]) == (1, "The menu has faults,")
    assert "en.yaml" in done.stderr
    assert "A process sends SMS." in done.stdout


def test_where_nothing_runs_that_is_told_among_the_rest(up: Launched, tmp_path: Path) -> None:
    for own in ({"KOMEK_REDIS_URL": ""}, {"KOMEK_REDIS_URL": "redis://127.0.0.1:1/0"}):
        done = up.run("doctor", KOMEK_DATA_DIR=str(tmp_path / "data"), **own)
        [told] = found(done, Verdict.MEND)
        assert (done.returncode, told[:23]) == (1, "Redis does not answer. ")
        assert "africastalking: reached" in done.stdout
        assert "Disk of the data directory: " in done.stdout


def test_the_simulator_is_no_launch(up: Launched) -> None:
    done = up.run("doctor", KOMEK_GATEWAY="simulator")
    [told] = found(done, Verdict.MEND)
    assert (done.returncode, told[:32]) == (1, "The gateway is the simulator: no")


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
        for module in ("os", "runtime", "main")
    ]
    assert said == ["7:00:00", "5:00:00", "5:00:00"]
