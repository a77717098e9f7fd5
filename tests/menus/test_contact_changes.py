"""The contacts: what the operator changes, row by row or by a newer list."""

import datetime
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from menus.contacts.changes import (
    Changes,
    Mark,
    apply,
    changes_from,
    correct,
    note_unanswered,
    verify,
    withdraw,
)
from menus.contacts.contacts import Contact, missions_of_kazakhstan, read_contacts
from menus.contacts.doubts import Doubt, Rule, doubt_of, sendable
from menus.parsing.csv_table import read_table
from tests.support.contact_lists import CONTACTS, HEAD, OURS, SOUND, TODAY, row, table_of
from tests.support.trees import edit

ANKARA = "kz-abroad-tr-ankara-embassy"


def compared(present: Path, newer: Path) -> Changes:
    return changes_from(present, read_table(newer))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Our own file, to be changed."""
    file = tmp_path / "contacts.csv"
    file.write_bytes(OURS.read_bytes())
    return file


def test_verify_changes_one_row_and_keeps_the_bytes_of_all_others(copy: Path) -> None:
    before = copy.read_bytes().splitlines(keepends=True)
    faults = verify(
        copy, "kz-abroad-tr-ankara-embassy", Mark("A. Operator", TODAY, "called, answered")
    )
    assert faults == ()
    after = copy.read_bytes().splitlines(keepends=True)
    assert [n for n, line in enumerate(before) if line != after[n]] == [10]
    contacts, faults = read_contacts(copy)
    assert faults == ()
    [mission] = missions_of_kazakhstan(sendable(contacts, TODAY, Rule(365)).sure, "TR")
    assert (mission.verified_by, mission.verified_on) == ("A. Operator", TODAY)
    assert [each.name for each in copy.parent.iterdir()] == ["contacts.csv"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_and_the_mark_of_order_stay(tmp_path: Path, end: str) -> None:
    text = "\ufeff" + end.join([HEAD, row(), row(id="other")])
    file = tmp_path / "contacts.csv"
    file.write_bytes(text.encode())
    assert verify(file, "other", Mark("A", TODAY, "B")) == ()
    vouched = row(id="other", verified_by="A", verified_on="2026-11-21", verified_source="B")
    assert file.read_bytes().decode() == "\ufeff" + end.join([HEAD, row(), vouched, ""])


@pytest.mark.parametrize(
    ("id_", "by", "what"),
    [
        pytest.param("nobody", "A", "no contact of this id", id="unknown"),
        pytest.param("kz-abroad-de-berlin-embassy", "A", "empty, but verified", id="no phone"),
        pytest.param("kz-abroad-tr-ankara-embassy", " ", "'verified_by' is empty", id="nobody"),
    ],
)
def test_a_verification_that_cannot_be_changes_nothing(
    copy: Path, id_: str, by: str, what: str
) -> None:
    before = copy.read_bytes()
    [fault, *_] = verify(copy, id_, Mark(by, TODAY, "called"))
    assert what in fault.what
    assert copy.read_bytes() == before


# --- What a call found out ------------------------------------------------------

MARK = Mark("A. Seitova", TODAY, "the consul answered")


def ankara(file: Path) -> Contact:
    contacts, faults = read_contacts(file)
    assert faults == ()
    return next(each for each in contacts if each.id == ANKARA)


def test_a_corrected_phone_is_sure_and_the_old_one_is_kept_in_the_note(copy: Path) -> None:
    [before] = ankara(copy).phones
    assert correct(copy, ANKARA, "0312 491 91 01", MARK) == ()
    now = ankara(copy)
    assert now.phones == ("+903124919101",)
    assert f"Until {TODAY}: {before}." in now.note
    assert doubt_of(now, TODAY, 1095) is None


@pytest.mark.parametrize("phones", ["12", "+9031249191", "", "call us"])
def test_a_correction_that_cannot_be_dialled_changes_nothing(copy: Path, phones: str) -> None:
    before = copy.read_bytes()
    assert correct(copy, ANKARA, phones, MARK) != ()
    assert copy.read_bytes() == before


def test_a_withdrawn_number_is_not_sent_and_no_older_list_brings_it_back(copy: Path) -> None:
    line = next(each for each in copy.read_text("utf-8").splitlines() if each.startswith(ANKARA))
    older = table_of(copy.parent, line.replace(",medium,", ",high,"), name="older.csv")
    assert withdraw(copy, ANKARA, MARK) == ()
    assert doubt_of(ankara(copy), TODAY, 1095) is Doubt.WITHDRAWN
    assert apply(copy, compared(copy, older)) == ()
    assert doubt_of(ankara(copy), TODAY, 1095) is Doubt.WITHDRAWN
    edit(older, "+903124919100", "+903124919101")
    assert apply(copy, compared(copy, older)) == ()
    now = ankara(copy)
    assert (now.phones, now.confidence, now.verified_by) == (("+903124919101",), "high", "")


def test_who_answers_after_all_is_sure_again(copy: Path) -> None:
    withdraw(copy, ANKARA, MARK)
    assert verify(copy, ANKARA, MARK) == ()
    assert doubt_of(ankara(copy), TODAY, 1095) is None
    assert ankara(copy).confidence == "low", "its source was wrong"


def test_calls_that_nobody_answered_are_kept_until_somebody_does(copy: Path) -> None:
    yesterday = TODAY - datetime.timedelta(days=1)
    for day in (TODAY, yesterday, TODAY):
        assert note_unanswered(copy, ANKARA, day) == ()
    assert ankara(copy).unanswered == (yesterday, TODAY)
    assert verify(copy, ANKARA, MARK) == ()
    assert ankara(copy).unanswered == ()


def test_a_file_without_the_column_of_calls_gets_it(tmp_path: Path) -> None:
    head = HEAD.removesuffix(",unanswered")
    file = table_of(tmp_path, row().removesuffix(","), head=head)
    assert note_unanswered(file, SOUND["id"], TODAY) == ()
    assert file.read_text(encoding="utf-8").splitlines() == [HEAD, f"{row()}{TODAY}"]


# --- A newer list ---------------------------------------------------------------


def test_an_import_is_shown_then_applied(tmp_path: Path) -> None:
    present = table_of(tmp_path, row(), row(id="b"), row(id="c"), row(id="d", scope="hotline"))
    vouched = {"verified_by": "A", "verified_on": "2026-11-01", "verified_source": "called"}
    newer = table_of(
        tmp_path, row(id="c", phones="+903124919101"), row(id="e", **vouched), row(), name="new.csv"
    )
    changes = compared(present, newer)
    assert changes.faults == ()
    assert [each.id for each in changes.added] == ["e"]
    assert [(was.id, now.phones) for was, now in changes.changed] == [("c", ("+903124919101",))]
    assert [each.id for each in changes.missing] == ["b"], "hotlines are not its matter"
    assert len(read_contacts(present)[0]) == 4, "nothing is written yet"
    assert apply(present, changes) == ()
    lines = [row(), row(id="b"), row(id="c", phones="+903124919101")]
    lines += [row(id="d", scope="hotline"), row(id="e", **vouched)]
    assert present.read_text(encoding="utf-8").splitlines() == [HEAD, *lines]


def test_an_imported_list_may_lack_columns_it_says_nothing_about(tmp_path: Path) -> None:
    vouched = {"verified_by": "A", "verified_on": "2026-11-01", "verified_source": "called"}
    present = table_of(tmp_path, row(**vouched))
    head = "id,scope,country,kind,name,phones,source,source_date,confidence"
    same = "kz-abroad-tr-ankara-embassy,kz_abroad,TR,embassy,A mission,{},A list,2026-02-13,high"
    alike = table_of(tmp_path, same.format("+903124919100"), name="alike.csv", head=head)
    assert compared(present, alike).changed == ()
    other = table_of(tmp_path, same.format("+903124919101"), name="other.csv", head=head)
    [(_, now)] = compared(present, other).changed
    assert (now.city, now.verified_on) == ("Ankara", None), "another phone is not verified"


def test_an_import_names_all_faults_and_changes_nothing(copy: Path) -> None:
    before = copy.read_bytes()
    newer = table_of(copy.parent, row(source=""), row(id="x", scope="y"), name="new.csv")
    changes = compared(copy, newer)
    assert [str(fault.where).rsplit("/")[-1] for fault in changes.faults] == [
        "new.csv:2:1",
        "new.csv:3:1",
    ]
    assert apply(copy, changes) == changes.faults
    assert copy.read_bytes() == before


def test_an_import_shown_for_another_file_is_not_applied(tmp_path: Path) -> None:
    present = table_of(tmp_path, row())
    changes = compared(present, table_of(tmp_path, row(id="new"), name="new.csv"))
    verify(present, SOUND["id"], Mark("A", TODAY, "called"))
    [fault] = apply(present, changes)
    assert "import the list again" in fault.what
    assert len(read_contacts(present)[0]) == 1


def test_the_old_file_stays_when_the_new_one_cannot_be_written(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = copy.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("runtime.files.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        verify(copy, "kz-abroad-tr-ankara-embassy", Mark("A", TODAY, "called"))
    assert copy.read_bytes() == before
    assert [each.name for each in copy.parent.iterdir()] == ["contacts.csv"]


def test_two_who_verify_at_once_both_stand_in_the_file(copy: Path) -> None:
    ids = [each.id for each in CONTACTS if each.phones][:20]
    with ThreadPoolExecutor(8) as threads:
        done = threads.map(lambda each: verify(copy, each, Mark("A", TODAY, "called")), ids)
        assert [*done] == [()] * len(ids)
    contacts, _ = read_contacts(copy)
    assert {each.id for each in contacts if each.verified_on} >= set(ids)
