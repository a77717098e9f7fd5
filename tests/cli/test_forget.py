"""`main.py forget`: of a number that did everything, nothing is left."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis.asyncio import Redis

from cli import forget
from cli.forget import forget_number
from menus.model import Menu
from runtime.embedded_redis import embedded_redis
from runtime.encryption import Seal
from tests.support import outboxes
from tests.support.commands import Ended, command
from tests.support.identifiers import everything, identifiers, lines_about
from tests.support.outboxes import SEAL
from tests.support.phones import KEY
from tests.support.service import REPOSITORY, free_port, short_folder
from tests.support.traces import content_of, traces
from tests.support.trees import until
from tests.support.visitor import ENDINGS, WORD, Visitor

NUMBER, OTHER = "+77019876541", "+77019876542"
STAY = {
    "sms:forgotten": "the mark",
    "sms:key": "that a request was carried out",
    "sms:message": "the states of messages",
    "sms:queue": "entries of others",
    "sms:counts": "how many people",
    "sms:counted": "others who were texted",
    "sms:countries": "how many people",
    "sms:cap": "counts of the service",
    "sms:bucket": "the rate of a gateway",
    "ussd:counts": "how many callers",
    "ussd:session": "by the gateway's name",
}
"""Of what a number left, what is not of it."""


def kinds(lines: list[str]) -> set[str]:
    return {":".join(line.split(" ")[0].split(":")[:2]) for line in lines}


@pytest.mark.parametrize("ending", ENDINGS)
async def test_of_all_that_a_number_did_nothing_is_left(
    redis: Redis, menu: Menu, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr(forget, "PAUSE_SECONDS", 0)
    visitor = Visitor(redis, SEAL, menu, NUMBER)
    await visitor.do_everything(ENDINGS[ending])
    known = lines_about(await everything(redis), SEAL, NUMBER, datetime.now(UTC))
    assert len(kinds(known)) >= 11
    counts = await forget_number(redis, SEAL, NUMBER)
    left = await everything(redis)
    assert lines_about(left, SEAL, NUMBER, datetime.now(UTC)) == []
    assert kinds(left) <= STAY.keys()
    assert {line.split(" ")[1] for line in left if line.startswith("sms:key:")} == {""}
    assert await visitor.sent_to() == {outboxes.OTHER}
    assert counts["messages"] >= 4
    singly = {"words not understood", "days on which it called", "dialled sessions"}
    assert {counts[what] for what in singly} == {1}
    assert (counts["countries asked about"], counts["series"]) == (2, ending == "in the series")
    assert (await forget_number(redis, SEAL, NUMBER)).total() == 0


@pytest.mark.parametrize("ending", ENDINGS)
async def test_of_nobody_else_anything_is_lost(
    redis: Redis, menu: Menu, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr(forget, "PAUSE_SECONDS", 0)
    await Visitor(redis, SEAL, menu, NUMBER).do_everything(ENDINGS[ending])
    before = await everything(redis)
    assert (await forget_number(redis, SEAL, OTHER)).total() == 0
    left = [line for line in await everything(redis) if not line.startswith("sms:forgotten:")]
    assert left == before


# --- The command ----------------------------------------------------------------


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder


def run(folder: Path, *arguments: str, typed: str = "", **settings: str) -> Ended:
    own = {"KOMEK_DATA_DIR": str(folder), "KOMEK_DATA_KEY": KEY, **settings}
    return command(REPOSITORY, "forget", *arguments, typed=typed, settings=own)


def on_redis(url: str, menu: Menu, number: str = NUMBER) -> None:
    """Let a number do everything there."""

    async def visit() -> None:
        async with Redis.from_url(url, decode_responses=True) as redis:
            await redis.config_set("rdbcompression", "no")  # so that a trace would be seen
            await Visitor(redis, SEAL, menu, number).do_everything(("SERIES", "YES"))

    asyncio.run(visit())


@pytest.mark.usefixtures("processes")
def test_the_files_of_redis_forget_too(folder: Path, menu: Menu) -> None:
    with embedded_redis(folder) as url:
        on_redis(url, menu)
        names = [*identifiers(SEAL, NUMBER, datetime.now(UTC)).values()]
        held = content_of(folder)
        assert len([name for name in names if name.encode() in held]) >= 5
        done = run(folder, NUMBER, "--yes")
        assert (done.returncode, done.stderr) == (0, "")
        assert "The append-only file of Redis was made anew." in done.stdout
        assert "countries asked about: 2" in done.stdout

        def gone() -> bool:
            held = content_of(folder)
            return not [name for name in names if name.encode() in held]

        until(gone, "no file holds what stands for the number")
        assert traces([NUMBER, WORD], content_of(folder)) == []
    assert traces([NUMBER], (done.stdout + done.stderr).encode()) == []


@pytest.mark.usefixtures("processes")
def test_a_snapshot_is_made_anew_where_there_is_one(folder: Path, menu: Menu) -> None:
    async def snapshot(url: str) -> None:
        async with Redis.from_url(url) as redis:
            await redis.config_set("save", "3600 1")
            await redis.save()

    with embedded_redis(folder) as url:
        on_redis(url, menu)
        asyncio.run(snapshot(url))
        index = SEAL.index(NUMBER).encode()
        assert index in (folder / "dump.rdb").read_bytes()
        done = run(folder, NUMBER, "--yes")
        assert "The snapshot of Redis was made anew." in done.stdout
        assert index not in (folder / "dump.rdb").read_bytes()


@pytest.mark.usefixtures("processes")
def test_what_may_still_hold_it_is_told(folder: Path, menu: Menu) -> None:
    with embedded_redis(folder) as url:
        on_redis(url, menu)
        copy = folder / "appendonlydir.torn-1"
        copy.mkdir()
        done = run(folder, NUMBER, "--yes")
        assert done.returncode == forget.PARTLY
        assert f"{copy} is a copy" in done.stderr


@pytest.mark.usefixtures("processes")
def test_a_number_that_nobody_knows(folder: Path) -> None:
    with embedded_redis(folder):
        done = run(folder, NUMBER, "--yes")
        assert (done.returncode, done.stderr) == (0, "")
        assert "Nothing was known of this number" in done.stdout


@pytest.mark.usefixtures("processes")
def test_without_a_yes_nothing_is_forgotten(folder: Path, menu: Menu) -> None:
    with embedded_redis(folder) as url:
        on_redis(url, menu)
        for typed, code in (("n\n", 1), ("\n", 1), ("y\n", 0)):
            done = run(folder, NUMBER, typed=typed)
            assert done.returncode == code
            assert forget.QUESTION in done.stdout


@pytest.mark.usefixtures("processes")
def test_the_number_may_be_typed_when_asked(folder: Path, menu: Menu) -> None:
    with embedded_redis(folder) as url:
        on_redis(url, menu)
        done = run(folder, typed=f"{NUMBER}\ny\n")
        assert (done.returncode, "messages: " in done.stdout) == (0, True)


@pytest.mark.parametrize("number", ["87019876541", "77019876541", "+7701", "+7 701 987 65 41", "x"])
@pytest.mark.usefixtures("processes")
def test_what_is_no_number_is_refused_with_the_mend(folder: Path, number: str) -> None:
    with embedded_redis(folder):
        done = run(folder, number, "--yes")
    [line] = done.stderr.splitlines()
    assert (done.returncode, line) == (1, forget.NO_NUMBER)


def test_without_a_service_it_says_so(folder: Path) -> None:
    done = run(folder, NUMBER, "--yes")
    assert (done.returncode, "no service runs on" in done.stderr) == (1, True)
    away = f"redis://127.0.0.1:{free_port()}/0"
    done = run(folder, NUMBER, "--yes", KOMEK_REDIS_URL=away)
    assert (done.returncode, "Redis does not answer" in done.stderr) == (1, True)


async def test_everything_that_stands_for_a_number_changes_with_the_key(
    redis: Redis, menu: Menu
) -> None:
    """So nobody finds a number by trying all of them, who has not the key."""
    stand_ins = []
    for seal in (Seal(bytes(32)), Seal(b"k" * 32)):
        await redis.flushdb()
        await Visitor(redis, seal, menu, NUMBER).do_everything(("SERIES", "YES"))
        lines = await everything(redis)
        names = identifiers(seal, NUMBER, datetime.now(UTC)).values()
        stand_ins.append({name for name in names if any(name in line for line in lines)})
        assert traces([NUMBER], "\n".join(lines).encode()) == []
    assert len(stand_ins[0]) == len(stand_ins[1]) >= 6
    assert not stand_ins[0] & stand_ins[1]
