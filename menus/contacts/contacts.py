"""Whom a person can call: every contact with its source, its date, and who vouches for it.

What of them may be sent is decided in `doubts`; the selections below expect contacts that
passed it.
"""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from menus.at_hand import at_hand
from menus.contacts.checks import (
    COLUMNS,
    HOME,
    MISSION_KINDS,
    days_of,
    phones_of,
    source_date,
    table_faults,
)
from menus.faults import Fault
from menus.parsing import LISTS_AT_HAND, Record, Table, read_table

_EMERGENCY_KINDS = ("police", "all services", "ambulance", "fire")
TRAFFICKING_KINDS = ("trafficking hotline", "violence/trafficking helpline")


@dataclass(frozen=True, slots=True)
class Contact:
    """One row of `contacts.csv`.

    `country` is the one whose emergency number or hotline it is, where a mission
    of Kazakhstan is (`kz_abroad`), or whose mission in Kazakhstan it is
    (`foreign_in_kz`).  `phones` are in E.164 with `+`, or as dialled there.
    `date` is the source's, as written; `dated` is what it comes to.  `unanswered`: the days
    of calls that nobody took, since somebody last did.
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
    unanswered: tuple[datetime.date, ...]
    line: int

    def __hash__(self) -> int:
        """By the id alone: a check looks up whole lists of them, and no two of one are alike."""
        return hash(self.id)

    @property
    def dialled_in(self) -> str:
        """The country in which people dial it."""
        return HOME if self.scope == "foreign_in_kz" else self.country

    @property
    def verified(self) -> bool:
        return self.verified_on is not None

    @property
    def dated(self) -> datetime.date | None:
        """The day that stands for this contact: it was verified then, or its source is of then."""
        return self.verified_on or source_date(self.date)


def read_contacts(path: Path) -> tuple[tuple[Contact, ...], tuple[Fault, ...]]:
    """All contacts without a fault, in the order of the file, and all faults.

    Never raises for the content: what is at fault is left out.
    """
    return _contacts(read_table(path))


@at_hand(LISTS_AT_HAND)
def _contacts(table: Table) -> tuple[tuple[Contact, ...], tuple[Fault, ...]]:
    faults = tuple(sorted(set(table_faults(table))))
    return _sound(table, faults), faults


# --- Selections -----------------------------------------------------------------


def missions_of_kazakhstan(contacts: Iterable[Contact], country: str) -> tuple[Contact, ...]:
    """Kazakhstan's missions in the country, the phone that helps soonest first."""
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


def hotlines_of(contacts: Iterable[Contact], country: str) -> tuple[Contact, ...]:
    """The country's hotlines against trafficking."""
    return _of(contacts, "hotline", country, TRAFFICKING_KINDS, only=True)


def _of(
    contacts: Iterable[Contact],
    scope: str,
    country: str,
    order: tuple[str, ...],
    *,
    only: bool = False,
) -> tuple[Contact, ...]:
    """Those of a country, by kind; with `only`, none of any other kind."""

    def rank(contact: Contact) -> tuple[int, int]:
        place = order.index(contact.kind) if contact.kind in order else len(order)
        return place, contact.line

    found = (each for each in contacts if each.country == country and each.scope == scope)
    wanted = (each for each in found if each.kind in order or not only)
    return tuple(sorted(wanted, key=rank))


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
        unanswered=days_of(cells["unanswered"]),
        line=record.where.line,
    )
