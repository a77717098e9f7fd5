"""Whatever is wrong with the append-only file at the start: it is mended, or gone without."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from runtime.append_only_file import CUT, has_notes
from runtime.embedded_redis import embedded_redis
from tests.support.service import short_folder

pytestmark = pytest.mark.usefixtures("processes")

KEPT = 200


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as folder:
        with embedded_redis(folder) as url, Redis.from_url(url) as client:
            for n in range(KEPT):
                client.rpush("list", n)
        yield folder


def zeros(file: Path) -> None:
    file.write_bytes(file.read_bytes() + bytes(12))


def half_a_command(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"*3\r\n$5\r\nRPUSH\r\n$4\r\nli")


def noise(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\xff\x00noise\r\n" * 9)


@pytest.mark.parametrize("tear", [zeros, half_a_command, noise])
def test_a_torn_end_costs_nothing_that_was_acknowledged(
    folder: Path, tear: Callable[[Path], None]
) -> None:
    [file] = (folder / "appendonlydir").glob("*.incr.aof")
    tear(file)
    with embedded_redis(folder) as url, Redis.from_url(url) as client:
        assert client.llen("list") == KEPT
        assert bool(client.exists(CUT)) is (tear is noise), "what nobody knows counts as lost"


def test_a_copy_of_what_was_torn_is_kept_and_told(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    [file] = (folder / "appendonlydir").glob("*.incr.aof")
    zeros(file)
    torn = file.read_bytes()
    with embedded_redis(folder):
        [copy] = folder.glob("appendonlydir.torn-*")
    assert (copy / file.name).read_bytes() == torn
    assert f"is cut where it is sound; copy: {copy}" in caplog.text


def test_a_fault_in_the_middle_is_cut_there(folder: Path) -> None:
    [file] = (folder / "appendonlydir").glob("*.incr.aof")
    sound = file.read_bytes()
    middle = len(sound) // 2
    file.write_bytes(sound[:middle] + bytes(60) + sound[middle + 60 :])
    with embedded_redis(folder) as url, Redis.from_url(url) as client:
        assert 0 < client.llen("list") < KEPT
        assert client.exists(CUT), "what was noted behind the fault is lost"


def test_of_what_was_torn_the_newest_copy_is_kept(folder: Path) -> None:
    [file] = (folder / "appendonlydir").glob("*.incr.aof")
    for _ in range(2):
        zeros(file)
        with embedded_redis(folder):
            pass
    assert len([*folder.glob("appendonlydir.torn-*")]) == 1


SET = b"*3\r\n$3\r\nSET\r\n$7\r\nsms:key\r\n$1\r\n1\r\n"
MULTI, EXEC = b"*1\r\n$5\r\nMULTI\r\n", b"*1\r\n$4\r\nEXEC\r\n"


@pytest.mark.parametrize(
    ("removed", "lost"),
    [
        pytest.param(bytes(12), False, id="zeros"),
        pytest.param(SET[:-4], False, id="half a command"),
        pytest.param(MULTI + SET + SET[:9], False, id="half a transaction"),
        *(pytest.param(SET[:n], False, id=f"{n} octets") for n in range(len(SET))),
        *(pytest.param(MULTI + SET[:n] + bytes(9), False, id=f"transaction {n}") for n in (1, 9)),
        pytest.param(bytes(40) + SET[-9:], True, id="the rest of a command"),
        pytest.param(SET[:20] + bytes(60) + SET, True, id="a command behind the fault"),
        pytest.param(bytes(60) + SET, True, id="a command behind zeros"),
        pytest.param(MULTI + SET[:9] + bytes(20) + EXEC, True, id="a fault in a transaction"),
    ],
)
def test_what_counts_as_lost(removed: bytes, lost: bool) -> None:
    assert has_notes(removed) is lost


def test_where_nothing_helps_it_is_told_and_tried_again(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    manifest = folder / "appendonlydir" / "appendonly.aof.manifest"
    good = manifest.read_text()
    manifest.write_text("no manifest")
    with (
        caplog.at_level(logging.ERROR),
        embedded_redis(folder) as url,
        Redis.from_url(url) as client,
        pytest.raises(RedisError),
    ):
        client.ping()
    assert "embedded Redis does not run, and is tried again: it ended, see" in caplog.text
    manifest.write_text(good)
