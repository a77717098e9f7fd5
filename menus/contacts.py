"""Whom a person can call: every contact with its source, its date, and who vouches for it.

A number that could mislead is worse than none.  What may be sent is decided in
one place, `sendable`; the selections below expect contacts that passed it.
"""

import datetime
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from menus.contact_checks import (
    COLUMNS,
    MISSION_KINDS,
    VERIFICATION,
    phones_of,
    source_date,
    table_faults,
)
from menus.faults import Fault, Where
from menus.replacing import alone_in, replace_file
from menus.table import (
    Record,
    Table,
    joined,
    parse_table,
    read_table,
    written,
)

_EMERGENCY_KINDS = ("police", "all services", "ambulance", "fire")


@dataclass(frozen=True, slots=True)
class Contact:
    """One row of `contacts.csv`.

    `country` is the one whose emergency number or hotline it is, where a mission
    of Kazakhstan is (`kz_abroad`), or whose mission in Kazakhstan it is
    (`foreign_in_kz`).  `phones` are in E.164 with `+`, or as dialled there.
    `date` is the source's, as written; `dated` is what it comes to.
    """

    id: str
    scope: str
    country: str
    city: str
    kind: str
    name: str
    phones: tuple[str, ...]
    source: str
    source_url: str
    date: str
    confidence: str
    note: str
    verified_by: str
    verified_on: datetime.date | None
    verified_source: str
    line: int

    @property
    def dated(self) -> datetime.date | None:
        """The day that stands for this contact: it was verified then, or its source is of then."""
        return self.verified_on or source_date(self.date)


def read_contacts(path: Path) -> tuple[tuple[Contact, ...], tuple[Fault, ...]]:
    """All contacts without a fault, in the order of the file, and all faults.

    Never raises for the content: what is at fault is left out.
    """
    table = read_table(path)
    faults = tuple(sorted(set(table_faults(table))))
    return _sound(table, faults), faults


# --- What may be sent ---------------------------------------------------------


class Unsent(StrEnum):
    """Why a contact may not be sent."""

    NO_PHONE = "no_phone"
    NOT_SURE = "not_sure"
    TO_COME = "to_come"
    TOO_OLD = "too_old"


def unsent(contact: Contact, today: datetime.date, oldest_days: int) -> Unsent | None:
    """Why an operator may not rely on it today: None decides what a phone may ever show.

    It has a phone; its source is of high confidence, or the operator verified it;
    and it is not older than the limit.  Its age counts from the verification, or
    else from the source.  A row of high confidence whose source has no date is
    sendable: such sources are official cards and live pages, and the trafficking
    hotline itself stands on one.  A day still to come is a slip of the pen: not sent.
    """
    if not contact.phones:
        return Unsent.NO_PHONE
    if contact.confidence != "high" and contact.verified_on is None:
        return Unsent.NOT_SURE
    if contact.dated is None:
        return None
    if contact.dated > today:
        return Unsent.TO_COME
    return Unsent.TOO_OLD if (today - contact.dated).days > oldest_days else None


def sendable(contact: Contact, today: datetime.date, oldest_days: int) -> bool:
    """Whether an operator may rely on it; see `unsent`."""
    return unsent(contact, today, oldest_days) is None


def due_for_check(
    contact: Contact, today: datetime.date, oldest_days: int, soon_days: int = 0
) -> bool:
    """Whether its age alone keeps it from being sent, or will within `soon_days`."""
    at_any_age = unsent(contact, today, today.toordinal()) is None
    return at_any_age and unsent(contact, today, oldest_days - soon_days) is Unsent.TOO_OLD


def only_sendable(
    contacts: Iterable[Contact], today: datetime.date, oldest_days: int
) -> tuple[Contact, ...]:
    """Those that may be sent, in the order of the file."""
    return tuple(each for each in contacts if sendable(each, today, oldest_days))


def too_old(
    contacts: Iterable[Contact], today: datetime.date, oldest_days: int
) -> tuple[Contact, ...]:
    """Those that may not be sent for their age alone, in the order of the file."""
    return tuple(each for each in contacts if due_for_check(each, today, oldest_days))


def missions_of_kazakhstan(contacts: Iterable[Contact], country: str) -> tuple[Contact, ...]:
    """Kazakhstan's missions in the country, the phone that helps soonest first.

    Pass it what `only_sendable` gave; so with the two below.
    """
    return _of(contacts, "kz_abroad", country, MISSION_KINDS)


def missions_in_kazakhstan(contacts: Iterable[Contact], country: str) -> tuple[Contact, ...]:
    """The country's missions in Kazakhstan, the phone that helps soonest first."""
    return _of(contacts, "foreign_in_kz", country, MISSION_KINDS)


def emergency_of(contacts: Iterable[Contact], country: str) -> tuple[Contact, ...]:
    """The country's emergency numbers, police first.

    Where the sources differ about the police the first may be the ambulance:
    `kind` says whose number it is, and so must the reply.
    """
    return _of(contacts, "emergency", country, _EMERGENCY_KINDS)


def _of(
    contacts: Iterable[Contact], scope: str, country: str, order: tuple[str, ...]
) -> tuple[Contact, ...]:
    def rank(contact: Contact) -> tuple[int, int]:
        place = order.index(contact.kind) if contact.kind in order else len(order)
        return place, contact.line

    found = (each for each in contacts if (each.scope, each.country) == (scope, country))
    return tuple(sorted(found, key=rank))


# --- What the operator changes ------------------------------------------------


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
    with alone_in(path.parent):
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
        added=tuple(_contact(each) for each in added),
        changed=tuple(
            (_contact(each), _contact(newer[id_]))
            for id_, each in present.items()
            if id_ in newer and newer[id_].cells != each.cells
        ),
        removed_not=tuple(
            _contact(each)
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
    with alone_in(path.parent):
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


def _sound(table: Table, faults: Iterable[Fault]) -> tuple[Contact, ...]:
    """The contacts of all records that have no fault."""
    broken = {fault.where.line for fault in faults}
    if 1 in broken:  # the columns: nothing below them was checked
        return ()
    last = [*(each.where.line for each in table.records[1:]), None]
    spans = zip(table.records, last, strict=False)
    return tuple(_contact(each) for each, end in spans if not _within(broken, each, end))


def _within(lines: set[int], record: Record, end: int | None) -> bool:
    return any(record.where.line <= line and (end is None or line < end) for line in lines)


def _contact(record: Record) -> Contact:
    cells: Mapping[str, str] = {**dict.fromkeys(COLUMNS, ""), **record.cells}
    day = cells["verified_on"]
    alike = ("id", "scope", "country", "city", "kind", "name", "source", "source_url")
    return Contact(
        **{column: cells[column] for column in alike},
        phones=phones_of(cells["phones"]),
        date=cells["source_date"],
        confidence=cells["confidence"],
        note=cells["note"],
        verified_by=cells["verified_by"],
        verified_on=datetime.date.fromisoformat(day) if day else None,
        verified_source=cells["verified_source"],
        line=record.where.line,
    )


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
