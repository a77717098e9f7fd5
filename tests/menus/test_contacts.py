"""The contacts: what is refused, and what may be sent."""

import datetime
from dataclasses import replace
from pathlib import Path

import phonenumbers
import pytest
from phonenumbers import PhoneMetadata, PhoneNumber

from menus.contacts.checks import _KINDS, _is_of, source_date
from menus.contacts.contacts import (
    Contact,
    emergency_of,
    hotlines_of,
    missions_in_kazakhstan,
    missions_of_kazakhstan,
    read_contacts,
)
from menus.contacts.doubts import Doubt, Rule, doubt_of, due_for_check, sendable
from menus.contacts.phones import grouped
from menus.file_models import Number
from menus.parsing.csv_table import read_table, table_text
from tests.support.contact_lists import CONTACTS, FAULTS, HEAD, LONDON, OURS, TODAY, row, table_of

# --- Our own file -------------------------------------------------------------


def test_our_contacts_have_no_fault() -> None:
    assert FAULTS == ()
    assert len(CONTACTS) == 359
    assert len({each.id for each in CONTACTS}) == 359


def test_every_international_number_is_valid() -> None:
    numbers = [phone for each in CONTACTS for phone in each.phones if phone.startswith("+")]
    assert len(numbers) > 50
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(phone)) for phone in numbers)


def test_a_row_knows_its_line() -> None:
    lines = OURS.read_text(encoding="utf-8").splitlines()
    assert all(lines[each.line - 1].startswith(f"{each.id},") for each in CONTACTS)


def test_the_table_written_back_is_the_file() -> None:
    table = read_table(OURS)
    assert table_text(table, [each.cells for each in table.records]).encode() == OURS.read_bytes()


SENT = sendable(CONTACTS, TODAY, Rule(1095))


def test_what_is_sent_of_our_list() -> None:
    assert {each.confidence for each in SENT.sure} == {"high"}
    assert {each.confidence for each in SENT.unconfirmed} == {"high", "medium"}
    assert all(each.phones for part in SENT.both for each in part)
    old = [each for each in SENT.unconfirmed if each.confidence == "high"]
    assert {doubt_of(each, TODAY, 1095) for each in old} == {Doubt.TOO_OLD}
    only_sure = sendable(CONTACTS, TODAY, Rule(1095, unconfirmed=False))
    assert only_sure.both == (SENT.sure, ())


def test_missions_come_with_the_phone_that_helps_soonest_first() -> None:
    london = missions_of_kazakhstan(SENT.sure, "GB")
    kinds = ["emergency/duty phone", "consular section", "embassy"]
    assert [each.kind for each in london] == kinds
    american = missions_in_kazakhstan(SENT.sure, "US")
    assert [each.kind for each in american] == [kinds[0], "embassy", "consulate general"]
    assert missions_of_kazakhstan(SENT.sure, "TR") == ()
    turkish = missions_of_kazakhstan(SENT.unconfirmed, "TR")
    assert [each.kind for each in turkish] == ["embassy", "consulate"]


def test_emergency_numbers_come_police_first() -> None:
    assert [each.kind for each in emergency_of(SENT.sure, "PL")] == ["police", "ambulance", "fire"]
    german = emergency_of(SENT.sure, "DE")
    assert [each.kind for each in german] == ["ambulance", "fire"], "sources differ on the police"


def test_hotlines_are_those_against_trafficking() -> None:
    assert [each.phones[0] for each in hotlines_of(SENT.sure, "TR")] == ["157"]
    assert [each.kind for each in hotlines_of(SENT.sure, "DE")] == ["violence/trafficking helpline"]
    assert hotlines_of([*SENT.sure, *SENT.unconfirmed], "RU") == (), "a migrant NGO is none"


def test_what_cannot_be_dialled_from_a_mobile_phone_stands_last() -> None:
    """In Russia 01, 02 and 03 are for landlines."""
    for each in emergency_of(CONTACTS, "RU"):
        assert each.phones[0] == "112"
        assert each.phones[-1].startswith("0")


# --- How phones are shown -------------------------------------------------------


