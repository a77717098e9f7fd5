"""What an operator changes in the list of contacts: a verification, a newer list."""

import datetime
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from menus.contacts.checks import COLUMNS, VERIFICATION, phones_of, table_faults
from menus.contacts.contacts import Contact, contact_of
from menus.faults import Fault, Where
from menus.parsing import Record, Table, joined, parse_table, read_table, written
from runtime.files import exclusive_lock, replace_file


@dataclass(frozen=True, slots=True)
class Changes:
    """What a newer list would do.  With faults there is nothing to apply.

    `removed_not`: contacts of the scopes that the list speaks of, missing in it;
    they stay until somebody takes them out by hand.  `changed`: before and after.
    """

    added: tuple[Contact, ...] = ()
    changed: tuple[tuple[Contact, Contact], ...] = ()
    removed_not: tuple[Contact, ...] = ()
    faults: tuple[Fault, ...] = ()
    after: str = ""
    made_for: str = ""


def verify(path: Path, id: str, by: str, on: datetime.date, source: str) -> tuple[Fault, ...]:  # noqa: A002
    """Write down who made sure of a contact, when and how.  Says what prevented it.

    The file is replaced at once; every other row keeps its bytes.  Raises `OSError`
    where the folder cannot be written.
    """
    with exclusive_lock(path.parent):
        return _verified(path, id, (by.strip(), on.isoformat(), source.strip()))


def _verified(path: Path, id: str, words: tuple[str, str, str]) -> tuple[Fault, ...]:  # noqa: A002
    table = read_table(path)
    known = [n for n, each in enumerate(table.records) if each.cells.get("id") == id]
    if not known and not table.faults:
        return (Fault(Where(table.file), id, "there is no contact of this id"),)
    vouched = dict(zip(VERIFICATION, words, strict=True))
    lines = [each.raw for each in table.records]
    for n in known:
        lines[n] = written(table, {**table.records[n].cells, **vouched})
    return _replaced(path, joined(table, lines)) if known else table.faults


def import_changes(path: Path, new_path: Path) -> Changes:
    """What would change if the newer list were taken over; see `changes_by`."""
    return changes_by(path, read_table(new_path))


def changes_by(path: Path, theirs: Table) -> Changes:
    """What would change if the newer list were taken over.  Writes nothing.

    Contacts meet by id.  A column that the newer list lacks stays as it is.  A
    verification was of a phone: where the phones differ it goes, unless the newer
    list brings its own.
    """
    ours = read_table(path)
    present = {each.cells.get("id", ""): each for each in ours.records}
    merged = [_merged(present.get(each.cells.get("id", "")), each) for each in theirs.records]
    whole = replace(theirs, records=tuple(merged))
    if faults := {*table_faults(ours), *table_faults(whole)}:
        return Changes(faults=tuple(sorted(faults)))
    newer = {each.cells["id"]: each for each in merged}
    lines = [_newest(ours, each, newer.get(each.cells["id"])) for each in ours.records]
    added = [each for id_, each in newer.items() if id_ not in present]
    scopes = {each.cells["scope"] for each in merged}
    return Changes(
        added=tuple(contact_of(each) for each in added),
        changed=tuple(
            (contact_of(each), contact_of(newer[id_]))
            for id_, each in present.items()
            if id_ in newer and newer[id_].cells != each.cells
        ),
        removed_not=tuple(
            contact_of(each)
            for id_, each in present.items()
            if id_ not in newer and each.cells["scope"] in scopes
        ),
        after=joined(ours, [*lines, *(written(ours, each.cells) for each in added)]),
        made_for=_fingerprint(path),
    )


def apply(path: Path, changes: Changes) -> tuple[Fault, ...]:
    """Take the newer list over, as it was shown.  Says what prevented it.

    Nothing is written when the file is no longer the one that the changes were
    made for.  Raises `OSError` where the folder cannot be written.
    """
    if changes.faults:
        return changes.faults
    with exclusive_lock(path.parent):
        if _fingerprint(path) != changes.made_for:
            where = Where(f"{path.parent.name}/{path.name}")
            what = "was changed since this was shown: import the list again"
            return (Fault(where, "file", what),)
        return _replaced(path, changes.after)


def _replaced(path: Path, text: str) -> tuple[Fault, ...]:
    """Put the text in place of the file, unless it has a fault."""
    table = parse_table(text, f"{path.parent.name}/{path.name}")
    faults = tuple(sorted(set(table_faults(table))))
    if not faults:
        replace_file(path, text)
    return faults


def _merged(present: Record | None, newer: Record) -> Record:
    """The newer row, with what only the present one knows."""
    if present is None:
        return Record({**dict.fromkeys(COLUMNS, ""), **newer.cells}, newer.places, newer.where, "")
    cells = {**present.cells, **newer.cells}
    same = phones_of(present.cells.get("phones", "")) == phones_of(cells.get("phones", ""))
    if not any(newer.cells.get(column) for column in VERIFICATION):
        cells |= {column: present.cells.get(column, "") if same else "" for column in VERIFICATION}
    return Record(cells, newer.places, newer.where, "")


def _newest(ours: Table, present: Record, newer: Record | None) -> str:
    if newer is None or newer.cells == present.cells:
        return present.raw
    return written(ours, newer.cells)


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
