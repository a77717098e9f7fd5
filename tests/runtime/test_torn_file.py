"""Whatever is wrong with the append-only file at the start: it is mended, or gone without."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

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
    assert "embedded Redis does not start, and is tried again" in caplog.text
    manifest.write_text(good)
