"""The contacts as the operator looks at them: which of them, and what each still needs.

Pure: what stands in the file, today's date and the filters in; rows out.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from menus.contacts import SOON_DAYS, Contact, Doubt, Rule, doubt_of, due_for_check


class Show(StrEnum):
    """Which contacts a page lists."""

    ALL = "all"
    UNVERIFIED = "unverified"
    UNCONFIRMED = "unconfirmed"
    UNSENT = "unsent"
    DUE = "due"


@dataclass(frozen=True, slots=True)
class Row:
    """A contact, why it is not sure today (None: it is), whether it is sent, and whether it
    is due.
    """

    contact: Contact
    doubt: Doubt | None
    sent: bool
    due: bool

    @property
    def standing(self) -> str:
        """What callers get of it, as a word of the page."""
        if not self.sent:
            return "not_sent"
        return "is_unconfirmed" if self.doubt else "is_sent"


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
            Show.UNCONFIRMED: row.standing == "is_unconfirmed",
            Show.UNSENT: not row.sent,
            Show.DUE: row.due,
        }
        return listed[self.show]


def row_of(contact: Contact, today: datetime.date, rule: Rule) -> Row:
    doubt = doubt_of(contact, today, rule.oldest_days)
    due = due_for_check(contact, today, rule.oldest_days, SOON_DAYS)
    return Row(contact, doubt, rule.sends(doubt), due)


def rows_of(contacts: Iterable[Contact], today: datetime.date, rule: Rule) -> list[Row]:
    """All contacts, in the order of the file."""
    return [row_of(contact, today, rule) for contact in contacts]


def filters_of(country: str, kind: str, show: str) -> Filters:
    """The filters as a form gives them."""
    return Filters(country, kind, Show(show) if show in set(Show) else Show.ALL)
