"""The menu in force: a good change is taken up while people dial, a bad one never."""

import asyncio
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from menus.faults import BrokenMenu
from menus.live import LiveMenu, follow_changes, reload_when_asked
from menus.loading import Reader, load, read_folder
from menus.model import Menu
from menus.versions import VersionStore
from tests.support.menus_read import read_menu, read_once
from tests.support.mistakes import NEW_LABEL
from tests.support.patience import PATIENCE
from tests.support.trees import Server, copied_menus, copied_tree, edit, serving_soon, until

FAULT = "Call {no_such_number} "
FEW = 3
"""Versions kept in memory, where it matters how many."""


@pytest.fixture
def menus(tmp_path: Path) -> Path:
    return copied_menus(tmp_path)


def live_menu(menus: Path, read: Reader = read_once) -> LiveMenu:
    return LiveMenu(menus, read, VersionStore(menus.parent / "shelf", read_once))


@pytest.fixture
def few_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("menus.live.AT_HAND", FEW)


@pytest.fixture
def live(menus: Path) -> LiveMenu:
    return live_menu(menus)


def new_label(menus: Path, words: str, before: str = "") -> None:
    """Put words before a label of the English menu, in the place of `before`."""
    edit(menus / "en.yaml", f"{NEW_LABEL}{before}", f"{NEW_LABEL}{words}")


def label(live: LiveMenu) -> str:
    return live.current.languages["en"].words["escaped"].label


# --- In one process -------------------------------------------------------------


def test_a_good_change_is_taken_up_and_the_version_before_is_kept(
    menus: Path, live: LiveMenu
) -> None:
    before = live.current
    new_label(menus, "New ")

    live.reload()

    assert label(live).startswith("New ")
    assert live.current.version != before.version
    assert live.version(before.version) is before
    assert live.refused == ()


def test_a_faulty_change_is_refused_until_it_is_mended(menus: Path, live: LiveMenu) -> None:
    before = live.current
    new_label(menus, FAULT)
    live.reload()
    assert live.current is before
    assert ["no_such_number" in str(fault) for fault in live.refused] == [True]

    new_label(menus, "Mended ", before=FAULT)
    live.reload()
    assert label(live).startswith("Mended ")
    assert live.refused == ()


def test_a_change_that_is_taken_back_is_no_fault_any_more(menus: Path, live: LiveMenu) -> None:
    before = live.current
    new_label(menus, FAULT)
    live.reload()
    new_label(menus, "", before=FAULT)
    live.reload()
    assert live.current is before
    assert live.refused == ()


def test_without_a_change_the_menu_stays_the_same_object(live: LiveMenu) -> None:
    before = live.current
    live.reload()
    assert live.current is before


def test_files_that_say_nothing_new_are_not_read_again(menus: Path) -> None:
    """Reading takes a quarter of a second, and is looked for every ten: callers would wait."""
    times: list[Path] = []

    def counted(folder: Path) -> Menu:
        times.append(folder)
        return read_menu(folder)

    live = LiveMenu(menus, counted, VersionStore(menus.parent / "shelf", read_once))
    for _ in range(3):
        live.reload()
    assert len(times) == 1, "at the start"
    new_label(menus, FAULT)
    for _ in range(3):
        live.reload()
    assert len(times) == 2
    assert live.refused


def test_a_change_between_reading_and_looking_is_taken_up(menus: Path) -> None:
    """What was read may be older than the files that are looked at first."""
    first = read_once(menus)
    new_label(menus, "Newer ")
    live = LiveMenu(menus, read_menu, VersionStore(menus.parent / "shelf", read_once), first)
    assert live.current is first
    live.reload()
    assert label(live).startswith("Newer ")