@pytest.mark.parametrize(
    ("phone", "country", "shown"),
    [
        ("+447447470570", "GB", "+44 7447 470570"),
        ("+442079251757", "GB", "+44 20 7925 1757"),
        ("+8223799714", "KR", "+82 2 379 9714"),
        ("+77172704704", "KZ", "+7 7172 70 47 04"),
        ("+12022325488", "US", "+1 202 232 5488"),
        ("8007283", "AE", "800 7283"),
        ("88000807777", "KZ", "8 800 080 77 77"),
        ("116016", "DE", "116016"),
        ("112", "DE", "112"),
        ("999999999999", "KZ", "999999999999"),
    ],
)
def test_a_phone_in_groups(phone: str, country: str, shown: str) -> None:
    assert grouped(phone, country) == shown


def test_groups_neither_add_nor_lose_a_digit() -> None:
    for each in CONTACTS:
        for phone in each.phones:
            shown = grouped(phone, each.dialled_in)
            assert shown.replace(" ", "") == phone
            assert max(map(len, shown.split())) <= 8 or " " not in shown


# --- How sure a number is -------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "doubt"),
    [
        pytest.param({}, None, id="high, and new enough"),
        pytest.param({"confidence": "medium"}, Doubt.MEDIUM, id="medium"),
        pytest.param({"confidence": "low"}, Doubt.LOW, id="low"),
        pytest.param({"confidence": "withdrawn"}, Doubt.WITHDRAWN, id="withdrawn"),
        pytest.param(
            {"confidence": "withdrawn", "verified_on": TODAY}, Doubt.WITHDRAWN, id="marked so"
        ),
        pytest.param({"phones": ()}, Doubt.NO_PHONE, id="no phone"),
        pytest.param({"date": "2025-11-21"}, None, id="as old as the limit"),
        pytest.param({"date": "2025-11-20"}, Doubt.TOO_OLD, id="a day older"),
        pytest.param({"date": "2025"}, Doubt.TOO_OLD, id="a year counts from its first day"),
        pytest.param({"date": "undated (about 2018)"}, None, id="high and undated"),
        pytest.param({"date": "2026-11-22"}, Doubt.TO_COME, id="a date still to come"),
        pytest.param(
            {"date": "2014-12", "confidence": "medium"}, Doubt.MEDIUM, id="medium at any age"
        ),
        pytest.param({"confidence": "low", "verified_on": TODAY}, None, id="low, but verified"),
        pytest.param({"confidence": "medium", "verified_on": TODAY}, None, id="medium, verified"),
        pytest.param(
            {"confidence": "low", "verified_on": datetime.date(2025, 11, 20)},
            Doubt.TOO_OLD,
            id="verified too long ago",
        ),
        pytest.param({"date": "2011-06", "verified_on": TODAY}, None, id="an old source verified"),
        pytest.param(
            {"verified_on": datetime.date(2026, 11, 22)}, Doubt.TO_COME, id="verified tomorrow"
        ),
    ],
)
def test_doubts(changes: dict[str, object], doubt: Doubt | None) -> None:
    contact: Contact = replace(LONDON, date="2026-02-13")
    assert doubt_of(replace(contact, **changes), TODAY, 365) is doubt  # type: ignore[arg-type]


@pytest.mark.parametrize("doubt", [None, *Doubt])
def test_only_what_is_doubted_a_little_is_sent_as_not_confirmed(doubt: Doubt | None) -> None:
    a_little = doubt in {Doubt.MEDIUM, Doubt.TOO_OLD}
    assert Rule(365).sends(doubt) == (doubt is None or a_little)
    assert Rule(365, unconfirmed=False).sends(doubt) == (doubt is None)


