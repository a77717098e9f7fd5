"""Language files that are not in the form in which an edit writes them."""

from pathlib import Path

import pytest

from menus.editing.form_check import not_usual, write_usual
from menus.editing.values import NotWritable
from tests.support.menus_read import read_menu
from tests.support.trees import MENUS, copied_menus, edit


@pytest.fixture
def menus(tmp_path: Path) -> Path:
    return copied_menus(tmp_path)


def test_the_files_of_the_repository_are_in_the_usual_form() -> None:
    assert list(not_usual(MENUS)) == [], "run: main.py check --write"


def test_a_file_in_another_form_is_named_with_its_first_line(menus: Path) -> None:
    edit(menus / "en.yaml", "  next: ", "  next:   ")
    line = (menus / "en.yaml").read_text(encoding="utf-8").splitlines().index("  next:   More") + 1
    assert list(map(str, not_usual(menus))) == [
        f"menus/en.yaml:{line}:1: file: is not in the usual form"
    ]


def test_the_usual_form_says_the_same(menus: Path) -> None:
    before, said = (menus / "en.yaml").read_bytes(), read_menu(menus).languages["en"]
    edit(menus / "en.yaml", "  next: ", "  next:   ")
    assert [path.name for path in write_usual(menus)] == ["en.yaml"]
    assert (menus / "en.yaml").read_bytes() == before
    assert read_menu(menus).languages["en"] == said
    assert write_usual(menus) == []


def test_of_several_files_all_are_written_or_none(menus: Path) -> None:
    edit(menus / "en.yaml", "  next: ", "  next:   ")
    (menus / "ru.yaml").write_text("a: [\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in menus.iterdir()}
    assert [fault.what for fault in not_usual(menus)] == [
        "is not in the usual form",
        "the file is not YAML: mend it by hand first",
    ]
    with pytest.raises(NotWritable):
        write_usual(menus)
    assert {path: path.read_bytes() for path in menus.iterdir()} == before
