"""The versions on disk: what a process finds that starts in the middle of things."""

import os
import shutil
from pathlib import Path

import pytest

from menus.live import LiveMenu
from menus.model import Menu
from menus.versions import VersionStore
from tests.support.menus_read import read_once
from tests.support.mistakes import NEW_LABEL
from tests.support.trees import copied_menus, edit


@pytest.fixture
def menus(tmp_path: Path) -> Path:
    return copied_menus(tmp_path)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "shelf"


def started(menus: Path, place: Path) -> LiveMenu:
    """A process that starts now."""
    return LiveMenu(menus, read_once, VersionStore(place, read_once))


def new_label(menus: Path, words: str) -> None:
    edit(menus / "en.yaml", NEW_LABEL, f"{NEW_LABEL}{words}")


def test_a_process_that_starts_later_knows_the_versions_before(menus: Path, place: Path) -> None:
    before = started(menus, place).current
    new_label(menus, "New ")
    later = started(menus, place)
    assert later.current.version != before.version
    assert later.version(before.version).languages == before.languages


def test_a_process_that_starts_beside_a_faulty_edit_takes_the_good_menu(
    menus: Path, place: Path
) -> None:
    first = started(menus, place)
    new_label(menus, "{no_such_number} ")
    second = started(menus, place)
    assert second.current.version == first.current.version
    assert len(second.refused) == 1


def test_the_newest_good_version_is_taken(menus: Path, place: Path) -> None:
    live = started(menus, place)
    new_label(menus, "New ")
    live.reload()
    new_label(menus, "{no_such_number} ")
    assert started(menus, place).current.version == live.current.version


def test_no_more_are_kept_than_promised(
    menus: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("menus.versions.MOST_VERSIONS", 3)
    live = started(menus, place)
    for n in range(5):
        new_label(menus, f"{n} ")
        live.reload()
    assert len(list(place.iterdir())) == 3
    assert (place / live.current.version).is_dir()


def test_files_that_changed_since_they_were_read_are_not_kept(menus: Path, place: Path) -> None:
    menu = read_once(menus)
    new_label(menus, "New ")
    VersionStore(place, read_once).keep(menu, menus)
    assert list(place.iterdir()) == []


def test_a_kept_version_that_somebody_spoilt_is_left_aside(menus: Path, place: Path) -> None:
    version = started(menus, place).current.version
    (place / version / "tree.yaml").write_text("nothing: here\n", encoding="utf-8")
    shelf = VersionStore(place, read_once)
    assert shelf.version(version) is None
    assert shelf.newest() is None


@pytest.mark.parametrize("name", ["", "..", ".", "../menus", "never-was"])
def test_only_names_of_kept_versions_are_found(menus: Path, place: Path, name: str) -> None:
    started(menus, place)
    assert VersionStore(place, read_once).version(name) is None


def test_where_nothing_can_be_kept_the_service_goes_on(
    menus: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a file").write_text("")
    live = started(menus, tmp_path / "a file" / "shelf")
    new_label(menus, "New ")
    live.reload()
    assert live.refused == ()
    assert "is not kept on disk" in caplog.text


def test_two_processes_keep_one_version_once(menus: Path, place: Path) -> None:
    started(menus, place)
    os.utime(place, (0, 0))
    started(menus, place)
    assert len(list(place.iterdir())) == 1
    shutil.rmtree(place)


def test_a_menu_that_was_just_read_is_not_read_again(menus: Path, place: Path) -> None:
    def never(_: Path) -> Menu:
        raise AssertionError("read twice")

    first = read_once(menus)
    live = LiveMenu(menus, never, VersionStore(place, never), first)
    assert live.current is first
    assert (place / first.version).is_dir(), "kept for who starts later"


def test_a_version_that_another_process_takes_away_hides_no_other(place: Path, menus: Path) -> None:
    menu = read_once(menus)
    shelf = VersionStore(place, read_once)
    shelf.keep(menu, menus)
    (place / "gone").symlink_to(place / "taken-away")
    kept = shelf.version(menu.version)
    assert kept is not None
    assert kept.version == menu.version
    assert shelf.version("gone") is None
