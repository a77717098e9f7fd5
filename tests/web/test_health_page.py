"""The operator's page of health: what is told, and what is not."""

import logging
import os
import signal
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from runtime.embedded_redis import embedded_redis
from tests.support.commands import command
from tests.support.fake_gateway import API_KEY, fake_gateway
from tests.support.operators import operator, words
from tests.support.service import ANY_AGE, REPOSITORY, SECRET, Service, running, short_folder
from tests.support.trees import copied_menus, edit, until
from web.health.page import roughly
from web.health.versions import KOMEK
from web.recent_errors import LONGEST, MOST, RecentErrors

KEY = "a-key-that-nobody-sees-0123456789"


@contextmanager
def own(**settings: str) -> Iterator[tuple[Service, Redis]]:
    """A service on a Redis of its own, and a client to set that up badly."""
    with (
        short_folder() as folder,
        embedded_redis(folder) as url,
        running(url, **settings) as service,
        Redis.from_url(url, decode_responses=True) as redis,
    ):
        yield service, redis


def health(service: Service) -> str:
    with operator(service.base) as client:
        response = client.get("/operator/health")
    assert response.status_code == 200
    return words(response.text)


def test_what_it_tells(service: Service) -> None:
    text = health(service)
    assert f"Komek {KOMEK} Python 3." in text
    assert "appendonly yes appendfsync always" in text
    assert "maxmemory-policy noeviction" in text
    assert "Which simulator nothing leaves this machine" in text
    assert "Callback secret is set yes" in text
    unread = "Қазақша, Русский, English, O'zbekcha, Кыргызча, Тоҷикӣ"
    assert f"Languages not read by a native speaker {unread}" in text
    assert "Contacts too old to be sure" in text
    assert "rwx------" in text
    assert service.http.get(f"{service.base}/readyz").json()["menu"] in text


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["version"] == KOMEK


def test_no_secret_is_shown(redis_url: str) -> None:
    account = {"KOMEK_AT_USERNAME": "an-account", "KOMEK_AT_API_KEY": KEY}
    key = {"KOMEK_DATA_KEY": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="}
    with (
        fake_gateway() as fake,
        running(
            redis_url, KOMEK_GATEWAY="africastalking", KOMEK_AT_URL=fake.base, **account, **key
        ) as service,
    ):
        text = health(service)
        assert "must be mended: africastalking: HTTP 401: check KOMEK_AT_USERNAME" in text
        assert "Which africastalking Account and key are set yes" in text
        for secret in (KEY, SECRET, key["KOMEK_DATA_KEY"]):
            assert secret not in text


@pytest.mark.usefixtures("processes")
def test_it_tells_what_the_command_tells() -> None:
    settings = {
        "KOMEK_GATEWAY": "africastalking",
        "KOMEK_AT_USERNAME": "sandbox",
        "KOMEK_AT_API_KEY": API_KEY,
        "KOMEK_CALLBACK_SECRET": SECRET,
        "KOMEK_DATA_KEY": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
        "KOMEK_CONTACTS_OLDEST_DAYS": str(ANY_AGE),
    }
    with short_folder() as folder, embedded_redis(folder) as url, fake_gateway() as fake:
        settings |= {"KOMEK_AT_URL": fake.base, "KOMEK_REDIS_URL": url}
        settings |= {"KOMEK_DATA_DIR": str(folder)}
        with running(url, **settings) as service:
            text = health(service)
            done = command(REPOSITORY, "doctor", settings=settings)
    told = [line[16:].partition(" GB free")[0] for line in done.stdout.splitlines()]
    told = [each.rstrip("0123456789.") for each in told]  # other programs use the disk, too
    assert len(told) > 12
    assert [each for each in told if each not in text] == []
    assert "must be mended: No process sends SMS." in text


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"appendfsync": "everysec"}, "Set appendfsync always."),
        ({"appendonly": "no"}, "Set appendonly yes."),
        ({"maxmemory": "1"}, "Redis takes no changes (OutOfMemoryError)"),
        (
            {"maxmemory": "100mb", "maxmemory-policy": "allkeys-lru"},
            "Set maxmemory-policy noeviction.",
        ),
    ],
)
def test_a_redis_that_could_lose_messages_is_warned_of(settings: dict[str, str], said: str) -> None:
    with own() as (service, redis):
        assert said not in health(service)
        for name, value in settings.items():
            redis.config_set(name, value)
        assert said in health(service)


