"""What an operator changes in the list of contacts: what a call found out, a newer list."""

import datetime
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from menus.contacts.checks import (
    COLUMNS,
    UNANSWERED,
    VERIFICATION,
    WITHDRAWN,
    days_of,
    phones_of,
    table_faults,
)
from menus.contacts.contacts import Contact, contact_of
from menus.contacts.sheets import tidy_phones
from menus.faults import Fault, Location
from menus.parsing import Cells, Record, Table, parse_table, read_table, table_text
from runtime.files import exclusive_lock, replace_file


@dataclass(frozen=True, slots=True)
class Difference:
    """One cell that a list would change."""

    id: str
    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What a newer list would do.  With faults there is nothing to apply.

    `changed`: each contact before and after; `differences`: their cells that differ.
    `missing`: contacts of the scopes that the list speaks of, which it lacks; they stay until
    somebody takes them out by hand.  `text`: the whole file afterwards; `made_for`: a digest of
    the file before.
    """

    added: tuple[Contact, ...] = ()
    changed: tuple[tuple[Contact, Contact], ...] = ()
    differences: tuple[Difference, ...] = ()
    missing: tuple[Contact, ...] = ()
    faults: tuple[Fault, ...] = ()
    text: str = ""
    made_for: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """Who made sure of a contact, on which day, and how: who answered."""

    by: str
    on: datetime.date
    source: str

    @property
    def cells(self) -> dict[str, str]:
        values = (self.by.strip(), self.on.isoformat(), self.source.strip())
        return dict(zip(VERIFICATION, values, strict=True))


def verify(path: Path, id: str, mark: Mark) -> tuple[Fault, ...]:  # noqa: A002
    """Write down that a contact is right.  From now on it is sure.

    Says what prevented it; so do the three below.  They raise `OSError` where the folder
    cannot be written.
    """
    return _change(path, id, lambda cells: {**_answered(cells), **mark.cells})


def correct(path: Path, id: str, phones: str, mark: Mark) -> tuple[Fault, ...]:  # noqa: A002
    """Put other phones in place of a contact's, which somebody gave on the phone.  They are
    sure from now on; the note keeps the old ones.
    """

    def corrected(cells: Cells) -> Cells:
        note = f"Until {mark.on}: {cells.get('phones') or 'no phone'}. {cells.get('note', '')}"
        new = tidy_phones({**cells, "phones": phones})
        return {**_answered(cells), **mark.cells, "phones": new, "note": note.strip()}

    return _change(path, id, corrected)


def withdraw(path: Path, id: str, mark: Mark) -> tuple[Fault, ...]:  # noqa: A002
    """Write down that a contact's phones are wrong.  They are never sent again, whatever an
    older list says.
    """
    withdrawn = {**mark.cells, "confidence": WITHDRAWN, UNANSWERED: ""}
    return _change(path, id, lambda cells: {**cells, **withdrawn})


def note_unanswered(path: Path, id: str, on: datetime.date) -> tuple[Fault, ...]:  # noqa: A002
    """Write down that nobody answered a call on this day."""

    def noted(cells: Cells) -> Cells:
        days = {*days_of(cells.get(UNANSWERED, "")), on}
        return {**cells, UNANSWERED: "; ".join(day.isoformat() for day in sorted(days))}

    return _change(path, id, noted)


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
            where = Location(f"{path.parent.name}/{path.name}")
            what = "was changed since this was shown: import the list again"
            return (Fault(where, "file", what),)
        replace_file(path, changes.text)
    return ()


def _change(path: Path, id: str, new: Callable[[Cells], Cells]) -> tuple[Fault, ...]:  # noqa: A002
    """Put new cells in place of a contact's, unless there is a fault."""
    with exclusive_lock(path.parent):
        table = read_table(path)
        if faults := set(table_faults(table)):
            return tuple(sorted(faults))
        rows = {each.cells["id"]: each.cells for each in table.records}
        if id not in rows:
            return (Fault(Location(table.file), id, "there is no contact of this id"),)
        return _write(path, table, (rows | {id: new(rows[id])}).values())


def _answered(cells: Cells) -> dict[str, str]:
    """The cells of a contact that somebody answered for: that it was withdrawn is over."""
    confidence = cells["confidence"]
    return {**cells, "confidence": "low" if confidence == WITHDRAWN else confidence, UNANSWERED: ""}


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
    """What was found out by calling belongs to a phone: it stays as long as the phone does,
    unless the newer list has found out itself.
    """
    cells = {**present, **newer}
    if any(newer.get(column) for column in VERIFICATION):
        return cells
    if phones_of(present.get("phones", "")) != phones_of(cells.get("phones", "")):
        return cells | dict.fromkeys((*VERIFICATION, UNANSWERED), "")
    kept = ("confidence",) if present.get("confidence") == WITHDRAWN else ()
    return cells | {column: present.get(column, "") for column in (*VERIFICATION, *kept)}


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
        differences=tuple(
            Difference(new.cells["id"], column, old.cells.get(column, ""), after_it)
            for old, new in both
            for column, after_it in new.cells.items()
            if old.cells.get(column, "") != after_it
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
