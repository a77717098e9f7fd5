"""Each mistake that an operator can make is named with its place, and all at once."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import yaml

from menus.faults import BrokenMenu
from menus.loading.schema import schemas
from tests.support.menus_read import read_menu
from tests.support.mistakes import MARK, MISTAKES, NEW_LABEL, Mistake
from tests.support.screen_mistakes import SCREEN_MISTAKES
from tests.support.sms_mistakes import SMS_MISTAKES
from tests.support.trees import MENUS, copied_menus, edit, faults_of

ALL = MISTAKES | SCREEN_MISTAKES | SMS_MISTAKES

FAULT = re.compile(r"menus/[a-z.]+\.yaml:[1-9][0-9]*:[1-9][0-9]*: [^:\n]+: [^\n]+")
"""What an operator reads: `file:line:column: screen: what is wrong`, on one line."""


@pytest.fixture
def menus(tmp_path: Path) -> Path:
    return copied_menus(tmp_path)


def place(path: Path, words: str) -> str:
    """Where the mark in these words stands in a file, as a fault names it."""
    text = path.read_text(encoding="utf-8")
    before, after = words.split(MARK)
    at = text.index(before + after) + len(before)
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    return f"menus/{path.name}:{line}:{column}"


# --- One mistake ----------------------------------------------------------------


def test_the_files_of_the_repository_have_no_fault() -> None:
    assert faults_of(MENUS) == []


def test_the_files_with_fewer_languages_have_no_fault(menus: Path) -> None:
    assert faults_of(menus) == []


@pytest.mark.parametrize(
    "mistake",
    [pytest.param(mistake, id=each) for each, mistake in ALL.items()],
)
def test_a_mistake_is_named_with_its_place(menus: Path, mistake: Mistake) -> None:
    edit(menus / mistake.file, mistake.old, mistake.new.replace(MARK, ""))

    faults = faults_of(menus)

    file, words = mistake.at or (mistake.file, mistake.new)
    start = f"{place(menus / file, words)}: {mistake.screen}: "
    assert [f for f in faults if f.startswith(start) and mistake.says in f], faults
    assert [piece for piece in mistake.also if not any(piece in f for f in faults)] == [], faults
    assert len(faults) == 1 + len(mistake.also), faults
    assert [f for f in faults if not FAULT.fullmatch(f)] == []


def test_a_key_that_stands_twice_is_named_with_both_lines(menus: Path) -> None:
    twice = f"  escaped:\n    label: First\n    {MARK}label: "
    edit(menus / "en.yaml", NEW_LABEL, twice.replace(MARK, ""))

    where = place(menus / "en.yaml", twice)

    first = int(where.split(":")[1]) - 1
    what = f"'label' stands here twice (first in line {first}): keep one"
    assert faults_of(menus) == [f"{where}: escaped: {what}"]


# --- Whole files ----------------------------------------------------------------


def not_utf8(menus: Path) -> None:
    (menus / "ru.yaml").write_bytes("# one\n# два\n".encode("cp1251"))


def copied_language(menus: Path) -> None:
    shutil.copy(menus / "ru.yaml", menus / "tr.yaml")
    edit(menus / "tr.yaml", "language: ru\n", "language: tr\n")
    edit(menus / "tr.yaml", "name: Russkiy", "name: Turkche")


def removed(file: str) -> Callable[[Path], None]:
    return lambda menus: (menus / file).unlink()


def written(file: str, text: str) -> Callable[[Path], None]:
    def write(menus: Path) -> None:
        (menus / file).write_text(text, encoding="utf-8")

    return write


@pytest.mark.parametrize(
    ("change", "start", "says"),
    [
        pytest.param(not_utf8, "ru.yaml:2:1: file", "is not UTF-8: save", id="not UTF-8"),
        pytest.param(removed("ru.yaml"), "tree.yaml:", "there is no ru.yaml", id="no language"),
        pytest.param(removed("tree.yaml"), "tree.yaml:1:1: file", "cannot be read", id="no tree"),
        pytest.param(
            removed("numbers.yaml"), "numbers.yaml:1:1: file", "cannot be read", id="no numbers"
        ),
        pytest.param(
            removed("facts.yaml"), "facts.yaml:1:1: file", "cannot be read", id="no facts"
        ),
        pytest.param(
            copied_language, "tr.yaml:", "'tr' is not among the languages", id="language too many"
        ),
        pytest.param(written("ru.yaml", "Привет"), "ru.yaml:1:1: file", "must hold", id="a word"),
        pytest.param(written("tree.yaml", "- a"), "tree.yaml:1:1: file", "must hold", id="a list"),
    ],
)
def test_a_file_that_is_none_is_one_fault(
    menus: Path, change: Callable[[Path], None], start: str, says: str
) -> None:
    change(menus)

    [fault] = faults_of(menus)

    assert fault.startswith(f"menus/{start}")
    assert says in fault
    assert FAULT.fullmatch(fault)


@pytest.mark.parametrize("file", ["ru.yaml", "tree.yaml"])
def test_an_empty_file_lacks_every_key(menus: Path, file: str) -> None:
    (menus / file).write_bytes(b"")

    assert {fault.split("'")[2] for fault in faults_of(menus)} == {" is missing: add it"}


# --- What is no mistake ---------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["yes", "no", "0711", "12:30", "~", "null", "1e3", "2024-02-14", "0x1F"]
)
def test_a_scalar_stays_the_words_that_were_typed(menus: Path, typed: str) -> None:
    edit(menus / "en.yaml", NEW_LABEL, f"{NEW_LABEL}{typed} # ")

    assert read_menu(menus).languages["en"].words["escaped"].label == typed


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"", b"\xef\xbb\xbf"), (b"\n", b"\r\n")],
    ids=["a byte order mark", "the line ends of Windows"],
)
def test_an_editor_may_leave_its_traces(menus: Path, old: bytes, new: bytes) -> None:
    for path in menus.glob("*.yaml"):
        data = path.read_bytes()
        path.write_bytes(data.replace(old, new) if old else new + data)

    assert faults_of(menus) == []


def test_every_phrase_may_name_a_number(menus: Path) -> None:
    edit(menus / "en.yaml", "  not_on_list: ", "  not_on_list: '{police}?' # ")

    menu = read_menu(menus)

    assert menu.languages["en"].phrases.not_on_list == "102?"


# --- Several mistakes -----------------------------------------------------------

SEVERAL = {
    "en.yaml": (NEW_LABEL, f"{NEW_LABEL}It’s {{polise}} "),
    "facts.yaml": ("\nR1:", "\nR0: Something new.\nR1:"),
    "kk.yaml": ("  next: ", "  nxt: "),
    "numbers.yaml": ('"102"', "10x2"),
    "ru.yaml": (NEW_LABEL, f"{NEW_LABEL}Пoсле "),
    "tree.yaml": ("[danger, ", "[danger, weather, "),
}


def test_mistakes_in_all_files_are_told_in_one_go_sorted(menus: Path) -> None:
    for file, (old, new) in SEVERAL.items():
        edit(menus / file, old, new)

    with pytest.raises(BrokenMenu) as broken:
        read_menu(menus)

    faults = broken.value.faults
    assert {fault.where.file for fault in faults} == {f"menus/{file}" for file in SEVERAL}
    places = [(fault.where.file, fault.where.line, fault.where.column) for fault in faults]
    assert places == sorted(places)
    assert len(faults) == 8, "two in en.yaml, two in kk.yaml, one in each other file"
    assert str(broken.value).splitlines() == [str(fault) for fault in faults]


@pytest.mark.parametrize("broken", SEVERAL)
def test_a_file_that_cannot_be_read_does_not_hide_the_others(menus: Path, broken: str) -> None:
    for file, (old, new) in SEVERAL.items():
        edit(menus / file, old, new)
    (menus / broken).write_text("a: [\n", encoding="utf-8")

    faults = faults_of(menus)

    assert [f for f in faults if f.startswith(f"menus/{broken}:2:1: file: is not YAML")]
    hidden = {"tree.yaml": {"facts.yaml", "en.yaml"}}.get(broken, set())
    seen = {fault.split(":")[0].removeprefix("menus/") for fault in faults}
    assert seen | hidden == set(SEVERAL)


# --- The schemas for editors ----------------------------------------------------


@pytest.mark.parametrize(("path", "schema"), schemas().items(), ids=lambda each: Path(each).name)
def test_a_schema_is_up_to_date(path: Path, schema: str) -> None:
    assert path.read_text(encoding="utf-8") == schema, "run: make schemas"


@pytest.mark.parametrize("path", sorted(MENUS.glob("*.yaml")), ids=lambda path: path.name)
def test_a_data_file_names_its_schema_and_keeps_to_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert named
    schema = json.loads((MENUS / named[1]).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)

    jsonschema.validate(yaml.load(text, Loader=yaml.BaseLoader), schema)  # noqa: S506
