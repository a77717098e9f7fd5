"""Words on their way into force: checked, written, taken up, noted, undone."""

import json
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from menus.editing import publishing
from menus.editing.history import Change, History, as_json, states
from menus.editing.publishing import CheckedEdit, Conflict, Edit, Published, Publisher, Unchanged
from menus.editing.values import NotWritable, Value
from menus.live import LiveMenu
from menus.versions import VersionStore
from runtime import files as replacing
from runtime.files import exclusive_lock
from tests.support.menus_read import read_once
from tests.support.trees import copied_menus, edit

LABEL = "    label: I got away\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copied_menus(tmp_path)


def desk_of(folder: Path, data: str = "data") -> Publisher:
    beside = folder.parent / data
    live = LiveMenu(folder, read_once, VersionStore(beside / "menus", read_once))
    return Publisher(live, read_once, History(beside / "words-history.jsonl"), beside)


@pytest.fixture
def desk(folder: Path) -> Publisher:
    return desk_of(folder)


def opened(desk: Publisher, of: str = "escaped", /, **words: Value) -> Edit:
    section = desk.sections()[of]
    was = desk.words("en", section)
    return Edit("en", section, {**was, **words}, was)


def published(desk: Publisher, edit: Edit, by: str = "Aigul") -> Published:
    outcome = desk.publish(edit, by)
    assert isinstance(outcome, Published), outcome
    return outcome


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_words_are_published_and_brought_back_to_the_byte(desk: Publisher, folder: Path) -> None:
    before, mode = files(folder), (folder / "en.yaml").stat().st_mode
    first = opened(desk, label="I ran away", text="Go away.\n\nCall {hotline}", keywords=("RAN",))
    outcome = published(desk, first)

    assert outcome.noted
    assert outcome.version == desk.live.current.version
    assert desk.live.current.languages["en"].words["escaped"].label == "I ran away"
    assert (folder / "en.yaml").stat().st_mode == mode
    assert {name for name, text in files(folder).items() if text != before[name]} == {"en.yaml"}

    oldest = states(desk.history.of("en", "escaped"), first.words)[-1]
    published(desk, opened(desk, **oldest.words))
    assert files(folder) == before


def test_who_when_what_and_which_versions_are_noted(desk: Publisher) -> None:
    before = desk.live.current.version
    edit = opened(desk, label="<b>New</b>")
    outcome = published(desk, edit, "Әсел")
    [change] = desk.history.changes()
    assert (change.by, change.language, change.section) == ("Әсел", "en", "escaped")
    assert (change.before, change.after) == (edit.was, edit.words)
    assert (change.version_before, change.version_after) == (before, outcome.version)
    assert change.at.utcoffset() is not None


@pytest.mark.parametrize(
    ("words", "key", "what"),
    [
        ({"label": "L" * 200}, "label", "needs"),
        ({"label": ""}, "", "'label' is missing"),
        ({"text": ""}, "", "'text' is missing"),
        ({"text": "Call {nope}"}, "text", "'{nope}' has no number"),
        ({"text": "It’s"}, "text", "not in the GSM-7 alphabet"),
        ({"text": "word " * 400}, "text", "as an SMS needs"),
        ({"keywords": ("HELP",)}, "keywords", "reads like 'ХЕЛП' of 'danger'"),
        ({"keywords": ("...",)}, "keywords", "has no letters"),
    ],
)
def test_each_fault_stands_beside_its_key_and_nothing_is_written(
    desk: Publisher, folder: Path, words: dict[str, Value], key: str, what: str
) -> None:
    before = files(folder)
    edit = opened(desk, **words)
    trial = desk.publish(edit, "Aigul")
    assert isinstance(trial, CheckedEdit)
    found = [each for each in trial.faults if what in each.fault.what]
    assert {each.key for each in found} == {key}, trial.faults
    assert trial == replace(desk.tried(edit), menu=trial.menu)
    assert files(folder) == before
    assert desk.history.changes() == ()


