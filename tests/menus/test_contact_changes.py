"""The contacts: what the operator changes, row by row or by a newer list."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from menus.contacts.changes import Changes, apply, changes_from, verify
from menus.contacts.contacts import missions_of_kazakhstan, read_contacts
from menus.contacts.doubts import Rule, sendable
from menus.parsing.csv_table import read_table
from tests.support.contact_lists import CONTACTS, HEAD, OURS, SOUND, TODAY, row, table_of


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
    faults = verify(copy, "kz-abroad-tr-ankara-embassy", "A. Operator", TODAY, "called, answered")
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
    assert verify(file, "other", "A", TODAY, "B") == ()
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
    [fault, *_] = verify(copy, id_, by, TODAY, "called")
    assert what in fault.what
    assert copy.read_bytes() == before


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
    verify(present, SOUND["id"], "A", TODAY, "called")
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
        verify(copy, "kz-abroad-tr-ankara-embassy", "A", TODAY, "called")
    assert copy.read_bytes() == before
    assert [each.name for each in copy.parent.iterdir()] == ["contacts.csv"]


def test_two_who_verify_at_once_both_stand_in_the_file(copy: Path) -> None:
    ids = [each.id for each in CONTACTS if each.phones][:20]
    with ThreadPoolExecutor(8) as threads:
        done = threads.map(lambda each: verify(copy, each, "A", TODAY, "called"), ids)
        assert [*done] == [()] * len(ids)
    contacts, _ = read_contacts(copy)
    assert {each.id for each in contacts if each.verified_on} >= set(ids)
