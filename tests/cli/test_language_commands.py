"""`main.py language …`: a skeleton of every key, and what `check` says of it."""

from pathlib import Path

import pytest

from main import read_menu
from menus.faults import BrokenMenu
from menus.loading.blank_language import blank_language_of
from menus.loading.parsed_folder import read_folder
from tests.support.commands import command, ended_well, refused
from tests.support.trees import MENUS, copied_menus, edit
from ussd.paging import Budget


@pytest.mark.parametrize(("code", "like"), [("qq", "ru"), ("uz_Cyrl", "kk")])
def test_a_skeleton_has_every_key_and_check_names_each(code: str, like: str, tree: Path) -> None:
    ended_well(command(tree, "language", "add", code, "--like", like))
    said = "\n".join(refused(command(tree, "check")))
    words = read_folder(MENUS).languages[like].form
    assert words
    empty = blank_language_of(words, code)
    missing = [n for n, line in enumerate(empty.splitlines(), 1) if line.endswith((' ""', " []"))]
    named = {line for line in missing if f"menus/{code}.yaml:{line}:" in said}
    keywords = {n for n in missing if "    keywords: []" in empty.splitlines()[n - 1]}
    assert set(missing) - keywords == named - keywords
    assert said.count(f"menus/{code}.yaml:") == len(named), "and nothing else"


def test_the_words_of_the_other_language_stand_beside_each_key(tree: Path) -> None:
    ended_well(command(tree, "language", "add", "qq"))
    text = (tree / "menus" / "qq.yaml").read_text("utf-8")
    assert '  # ru: Да\n  agree: ""' in text
    assert "\n  # ru: СТОП, ОТПИСАТЬСЯ, " in text, "words to send share a line"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("Klingon",), "Klingon is no code of a language"),
        (("uz_cyrl",), "uz_cyrl is no code of a language"),
        (("ru",), "menus/ru.yaml is there already"),
        (("qq", "--like", "xx"), "menus/xx.yaml cannot be read"),
    ],
)
def test_what_cannot_be_added_changes_nothing(
    arguments: tuple[str, ...], why: str, tree: Path
) -> None:
    before = {path: path.read_bytes() for path in (tree / "menus").glob("*.yaml")}
    assert why in "\n".join(refused(command(tree, "language", "add", *arguments)))
    assert {path: path.read_bytes() for path in (tree / "menus").glob("*.yaml")} == before


@pytest.mark.parametrize("codes", [("ru",), ("en", "kk"), ("ru", "kk", "en")])
def test_languages_are_offered_as_the_setting_says(codes: tuple[str, ...]) -> None:
    whole, menu = read_menu(Budget(), MENUS), read_menu(Budget(), MENUS, codes)
    assert tuple(menu.languages) == menu.start.languages == codes
    assert menu.version != whole.version


def test_a_language_that_is_not_there_is_named() -> None:
    with pytest.raises(BrokenMenu) as broken:
        read_menu(Budget(), MENUS, ("ru", "xx"))
    assert "KOMEK_LANGUAGES" in str(broken.value)
    assert "xx" in str(broken.value)


def test_a_text_that_equals_another_languages_is_a_note(tmp_path: Path) -> None:
    menus = copied_menus(tmp_path)
    english = read_folder(MENUS).languages["en"].form
    assert english
    edit(menus / "ru.yaml", "which: Какая страна?", f"which: {english.phrases.which}")
    said = command(tmp_path, "check", settings={"KOMEK_MENUS_DIR": str(menus)})
    assert "phrases: 'which' says the same as in ru.yaml" in said.stdout