@pytest.mark.parametrize(
    ("changes", "doubt"),
    [
        ({}, None),
        ({"date": "2021-09-08"}, Doubt.TOO_OLD),
        ({"confidence": "medium"}, Doubt.MEDIUM),
        ({"date": "2021-09-08", "verified_on": "2026-11-01"}, None),
    ],
)
def test_a_number_of_the_words_is_judged_like_a_contact(
    changes: dict[str, str], doubt: Doubt | None
) -> None:
    cells = {"number": "102", "country": "KZ", "what": "Police", "source": "A card"}
    number = Number.model_validate({**cells, "date": "2026-02-13", **changes})
    assert doubt_of(number, TODAY, 1095) is doubt


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-04 (PDF created 2024-05-30)", "2024-04-01"),
        ("2023-01-13; 2026-09-14", "2026-09-14"),
        ("ITU report 2026-02-13 (entry 2012-04-03); AOSP 2023-12-28; x 9.0.43", "2026-02-13"),
        ("2015", "2015-01-01"),
        ("undated (2017 or later)", None),
        ("undated", None),
    ],
)
def test_source_date(text: str, day: str | None) -> None:
    assert source_date(text) == (datetime.date.fromisoformat(day) if day else None)


@pytest.mark.parametrize("text", ["", "as above", "21.11.2026", "2026-13-01", "2026-02-30", "soon"])
def test_a_date_that_cannot_be_read_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        source_date(text)


@pytest.mark.parametrize(
    ("days", "now", "within_30"), [(1000, False, False), (1066, False, True), (1096, True, True)]
)
def test_due_for_a_check(days: int, now: bool, within_30: bool) -> None:
    contact = replace(LONDON, verified_on=TODAY - datetime.timedelta(days=days))
    assert due_for_check(contact, TODAY, 1095) is now
    assert due_for_check(contact, TODAY, 1095, 30) is within_30
    unsure = replace(contact, phones=())
    assert not due_for_check(unsure, TODAY, 1095, 30), "something else is missing first"


# --- What is refused ----------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        pytest.param({"id": "Ankara"}, "'id' must be of small Latin letters", id="an id"),
        pytest.param({"scope": "abroad"}, "'scope' must be one of", id="a scope"),
        pytest.param({"confidence": "sure"}, "'confidence' must be", id="a confidence"),
        pytest.param({"country": "Turkey"}, "'country' must be two capital", id="a country"),
        pytest.param({"country": "KZ"}, "'country' must be another than", id="a mission at home"),
        pytest.param({"kind": "office"}, "'kind' must be, for a mission", id="a kind of mission"),
        pytest.param({"source": ""}, "'source' is empty", id="no source"),
        pytest.param({"source_date": "21.11.26"}, "'source_date' names no", id="a date"),
        pytest.param({"source_date": "2026-02-30"}, "'source_date' names no", id="no such day"),
        pytest.param({"confidence": "withdrawn"}, "'verified_by' is empty", id="who withdrew it"),
        pytest.param({"phones": "903124919100"}, "its country code but no +", id="no plus"),
        pytest.param({"phones": "9.03E+11"}, "rounded by a spreadsheet", id="rounded"),
        pytest.param({"phones": "03124919100"}, "lacks + and the country code", id="national"),
        pytest.param({"phones": "+78000807777"}, "cannot be dialled from TR", id="free elsewhere"),
        pytest.param({"phones": "+90312491910"}, "no valid number of TR or KZ", id="short"),
        pytest.param({"phones": "+74956271809"}, "no valid number of TR or KZ", id="foreign"),
        pytest.param({"phones": "+90 312 4919100"}, "'phones' number 1: write +", id="spaces"),
        pytest.param({"phones": "+903124919100; 1"}, "'phones' number 2: write", id="the second"),
        pytest.param({"scope": "hotline", "phones": "9999999"}, "no valid number", id="unheard of"),
        pytest.param({"scope": "emergency", "phones": "00"}, "no valid number", id="a prefix"),
        pytest.param({"verified_by": "A. Operator"}, "'verified_on' is empty", id="no day"),
    ],
)
def test_a_faulty_row_is_named_and_left_out(
    tmp_path: Path, cells: dict[str, str], what: str
) -> None:
    contacts, faults = read_contacts(table_of(tmp_path, row(**cells), row(id="sound")))
    assert [each.id for each in contacts] == ["sound"]
    assert any(what in fault.what for fault in faults), faults
    assert {fault.where.line for fault in faults} == {2}