def test_the_copy_of_a_process_that_was_killed_is_swept_away(desk: Publisher) -> None:
    data = desk.folder.parent / "data"
    old, young = data / "trial-old", data / "trial-young"
    for each in (old, young):
        (each / "menus").mkdir(parents=True)
    os.utime(old, (0, 0))
    assert not desk.tried(opened(desk)).faults
    assert {each.name for each in data.glob("trial-*")} == {young.name}


def test_what_the_check_command_would_say_is_said(desk: Publisher, folder: Path) -> None:
    trial = desk.tried(opened(desk, text="Call {nope}"))
    (folder / "en.yaml").write_text(trial.text, encoding="utf-8", newline="")
    desk.live.reload()
    assert desk.live.refused == tuple(each.fault for each in trial.faults)


def by_hand(desk: Publisher) -> None:
    edit(desk.folder / "en.yaml", LABEL, "    label: By hand\n")


def in_the_browser(desk: Publisher) -> None:
    published(desk_of(desk.folder, "other"), opened(desk, label="By hand"), "Bolat")


@pytest.mark.parametrize("other", [by_hand, in_the_browser])
def test_who_comes_second_overwrites_nothing(
    desk: Publisher, other: Callable[[Publisher], None]
) -> None:
    mine = opened(desk, label="Mine")
    other(desk)
    before = files(desk.folder)
    outcome = desk.publish(mine, "Aigul")
    assert isinstance(outcome, Conflict)
    assert outcome.now["label"] == "By hand"
    assert files(desk.folder) == before

    published(desk, replace(mine, was=outcome.now))
    assert desk.words("en", mine.section) == mine.words


def test_other_words_that_changed_meanwhile_stay(desk: Publisher) -> None:
    mine = opened(desk, "offer", label="Mine")
    published(desk, opened(desk, label="Theirs"))
    published(desk, mine)
    words = desk.live.current.languages["en"].words
    assert (words["escaped"].label, words["offer"].label) == ("Theirs", "Mine")


