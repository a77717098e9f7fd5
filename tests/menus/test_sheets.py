"""Lists of contacts as office programs save them: put right where that is certain."""

import csv
import io
import re

import pytest
import yaml

from menus.contacts.changes import changes_from
from menus.contacts.reasons import REASONS
from menus.contacts.sheets import REPAIRS, Repair, read_sheet
from menus.parsing.csv_table import read_table
from tests.support.contact_lists import HEAD, OURS, row
from web.pages import HERE

ROWS = [each.cells for each in read_table(OURS).records]
COLUMNS = read_table(OURS).columns


def saved(rows: list[dict[str, str]], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """As a spreadsheet saves it."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def ours(**changed: str) -> list[dict[str, str]]:
    """Our rows, with a pattern taken out of some columns."""
    return [
        {**each, **{name: re.sub(what, "", each[name]) for name, what in changed.items()}}
        for each in ROWS
    ]


def one(**cells: str) -> tuple[dict[str, str], list[Repair], list[str]]:
    """The cells of a row as they are read, what was put right, and the faults."""
    sheet = read_sheet("\n".join([HEAD, row(**cells), ""]).encode(), "list")
    faults = changes_from(OURS, sheet.table).faults
    return dict(sheet.table.records[0].cells), list(sheet.repairs), [each.reason for each in faults]


# --- A whole list ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reasons"),
    [
        pytest.param(OURS.read_bytes(), [], id="as we write it"),
        pytest.param(saved(ours()), [], id="saved anew"),
        pytest.param(saved(ours(), ";"), ["delimiter"], id="semicolons"),
        pytest.param(saved(ours(), "\t"), ["delimiter"], id="tabs, as when cells are pasted"),
        pytest.param(saved(ours(), "\t", "utf-16"), ["utf16", "delimiter"], id="Unicode text"),
        pytest.param(saved(ours(), ";", "utf-8-sig"), ["delimiter"], id="a mark of order"),
        pytest.param(saved(ours(phones=r"\+")), ["plus"], id="all pluses lost"),
    ],
)
def test_our_list_comes_back_unchanged(content: bytes, reasons: list[str]) -> None:
    sheet = read_sheet(content, "list")
    assert list(dict.fromkeys(each.reason for each in sheet.repairs)) == reasons
    changes = changes_from(OURS, sheet.table)
    assert (changes.faults, changes.added, changes.changed) == ((), (), ())
    assert changes.text.encode() == OURS.read_bytes()


RUSSIAN = row(id="kz-abroad-tr-izmir-consulate", city="Измир", kind="consulate")


def test_a_list_in_windows_1251_is_read() -> None:
    sheet = read_sheet("\n".join([HEAD, RUSSIAN, ""]).encode("cp1251"), "list")
    assert [each.reason for each in sheet.repairs] == ["cp1251"]
    assert sheet.table.records[0].cells["city"] == "Измир"
    assert "Измир" in sheet.text


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xff\x00\x81", id="no text"),
        pytest.param("\n".join([HEAD, row(city="Zürich"), ""]).encode("latin-1"), id="German"),
        pytest.param(b"id,scope\x00\xff", id="zeros"),
    ],
)
def test_what_is_in_no_known_alphabet_is_refused(content: bytes) -> None:
    assert [each.reason for each in read_sheet(content, "list").table.faults] == ["not_text"]


def test_letters_that_could_not_be_saved_are_named() -> None:
    lost = row(city="Қазақстан").encode("cp1251", "replace")
    sheet = read_sheet(HEAD.encode() + b"\n" + lost, "list")
    [fault] = sheet.table.faults
    assert (fault.reason, fault.values["column"]) == ("letters_lost", "city")
    assert one(city="Где? Там")[2] == []


def test_names_of_columns_and_empty_columns_are_forgiven() -> None:
    head, line = HEAD.replace("id,scope", " ID ,Scope"), row()
    sheet = read_sheet(f"{head},,\n{line},,\n".encode(), "list")
    assert sheet.table.columns == COLUMNS
    assert changes_from(OURS, sheet.table).faults == ()


# --- One phone ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "phones", "reason"),
    [
        pytest.param({"phones": "903124919100"}, "+903124919100", "plus", id="no plus"),
        pytest.param({"phones": "903124919100.0"}, "+903124919100", "plus", id="a decimal"),
        pytest.param({"phones": "'+903124919100"}, "+903124919100", "signs", id="an apostrophe"),
        pytest.param({"phones": "00903124919100"}, "+903124919100", "signs", id="00"),
        pytest.param({"phones": "+90 (312) 491-91-00"}, "+903124919100", "signs", id="signs"),
        pytest.param({"phones": "0312 491 91 00"}, "+903124919100", "international", id="trunk 0"),
        pytest.param(
            {"phones": "8 (7172) 72-01-11"}, "+77172720111", "international", id="trunk 8"
        ),
        pytest.param(
            {"phones": "903124919100; 903124919101"},
            "+903124919100; +903124919101",
            "plus",
            id="two",
        ),
        pytest.param(
            {"phones": '"+903124919100, +903124919101"'},
            "+903124919100; +903124919101",
            "between",
            id="a comma between two",
        ),
    ],
)
def test_a_phone_is_put_right(cells: dict[str, str], phones: str, reason: str) -> None:
    read, repairs, faults = one(**cells)
    assert read["phones"] == phones
    assert [(each.reason, each.column, each.after) for each in repairs] == [
        (reason, "phones", phones)
    ]
    assert repairs[0].before == cells["phones"].strip('"')
    assert faults == []


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        pytest.param({"phones": "9.03125E+11"}, "phone_rounded", id="rounded"),
        pytest.param({"phones": '"9,03125E+11"'}, "phone_rounded", id="in Russian Excel"),
        pytest.param({"phones": "+9031249191"}, "phone_impossible", id="too short"),
        pytest.param({"phones": "12345678901"}, "phone_national", id="nobody's"),
        pytest.param({"phones": "+78000807777"}, "phone_free", id="free, in Kazakhstan"),
        pytest.param({"phones": "11616"}, "phone_national", id="Kazakhstan's hotline in Turkey"),
        pytest.param({"phones": "call us"}, "phone_form", id="words"),
        pytest.param(
            {"scope": "foreign_in_kz", "phones": "4919100"}, "phone_national", id="no area code"
        ),
    ],
)
def test_a_phone_that_cannot_be_dialled_there_is_left_and_refused(
    cells: dict[str, str], reason: str
) -> None:
    read, repairs, faults = one(**cells)
    assert read["phones"] == cells["phones"].strip('"')
    assert (repairs, faults) == ([], [reason])


@pytest.mark.parametrize(
    "cells",
    [
        {"scope": "hotline", "country": "AE", "phones": "8007283"},
        {"scope": "hotline", "country": "KZ", "phones": "1414; 88000807777"},
        {"scope": "emergency", "country": "RU", "phones": "112; 102; 02", "confidence": "medium"},
    ],
)
def test_what_is_dialled_so_there_stays(cells: dict[str, str]) -> None:
    read, repairs, faults = one(**cells)
    assert (read["phones"], repairs, faults) == (cells["phones"], [], [])


@pytest.mark.parametrize(
    ("date", "read", "faults"),
    [
        ("21.11.2026", "2026-11-21", []),
        ("1.2.2026", "2026-02-01", []),
        ("31.02.2026", "2026-02-31", ["date_unreadable"]),
        ("11/21/2026", "11/21/2026", ["date_unreadable"]),
    ],
)
def test_a_day_in_russian_order(date: str, read: str, faults: list[str]) -> None:
    cells, _, found = one(source_date=date)
    assert (cells["source_date"], found) == (read, faults)


# --- Words ----------------------------------------------------------------------


def test_the_pages_say_every_reason_in_each_language() -> None:
    words = yaml.safe_load((HERE / "contacts" / "macros.yaml").read_text(encoding="utf-8"))
    for key, english in {**REASONS, **REPAIRS}.items():
        for language, said in words[key].items():
            places = set(re.findall(r"\{(\w+)\}", said))
            assert places <= {*re.findall(r"\{(\w+)\}", english), "column"}, (key, language)