def test_a_number_is_valid_where_libphonenumber_says_so() -> None:
    """Examples of all kinds in all countries that a contact is in, whole and with a slip."""
    countries = {each.country for each in CONTACTS}
    told = {True: 0, False: 0}
    for country in countries:
        for kind in (*_KINDS, "general_desc"):
            form = getattr(PhoneMetadata.metadata_for_region(country), kind)
            digits = (form and form.example_number) or "1"
            slips = (f"{n}{digits[1:]}" for n in range(1, 10))
            for each in (digits, digits[:-1] or "2", f"{digits}1", *slips):
                code = phonenumbers.country_code_for_region(country)
                phone = PhoneNumber(code, int(each))
                valid = phonenumbers.is_valid_number_for_region(phone, country)
                assert _is_of(phone, country) == valid, f"{country} {each}"
                told[valid] += 1
    assert min(told.values()) > 1000


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param({"phones": "+77172720111"}, id="a mission abroad with a line of Kazakhstan"),
        pytest.param(
            {"scope": "foreign_in_kz", "country": "KG", "phones": "+996772454444"},
            id="a foreign mission with a mobile of its country",
        ),
        pytest.param(
            {"scope": "foreign_in_kz", "country": "RU", "phones": "+77172440783; +77172440786"},
            id="two phones",
        ),
        pytest.param({"scope": "hotline", "country": "AE", "phones": "8007283"}, id="national"),
        pytest.param(
            {"scope": "hotline", "country": "UZ", "phones": "1164", "confidence": "medium"},
            id="a short number that no table lists, not sent",
        ),
        pytest.param(
            {"scope": "hotline", "country": "MD", "phones": "+79299649079"},
            id="a mission in a third country that covers this one",
        ),
        pytest.param({"phones": ""}, id="no phone known: honest, and never sent"),
    ],
)
def test_an_honest_row_is_taken(tmp_path: Path, cells: dict[str, str]) -> None:
    contacts, faults = read_contacts(table_of(tmp_path, row(**cells)))
    assert faults == ()
    assert len(contacts) == 1


def test_all_faults_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    broken = (row(id="a", scope="x", source=""), row(), row(id="b", source_date="soon"))
    _, faults = read_contacts(table_of(tmp_path, *broken))
    assert [fault.where.line for fault in faults] == [2, 2, 4]


def test_an_id_twice_is_named_with_its_first_line(tmp_path: Path) -> None:
    contacts, faults = read_contacts(table_of(tmp_path, row(), row()))
    assert [fault.where.line for fault in faults] == [3]
    assert "'id' is that of line 2 too" in faults[0].what
    assert len(contacts) == 1


@pytest.mark.parametrize(
    ("content", "what"),
    [
        pytest.param(b"", "is empty", id="nothing"),
        pytest.param(b"\xd0\xff", "not UTF-8", id="another encoding"),
        pytest.param(HEAD.replace(",", ";").encode(), "';'", id="semicolons"),
        pytest.param(HEAD.replace("source,", "").encode(), "'source' is missing", id="a column"),
        pytest.param(f"{HEAD},fax\n".encode(), "'fax' is not a column", id="one too many"),
        pytest.param(f'{HEAD}\na,"b"c\n'.encode(), "a quote opens", id="a quote"),
        pytest.param(f"{HEAD}\na,b\n".encode(), "has 2 cells", id="cells missing"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, content: bytes, what: str) -> None:
    file = tmp_path / "contacts.csv"
    file.write_bytes(content)
    contacts, faults = read_contacts(file)
    assert contacts == ()
    assert any(what in fault.what for fault in faults), faults


def test_a_row_of_several_lines_is_named_by_its_first(tmp_path: Path) -> None:
    text = "\n".join([HEAD, row().replace("A mission", '"A\nmission"'), row(id="B"), ""])
    (tmp_path / "contacts.csv").write_text(text, encoding="utf-8")
    contacts, faults = read_contacts(tmp_path / "contacts.csv")
    assert [each.name for each in contacts] == ["A\nmission"]
    assert [str(each.where).partition("/")[2] for each in faults] == ["contacts.csv:4:1"]


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    assert "cannot be read" in str(read_contacts(tmp_path / "contacts.csv")[1][0])


def test_no_fault_repeats_a_number(tmp_path: Path) -> None:
    _, faults = read_contacts(table_of(tmp_path, row(phones="+90312491910")))
    assert faults
    assert "312491910" not in str(faults)
