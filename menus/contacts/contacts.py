"""Whom a person can call: every contact with its source, its date, and who vouches for it.

A number that could mislead is worse than none.  What may be sent is decided in
one place, `sendable`; the selections below expect contacts that passed it.
"""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from menus.contacts.checks import (
    COLUMNS,
    MISSION_KINDS,
    phones_of,
    source_date,
    table_faults,
)
from menus.faults import Fault
from menus.parsing import Record, Table, read_table

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


def _sound(table: Table, faults: Iterable[Fault]) -> tuple[Contact, ...]:
    """The contacts of all records that have no fault."""
    broken = {fault.where.line for fault in faults}
    if 1 in broken:  # the columns: nothing below them was checked
        return ()
    return tuple(contact_of(each) for each in table.records if each.where.line not in broken)


def contact_of(record: Record) -> Contact:
    """The contact of a record without faults."""
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
