"""What an operator changes in the list of contacts: a verification, a newer list."""

import datetime
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from menus.contacts.checks import COLUMNS, VERIFICATION, phones_of, table_faults
from menus.contacts.contacts import Contact, contact_of
from menus.faults import Fault, Where
from menus.parsing import Cells, Record, Table, parse_table, read_table, table_text
from runtime.files import exclusive_lock, replace_file


@dataclass(frozen=True, slots=True)
class Changes:
    """What a newer list would do.  With faults there is nothing to apply.

    `changed`: each contact before and after.  `missing`: contacts of the scopes that the
    list speaks of, which it lacks; they stay until somebody takes them out by hand.
    `text`: the whole file afterwards; `made_for`: a digest of the file before.
    """

    added: tuple[Contact, ...] = ()
    changed: tuple[tuple[Contact, Contact], ...] = ()
    missing: tuple[Contact, ...] = ()
    faults: tuple[Fault, ...] = ()
    text: str = ""
    made_for: str = ""


def verify(path: Path, id: str, by: str, on: datetime.date, source: str) -> tuple[Fault, ...]:  # noqa: A002
    """Write down who made sure of a contact, when and how.  Says what prevented it.

    Raises `OSError` where the folder cannot be written.
    """
    mark = dict(zip(VERIFICATION, (by.strip(), on.isoformat(), source.strip()), strict=True))
    with exclusive_lock(path.parent):
        table = read_table(path)
        rows = {each.cells.get("id", ""): each.cells for each in table.records}
        if table.faults or id not in rows:
            unknown = Fault(Where(table.file), id, "there is no contact of this id")
            return table.faults or (unknown,)
        return _write(path, table, (rows | {id: {**rows[id], **mark}}).values())


def changes_from(path: Path, newer: Table) -> Changes:
    """What would change if the newer list were taken over.  Writes nothing.

    Contacts meet by id.  A column that the newer list lacks stays as it is.  A
    verification was of a phone: where the phones differ it goes, unless the newer
    list brings its own.
    """
    ours = read_table(path)
    merged = _merged(ours, newer)
    if faults := {*table_faults(ours), *table_faults(merged)}:
        return Changes(faults=tuple(sorted(faults)))
    return replace(_differences(ours, merged), made_for=_digest(path))


def apply(path: Path, changes: Changes) -> tuple[Fault, ...]:
    """Take the newer list over, as it was shown.  Says what prevented it.

    Nothing is written when the file is no longer the one that the changes were
    made for.  Raises `OSError` where the folder cannot be written.
    """
    if changes.faults:
        return changes.faults
    with exclusive_lock(path.parent):
        if _digest(path) != changes.made_for:
            where = Where(f"{path.parent.name}/{path.name}")
            what = "was changed since this was shown: import the list again"
            return (Fault(where, "file", what),)
        replace_file(path, changes.text)
    return ()


def _write(path: Path, table: Table, rows: Iterable[Cells]) -> tuple[Fault, ...]:
    """Put these rows in place of the file's, unless one has a fault."""
    text = table_text(table, rows)
    faults = tuple(sorted(set(table_faults(parse_table(text, table.file)))))
    if not faults:
        replace_file(path, text)
    return faults


def _merged(ours: Table, newer: Table) -> Table:
    """The newer list, each row with what only our row of that id knows."""
    present = {each.cells.get("id", ""): each.cells for each in ours.records}
    empty = dict.fromkeys(COLUMNS, "")
    rows = [(present.get(each.cells.get("id", ""), empty), each) for each in newer.records]
    records = [Record(_merged_cells(cells, each.cells), each.where) for cells, each in rows]
    return replace(newer, records=tuple(records))


def _merged_cells(present: Cells, newer: Cells) -> Cells:
    cells = {**present, **newer}
    if any(newer.get(column) for column in VERIFICATION):
        return cells
    same = phones_of(present.get("phones", "")) == phones_of(cells.get("phones", ""))
    return cells | {column: present.get(column, "") if same else "" for column in VERIFICATION}


def _differences(ours: Table, merged: Table) -> Changes:
    before = {each.cells["id"]: each for each in ours.records}
    after = {each.cells["id"]: each for each in merged.records}
    both = [(old, after[id_]) for id_, old in before.items() if id_ in after]
    scopes = {each.cells["scope"] for each in merged.records}
    return Changes(
        added=tuple(contact_of(each) for id_, each in after.items() if id_ not in before),
        changed=tuple(
            (contact_of(old), contact_of(new)) for old, new in both if old.cells != new.cells
        ),
        missing=tuple(
            contact_of(each)
            for id_, each in before.items()
            if id_ not in after and each.cells["scope"] in scopes
        ),
        text=table_text(ours, [each.cells for each in (before | after).values()]),
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
