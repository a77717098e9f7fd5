"""Imports of contacts: shown with all that would change, then taken over as shown."""

import errno
import os
from pathlib import Path

import httpx
import pytest

import menus.contacts.changes
from menus.contacts import ContactNotes
from menus.contacts.doubts import Rule
from menus.live import LiveMenu
from menus.versions import VersionStore
from tests.support.contact_lists import HEAD, row
from tests.support.menus_read import read_once
from tests.support.operators import csrf_of, hidden, posted, words
from tests.web.test_contacts_page import PAGE, TYPED, file_of, looking, menus_, we
from web.contacts.contacts_file import ContactsFile
from web.contacts.import_pages import apply_list, preview_of

__all__ = ["looking", "menus_", "we"]

NEW = row(id="kz-abroad-tr-izmir-consulate", city="Izmir", kind="consulate")
LIST = "\n".join([HEAD, NEW, ""])


def newer(*rows: str) -> str:
    return "\n".join([HEAD, *rows, ""])


def shown(client: httpx.Client, text: str) -> httpx.Response:
    return posted(client, "/operator/contacts/import", pasted=text)


def taken_over(client: httpx.Client, page: str) -> httpx.Response:
    carried = {name: hidden(page, name) for name in ("list", "made_for")}
    return posted(client, "/operator/contacts/import/apply", **carried)


def test_a_pasted_list_is_shown_then_taken_over(we: httpx.Client, menus_: Path) -> None:
    before = file_of(menus_).read_bytes()
    page = shown(we, LIST.replace("\n", "\r\n")).text
    assert "kz-abroad-tr-izmir-consulate" in page
    assert "New: 1. Changed: 0." in words(page)
    assert file_of(menus_).read_bytes() == before, "a preview writes nothing"
    answer = taken_over(we, page)
    assert answer.headers["location"] == "/operator/contacts?added=1&changed=0"
    assert file_of(menus_).read_bytes() == before + NEW.encode() + b"\n"
    assert "New: 1. Changed: 0." in words(we.get(answer.headers["location"]).text)


def test_an_uploaded_file_is_shown_with_each_cell_that_changes(
    we: httpx.Client, menus_: Path
) -> None:
    text = file_of(menus_).read_text("utf-8").replace("125 Pall Mall, ", "1 <i>Street</i>, ", 1)
    files = {"file": ("newer.csv", text.encode("utf-8"), "text/csv")}
    form = {"csrf": csrf_of(we)}
    page = we.post("/operator/contacts/import", data=form, files=files).text
    assert "<del>125 Pall Mall, London SW1Y 5EA</del>" in page
    assert "<ins>1 &lt;i&gt;Street&lt;/i&gt;, London SW1Y 5EA</ins>" in page
    assert taken_over(we, page).status_code == 303
    assert file_of(menus_).read_text("utf-8") == text


def test_line_ends_inside_a_cell_come_through_as_they_were(we: httpx.Client, menus_: Path) -> None:
    two_lines = NEW.replace("A mission", '"A mission\nof two lines"')
    files = {"file": ("newer.csv", newer(two_lines).encode(), "text/csv")}
    page = we.post("/operator/contacts/import", data={"csrf": csrf_of(we)}, files=files).text
    assert taken_over(we, page).status_code == 303
    assert b'"A mission\nof two lines"' in file_of(menus_).read_bytes()


def test_all_faults_come_at_once_and_nothing_pasted_is_lost(looking: httpx.Client) -> None:
    bad = newer(row(id="A B", source_date="soon"), row(id="b", confidence="<b>"))
    answer = shown(looking, bad)
    assert answer.status_code == 422
    said = words(answer.text)
    assert "Row 2 A B : “id” may have small Latin letters" in said
    assert "Row 2 A B : “source_date”: write the date as 2026-11-21" in said
    assert "Row 3 b : “confidence” must be one of: high" in said
    assert "made_for" not in answer.text, "nothing to apply"
    assert "<b>" not in answer.text
    assert "A B,kz_abroad" in answer.text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Choose a file or paste a list."),
        (b"\xff\xfe\x00", "an alphabet that Komek does not know"),
        (HEAD.encode(), "Nothing would change."),
        (b"x" * 700_001, "too large"),
        (b'a,"b"c\n', "a quote opens"),
    ],
    ids=["nothing", "not UTF-8", "no rows", "too large", "quotes"],
)
def test_a_list_that_is_none(looking: httpx.Client, content: bytes, said: str) -> None:
    files = {"file": ("newer.csv", content, "text/csv")}
    form = {"csrf": csrf_of(looking)}
    answer = looking.post("/operator/contacts/import", data=form, files=files)
    assert said in words(answer.text)
    assert 'name="made_for"' not in answer.text


def test_what_a_spreadsheet_broke_is_put_right_and_shown(we: httpx.Client, menus_: Path) -> None:
    before = file_of(menus_).read_bytes()
    broken = LIST.replace(",", ";").replace("+903124919100", "903124919100")
    page = shown(we, broken).text
    said = words(page)
    assert "Put right (2)" in said
    assert "The cells are not parted by commas." in said
    assert "903124919100 +903124919100 The + before the country code was missing." in said
    assert taken_over(we, page).status_code == 303
    assert file_of(menus_).read_bytes() == before + NEW.encode() + b"\n"


def test_a_reason_is_said_in_the_language_of_the_page(looking: httpx.Client) -> None:
    form = {"csrf": csrf_of(looking), "pasted": newer(row(id="x", phones="9.03E+11"))}
    for language, said in (("ru", "Строка 2 x : Телефон 1: таблица округлила"), ("kk", "Жол 2 x")):
        path = f"/operator/contacts/import?language={language}"
        assert said in words(looking.post(path, data=form).text)


def test_a_file_that_changed_meanwhile_is_shown_anew(we: httpx.Client, menus_: Path) -> None:
    page = shown(we, LIST).text
    posted(we, PAGE, **TYPED)
    before = file_of(menus_).read_bytes()
    again = taken_over(we, page)
    assert again.status_code == 422
    assert "changed meanwhile" in words(again.text)
    assert file_of(menus_).read_bytes() == before
    assert taken_over(we, again.text).status_code == 303
    assert NEW.encode() in file_of(menus_).read_bytes()
    assert TYPED["source"].encode() in file_of(menus_).read_bytes()


@pytest.mark.parametrize("carried", ["", "!!", "żółw", "aGVsbG8"])
def test_what_no_page_of_ours_carries_is_refused(looking: httpx.Client, carried: str) -> None:
    path = "/operator/contacts/import/apply"
    answer = posted(looking, path, list=carried, made_for="x")
    assert answer.status_code in {403, 422}


# --- A folder that cannot be written ----------------------------------------------


def kept_in(menus_: Path, tmp_path: Path) -> ContactsFile:
    live = LiveMenu(menus_, read_once, VersionStore(tmp_path / "shelf", read_once))
    return ContactsFile(live, Rule(1095), ContactNotes(tmp_path / "notes"))


def test_a_folder_that_cannot_be_written_is_told(
    menus_: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, before = kept_in(menus_, tmp_path), file_of(menus_).read_bytes()
    made_for = preview_of(kept, LIST.encode()).changes.made_for

    def refused(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(menus.contacts.changes, "replace_file", refused)
    assert apply_list(kept, LIST.encode(), made_for).error == "Read-only file system"
    assert file_of(menus_).read_bytes() == before