@pytest.mark.usefixtures("processes")
def test_a_redis_that_does_not_answer() -> None:
    with running("redis://127.0.0.1:1/0") as service:
        text = health(service)
        assert "Redis does not answer." in text
        assert "State does not answer" in text


@pytest.mark.usefixtures("processes")
def test_a_redis_that_hangs_is_not_waited_for() -> None:
    with own() as (service, redis), operator(service.base) as client:
        pid = int(redis.info("server")["process_id"])
        os.kill(pid, signal.SIGSTOP)
        try:
            text = words(client.get("/operator/health").text)  # or its patience ends
            assert "Redis does not answer." in text
        finally:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.usefixtures("processes")
def test_workers_and_their_absence_are_told() -> None:
    with own() as (service, _):
        assert "No process sends SMS." in health(service)
    with own(KOMEK_WORKER="true") as (service, _):
        until(lambda: "at work" in health(service), "the worker is seen")
        assert "No process sends SMS." not in health(service)


def test_a_refused_change_and_its_log_line_are_told(redis_url: str, tmp_path: Path) -> None:
    menus = copied_menus(tmp_path)
    with running(redis_url, KOMEK_MENUS_DIR=str(menus)) as service, operator(service.base) as we:
        assert "None since this process started." in health(service)
        edit(menus / "en.yaml", "label: I am in danger", 'label: "{<b>nobody</b>}"')
        until(lambda: "is refused for its faults" in health(service), "it is refused")
        page = we.get("/operator/health").text
        assert "menu: change refused, 1 faults" in page
        assert "&lt;b&gt;nobody" in page
        assert "<b>" not in page


def test_a_data_directory_open_to_all_is_warned_of(redis_url: str) -> None:
    with short_folder() as folder, running(redis_url, KOMEK_DATA_DIR=str(folder)) as service:
        assert "chmod 700" not in health(service)
        folder.chmod(0o755)
        assert "chmod 700" in health(service)
        assert "rwxr-xr-x" in health(service)


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0–19"), (1, "0–19"), (19, "0–19"), (20, "≈ 20"), (139, "≈ 120")]
)
def test_no_count_tells_of_few_people_or_of_none(count: int, shown: str) -> None:
    assert roughly(count) == shown


# --- The last lines of the log ----------------------------------------------------


@pytest.fixture
def errors() -> Iterator[RecentErrors]:
    handler = RecentErrors().listen()
    yield handler
    logging.getLogger().removeHandler(handler)


def test_warnings_of_our_own_are_kept_the_newest_first(errors: RecentErrors) -> None:
    log = logging.getLogger("sms.outbox.worker")
    log.info("not this")
    log.warning("one %d", 1)
    log.error("two")
    assert [(each.level, each.text) for each in errors.newest_first()] == [
        ("ERROR", "two"),
        ("WARNING", "one 1"),
    ]


def test_of_others_only_kind_and_place_are_kept(errors: RecentErrors) -> None:
    error = KeyError("+77010000000")
    logging.getLogger("uvicorn.error").error("Exception in %s", "+77010000000", exc_info=error)
    [line] = errors.newest_first()
    assert line.text.startswith("uvicorn.error: KeyError at ")
    assert "7701" not in line.text


def test_the_ring_is_bounded(errors: RecentErrors) -> None:
    log = logging.getLogger("menus.live")
    for n in range(MOST + 5):
        log.error("%d %s", n, "x" * 1000)
    kept = errors.newest_first()
    assert len(kept) == MOST
    assert kept[0].text.startswith(f"{MOST + 4} ")
    assert all(len(each.text) <= LONGEST for each in kept)


def test_only_one_listens(errors: RecentErrors) -> None:
    newer = RecentErrors().listen()
    logging.getLogger("sms").error("once")
    assert (len(newer.newest_first()), errors.newest_first()) == (1, [])
    logging.getLogger().removeHandler(newer)