def test_what_was_read_is_let_go_when_nothing_has_changed_for_long(
    menus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("menus.live.LOOKS_AT_HAND", 3)
    live = live_menu(menus, read_menu)
    words = read_folder(menus).languages["en"]
    live.reload()
    live.reload()
    assert read_folder(menus).languages["en"] is words, "at hand"
    live.reload()
    again = read_folder(menus).languages["en"]
    assert again is not words, "read anew"
    assert again.form == words.form


def test_a_folder_that_is_gone_is_refused_and_asked_for_again(menus: Path, live: LiveMenu) -> None:
    menus.rename(menus.parent / "away")
    live.reload()
    assert live.refused
    (menus.parent / "away").rename(menus)
    live.reload()
    assert live.refused == ()


@pytest.mark.usefixtures("few_at_hand")
def test_as_many_versions_are_kept_as_promised(menus: Path) -> None:
    live = live_menu(menus, read_once)
    all_versions, words = [live.current], ""
    for n in range(FEW):
        new_label(menus, f"{n} ", before=words)
        words = f"{n} "
        live.reload()
        all_versions.append(live.current)

    dropped, *kept = all_versions
    assert [live.version(menu.version) is menu for menu in kept] == [True] * FEW
    assert live.version(dropped.version) is not dropped, "not in memory any more"
    assert live.version(dropped.version).version == dropped.version, "but on the shelf"


@pytest.mark.usefixtures("few_at_hand")
def test_a_version_that_comes_again_counts_as_the_newest(menus: Path) -> None:
    live = live_menu(menus, read_once)
    first, words = live.current, ""
    for n in range(FEW + 2):
        new_label(menus, f"{n} ", before=words)
        live.reload()
        new_label(menus, "", before=f"{n} ")
        live.reload()
        assert live.version(first.version).version == first.version
        assert live.current.version == first.version


def test_a_version_that_is_unknown_is_the_one_in_force(live: LiveMenu) -> None:
    assert live.version("never was") is live.current


def test_a_broken_menu_never_starts(menus: Path) -> None:
    new_label(menus, FAULT)
    with pytest.raises(BrokenMenu, match="no_such_number"):
        live_menu(menus)


def test_every_process_names_the_same_files_alike(tmp_path: Path) -> None:
    versions = {load(copied_menus(tmp_path / n)).version for n in "ab"}
    assert len(versions) == 1


def test_every_data_file_counts_for_the_version(menus: Path) -> None:
    versions = {load(menus).version}
    for path in sorted(menus.glob("*.yaml")):
        with path.open("a", encoding="utf-8") as file:
            file.write("# a note\n")
        versions.add(load(menus).version)
    assert len(versions) == 1 + len(list(menus.glob("*.yaml")))


# --- Following the files --------------------------------------------------------


async def becomes(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 (nothing tells of it)
            await asyncio.sleep(0.02)


async def test_changes_of_the_files_are_followed(menus: Path, live: LiveMenu) -> None:
    stop = asyncio.Event()
    before = live.current
    following = asyncio.create_task(follow_changes(live, stop))

    async def seen(change: Callable[[], None], true: Callable[[], bool]) -> None:
        change()
        await becomes(true)

    words = "Start "
    new_label(menus, words)
    # The watch may not stand yet at the first change: one more, until it does.
    async with asyncio.timeout(PATIENCE):
        while live.current is before:
            await asyncio.sleep(0.1)
            (menus / "numbers.yaml").touch()
    await seen(lambda: new_label(menus, FAULT, before=words), lambda: bool(live.refused))
    await seen(
        lambda: new_label(menus, "Mended ", before=FAULT), lambda: label(live)[:7] == "Mended "
    )
    stop.set()
    await asyncio.wait_for(following, PATIENCE)


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), RuntimeError("no instances")]
)
async def test_where_there_are_no_watches_it_is_looked_at_intervals(
    menus: Path,
    live: LiveMenu,
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr("menus.live.awatch", refuse)
    monkeypatch.setattr("menus.live.LOOK_SECONDS", 0.01)
    stop = asyncio.Event()
    following = asyncio.create_task(follow_changes(live, stop))
    new_label(menus, "One ")
    await becomes(lambda: label(live).startswith("One "))
    new_label(menus, "Two ", before="One ")
    await becomes(lambda: label(live).startswith("Two "))
    stop.set()
    await asyncio.wait_for(following, PATIENCE)
    assert caplog.text.count("cannot be watched") == 1


async def test_a_menu_that_cannot_be_read_at_all_leaves_the_one_in_force(
    menus: Path, live: LiveMenu, caplog: pytest.LogCaptureFixture
) -> None:
    """A mistake of ours, not the operator's: the callers do not notice."""
    threads: list[int] = []

    def fail() -> None:
        threads.append(threading.get_ident())
        raise ZeroDivisionError

    broken = live_menu(menus)
    broken.reload = fail  # type: ignore[method-assign]
    stop = asyncio.Event()
    following = asyncio.create_task(follow_changes(broken, stop))
    async with asyncio.timeout(PATIENCE):
        while not threads:
            (menus / "numbers.yaml").touch()
            await asyncio.sleep(0.1)
    assert not following.done()
    stop.set()
    await asyncio.wait_for(following, PATIENCE)
    assert threads[0] != threading.get_ident(), "callers were held up"
    assert "could not be read again; the one in force stays" in caplog.text


async def test_many_questions_at_once_are_one_reload(live: LiveMenu) -> None:
    asked, reloads = asyncio.Event(), 0

    def count() -> None:
        nonlocal reloads
        reloads += 1
        time.sleep(0.05)

    live.reload = count  # type: ignore[method-assign]
    reloading = asyncio.create_task(reload_when_asked(live, asked, asyncio.Event()))
    for _ in range(50):
        asked.set()
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.2)
    reloading.cancel()
    assert 2 <= reloads <= 10


