"""The contacts as the operator looks at them: which of them, and what each still needs.

Pure: what stands in the file, today's date and the filters in; rows out.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from menus.contacts import Contact, Unsent, due_for_check, unsent

SOON_DAYS = 90
"""Before a contact is too old to be sent, it is due for a check."""


class Show(StrEnum):
    """Which contacts a page lists."""

    ALL = "all"
    UNVERIFIED = "unverified"
    UNSENT = "unsent"
    DUE = "due"


@dataclass(frozen=True, slots=True)
class Row:
    """A contact, why it may not be sent today (None: it may), and whether it is due."""

    contact: Contact
    unsent: Unsent | None
    due: bool


@dataclass(frozen=True, slots=True)
class Filters:
    """An empty one takes every row."""

    country: str = ""
    kind: str = ""
    show: Show = Show.ALL

    def take(self, row: Row) -> bool:
        """Whether a row is listed."""
        contact = row.contact
        if self.country not in ("", contact.country) or self.kind not in ("", contact.kind):
            return False
        listed = {
            Show.ALL: True,
            Show.UNVERIFIED: contact.verified_on is None,
            Show.UNSENT: row.unsent is not None,
            Show.DUE: row.due,
        }
        return listed[self.show]


def row_of(contact: Contact, today: datetime.date, oldest_days: int) -> Row:
    due = due_for_check(contact, today, oldest_days, SOON_DAYS)
    return Row(contact, unsent(contact, today, oldest_days), due)


def rows_of(contacts: Iterable[Contact], today: datetime.date, oldest_days: int) -> list[Row]:
    """All contacts, in the order of the file."""
    return [row_of(contact, today, oldest_days) for contact in contacts]


def filters_of(country: str, kind: str, show: str) -> Filters:
    """The filters as a form gives them."""
    return Filters(country, kind, Show(show) if show in set(Show) else Show.ALL)