def test_an_edit_by_hand_during_the_check_is_not_lost(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_of(folder)
    mine = opened(desk, label="Mine")

    def slow(copy: Path) -> object:
        by_hand(desk)
        return read_once(copy)

    monkeypatch.setattr(desk, "_read_menu", slow)
    assert isinstance(desk.publish(mine, "Aigul"), Conflict)
    assert desk.words("en", mine.section)["label"] == "By hand"


def test_of_many_at_once_each_is_published_or_told(desk: Publisher, folder: Path) -> None:
    desks = [desk_of(folder, f"data{n}") for n in range(3)]
    edits = [opened(each, label=f"Label {n}") for n, each in enumerate(desks)]
    outcomes: list[object] = []

    def publish(n: int) -> None:
        outcomes.append(desks[n].publish(edits[n], str(n)))

    threads = [threading.Thread(target=publish, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(each).__name__ for each in outcomes) == ["Conflict"] * 2 + ["Published"]


def test_the_same_words_again_change_nothing(desk: Publisher) -> None:
    edit = opened(desk, label="New")
    published(desk, edit)
    assert desk.publish(edit, "Aigul") == Unchanged()
    assert len(desk.history.changes()) == 1


def test_faults_that_lie_on_the_disk_hold_up_all_but_what_mends_them(desk: Publisher) -> None:
    edit(desk.folder / "en.yaml", LABEL, LABEL.replace("I got", "I {nope}"))
    refused = desk.publish(opened(desk, "offer", label="New"), "Aigul")
    assert isinstance(refused, CheckedEdit)
    assert [each.key for each in refused.faults] == [None]
    published(desk, opened(desk, label="Mended"))


def test_a_file_that_is_no_yaml_is_told(desk: Publisher) -> None:
    edit = opened(desk, label="New")
    (desk.folder / "en.yaml").write_text("nodes: [", encoding="utf-8")
    with pytest.raises(NotWritable, match="not YAML"):
        desk.tried(edit)


def test_a_folder_that_cannot_be_written_is_told(
    desk: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, text: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(publishing, "replace_file", refuse)
    with pytest.raises(PermissionError):
        desk.publish(opened(desk, label="New"), "Aigul")
    assert desk.history.changes() == ()


def test_whoever_waits_too_long_is_told(desk: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacing, "LOCK_SECONDS", 0.1)
    with exclusive_lock(desk.folder), pytest.raises(TimeoutError, match="too long"):
        desk.publish(opened(desk, label="New"), "Aigul")


def test_a_history_that_cannot_be_written_holds_up_nobody(desk: Publisher, tmp_path: Path) -> None:
    (tmp_path / "data" / "words-history.jsonl").mkdir()
    outcome = published(desk, opened(desk, label="New"))
    assert not outcome.noted
    assert desk.history.changes() == ()


@pytest.mark.parametrize("name", ["all.language", "all.phrases", "all.sms", "all.embassy"])
def test_words_beside_the_nodes_are_published_too(desk: Publisher, name: str) -> None:
    before = files(desk.folder)
    section = desk.sections()[name]
    key = next(iter(desk.words("en", section)))
    said = desk.words("en", section)[key]
    new: Value = (*said, "NEW WORD") if isinstance(said, tuple) else said[:-1]
    published(desk, opened(desk, name, **{key: new}))
    assert desk.words("en", section)[key] == new
    published(desk, opened(desk, name, **{key: said}))
    assert files(desk.folder) == before


# --- The history ----------------------------------------------------------------


def change(before: str, after: str) -> Change:
    given = {"at": "2026-11-22T01:00:00Z", "by": "Aigul", "language": "en", "section": "escaped"}
    versions = {"version_before": "a", "version_after": "b"}
    said = {"before": {"label": before}, "after": {"label": after}}
    return Change.model_validate({**given, **versions, **said})


def test_a_line_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    history = History(file)
    history.add(change("a", "b"))
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:40])
    history.add(change("b", "c"))
    assert [each.after["label"] for each in history.changes()] == ["b", "c"]
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text(encoding="utf-8").splitlines()[-1])["by"] == "Aigul"


def test_a_line_with_the_older_name_of_a_section_is_read(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    line = change("a", "b").model_dump_json().replace('"section":', '"passage":')
    assert '"passage":"escaped"' in line
    file.write_text(f"{line}\n", encoding="utf-8")
    [read] = History(file).of("en", "escaped")
    assert read == change("a", "b")


def test_a_line_with_the_older_names_of_keys_is_read(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    line = json.loads(change("a", "b").model_dump_json())
    line["before"], line["after"] = {"tips": ["a"]}, {"tips": ["b"], "tips_keywords": ["TIPS"]}
    file.write_text(f"{json.dumps(line)}\n", encoding="utf-8")
    [read] = History(file).of("en", "escaped")
    assert list(read.before) == ["series"]
    assert list(read.after) == ["series", "digest_keywords"]


@pytest.mark.parametrize(
    ("changes", "now", "told"),
    [
        ([], "a", ["a first"]),
        ([("a", "b")], "b", ["b Aigul", "a first"]),
        ([("a", "b")], "c", ["c hand", "b Aigul", "a first"]),
        ([("a", "b"), ("c", "d")], "d", ["d Aigul", "c hand", "b Aigul", "a first"]),
    ],
)
def test_edits_by_hand_are_seen_between_changes(
    changes: list[tuple[str, str]], now: str, told: list[str]
) -> None:
    found = states([change(*each) for each in changes], {"label": now, "text": ""})
    by = [each.change.by if each.change else "hand" if each.before else "first" for each in found]
    assert [f"{each.words['label']} {who}" for each, who in zip(found, by, strict=True)] == told


def test_words_as_json_are_the_same_for_the_same_words() -> None:
    assert as_json({"a": "1", "b": ()}) == as_json({"b": "", "a": "1"}) == '{"a": "1"}'