# --- In the real service --------------------------------------------------------

TO_LABEL = "3*1"
"""English, in danger: the screen that lists the label."""
BLIND = {"WATCHFILES_FORCE_POLLING": "true", "WATCHFILES_POLL_DELAY_MS": "600000"}
"""A service that looks at its files every ten minutes: only SIGHUP wakes it."""


def versions(server: Server) -> set[str]:
    """The version in force in every process, as many answers show it."""
    return {str(server.ready()["menu"]) for _ in range(20)}


def send_sighup(server: Server) -> None:
    server.process.send_signal(signal.SIGHUP)


def wait(_server: Server) -> None:
    """Do nothing: the change of the file is noticed."""


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(
    ("wake", "settings"),
    [
        pytest.param(send_sighup, BLIND, id="SIGHUP"),
        pytest.param(wait, {}, id="a changed file"),
    ],
)
def test_a_session_ends_on_the_words_that_it_began_on(
    tmp_path: Path, wake: Callable[[Server], None], settings: dict[str, str]
) -> None:
    tree = copied_tree(tmp_path)
    with serving_soon(tree, **settings) as server:
        before = versions(server)
        old = server.hop("began-before", TO_LABEL)
        new_label(tree / "menus", "New ")
        wake(server)
        until(lambda: versions(server).isdisjoint(before), "the new menu is in force")

        new = server.hop("began-after", TO_LABEL)
        assert "2 New " in new
        assert new.replace("New ", "") == old
        for text in (TO_LABEL, f"{TO_LABEL}*2*0"):
            assert server.hop("began-before", text) == old
        assert server.hop("began-before", f"{TO_LABEL}*2*0*00").startswith("CON ")
        assert server.hop("began-before", f"{TO_LABEL}*2*0*00*{TO_LABEL}") == old


@pytest.mark.usefixtures("processes")
def test_a_faulty_edit_changes_nothing_for_callers_and_is_told(tmp_path: Path) -> None:
    tree = copied_tree(tmp_path)
    with serving_soon(tree) as server:
        old, before = server.hop("one", TO_LABEL), server.ready()
        assert before["faults of a refused change"] == 0
        new_label(tree / "menus", f"It’s {FAULT}")
        send_sighup(server)
        until(lambda: server.ready()["faults of a refused change"] == 2, "two faults are told")

        assert server.ready()["menu"] == before["menu"]
        assert server.hop("two", TO_LABEL) == old
        said = server.said()
        assert "menu: change refused, 2 faults" in said
        assert "menus/en.yaml:" in said
        assert "no_such_number" in said

        new_label(tree / "menus", "Mended ", before=f"It’s {FAULT}")
        send_sighup(server)
        until(lambda: server.ready()["menu"] != before["menu"], "the mended menu is in force")
        assert server.ready()["faults of a refused change"] == 0
        assert "2 Mended " in server.hop("three", TO_LABEL)


@pytest.mark.usefixtures("processes")
def test_a_faulty_menu_stops_no_later_start(tmp_path: Path) -> None:
    """Callers are served by the version that was kept last, and the faults are told."""
    tree = copied_tree(tmp_path)
    with serving_soon(tree) as server:
        old, version = server.hop("one", TO_LABEL), server.ready()["menu"]
    new_label(tree / "menus", f"It’s {FAULT}")
    with serving_soon(tree) as server:
        assert server.hop("two", TO_LABEL) == old
        assert server.ready()["menu"] == version
        assert server.ready()["faults of a refused change"] == 2
        assert "no_such_number" in server.said()
