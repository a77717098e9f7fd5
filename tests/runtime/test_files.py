"""The data directory is made for our eyes only, whichever part of us needs it first."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from menus.live import LiveMenu
from menus.versions import VersionStore
from runtime.data_keys import keys_of
from runtime.embedded_redis import embedded_redis
from runtime.files import make_private, replace_file
from runtime.provision import load_or_make_key, start_what_is_missing
from runtime.settings import Settings
from tests.support.menus_read import read_once
from tests.support.service import short_folder
from tests.support.trees import MENUS


@pytest.fixture
def data() -> Iterator[Path]:
    """A data directory that is not there yet, under the umask that most desks have."""
    before = os.umask(0o022)
    with short_folder() as folder:
        yield folder / "var" / "data"
    os.umask(before)


def mode(folder: Path) -> int:
    return folder.stat().st_mode & 0o777


def run_server(data: Path) -> None:
    with embedded_redis(data):
        pass


def keep_key(data: Path) -> None:
    load_or_make_key(data)
    assert mode(data / "data-key") == 0o600


def keep_menu(data: Path) -> None:
    LiveMenu(MENUS, read_once, VersionStore(data / "menus", read_once))
    assert mode(data / "menus") == 0o700


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("need", [run_server, keep_key, keep_menu])
def test_whoever_needs_it_first_makes_it_private(data: Path, need: Callable[[Path], None]) -> None:
    need(data)
    assert (mode(data), mode(data.parent)) == (0o700, 0o700)


def test_a_folder_that_is_there_keeps_its_mode(data: Path) -> None:
    data.mkdir(parents=True)
    data.chmod(0o750)
    make_private(data)
    assert mode(data) == 0o750


def test_what_a_killed_writer_left_goes_with_the_next_write(data: Path) -> None:
    make_private(data)
    for name in ("en.yaml", ".en.yaml.abc", ".ru.yaml.abc"):
        (data / name).write_text("old")
    replace_file(data / "en.yaml", "new")
    assert {file.name for file in data.iterdir()} == {"en.yaml", ".ru.yaml.abc"}
    assert (data / "en.yaml").read_text() == "new"


@pytest.mark.parametrize("left", ["", "half of a ke", "\xff"])
def test_a_torn_key_file_stops_no_start(data: Path, left: str) -> None:
    """As a kill or a full disk leaves one, between the name and what it holds."""
    make_private(data)
    (data / "data-key").write_text(left, "latin-1")
    key = load_or_make_key(data)
    assert len(key) == 44
    assert load_or_make_key(data) == key
    assert mode(data / "data-key") == 0o600
    aside = [file.read_text("latin-1") for file in data.glob("data-key.unusable")]
    assert aside == [left] * bool(left)


def test_where_no_key_can_be_kept_there_is_one_for_this_run(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data.parent.mkdir(parents=True)
    data.touch()
    settings = Settings(data_dir=data, redis_url="redis://127.0.0.1:1", callback_secret=None)
    with ExitStack() as stack:
        assert len(keys_of(start_what_is_missing(settings, stack))()) == 1
    assert f"{data}: Not a directory" in caplog.text


def test_the_lock_does_not_follow_links(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    make_private(data)
    target = data.parent / "target"
    target.write_text("not ours to empty")
    (data / "lock").symlink_to(target)
    with embedded_redis(data):
        pass
    assert f"{data / 'lock'}: Too many levels of symbolic links" in caplog.text
    assert target.read_text() == "not ours to empty"


@pytest.mark.usefixtures("processes")
def test_what_an_older_version_left_open_is_closed_to_others(data: Path) -> None:
    make_private(data)
    ours = [data / "redis.log", data / "data-key", data / "appendonlydir.torn-1" / "of.aof"]
    ours[-1].parent.mkdir()
    somebodys = data / "notes.txt"
    for file in (*ours, somebodys):
        file.touch(0o644)
    run_server(data)
    assert {mode(file) for file in ours} == {0o600}
    assert mode(somebodys) == 0o644
