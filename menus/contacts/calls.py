"""Which number to call next: where people ask, and where we have the least to send them."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from menus.contacts.checks import HOME, MISSION_KINDS, MISSION_SCOPES
from menus.contacts.contacts import TRAFFICKING_KINDS, Contact
from menus.contacts.doubts import (
    UNCONFIRMED,
    Doubt,
    Rule,
    doubt_of,
    due_for_check,
    sendable,
)
from menus.contacts.phones import grouped

SOON_DAYS = 90
"""Before a number is too old to be sure, it is due for a check."""
AGAIN_DAYS = 2
"""For so long a number that nobody answered comes after all others."""

UNSURE = (Doubt.LOW, *UNCONFIRMED)
"""Doubts that a call can end."""
_SCOPES = ("kz_abroad", "hotline", "foreign_in_kz", "emergency")
_KINDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(MISSION_SCOPES, MISSION_KINDS),
    "hotline": TRAFFICKING_KINDS,
    "emergency": ("police", "all services"),
}
"""What a reply may name, by scope."""


class Gap(IntEnum):
    """What is sent of the same kind for the same country."""

    NOTHING = 0
    UNCONFIRMED = 1
    SURE = 2


@dataclass(frozen=True, slots=True)
class Call:
    """A contact to be called.  `people`: at least so many asked about its country lately, 0
    where that may not be told.
    """

    contact: Contact
    gap: Gap
    people: int

    @property
    def phones(self) -> list[tuple[str, str]]:
        """Each phone as it is dialled, and as one reads it."""
        dialled_in = self.contact.dialled_in
        return [(phone, grouped(phone, dialled_in)) for phone in self.contact.phones]

    @property
    def from_here(self) -> bool:
        """Whether it can be called from Kazakhstan."""
        return self.contact.phones[0].startswith("+") or self.contact.dialled_in == HOME


def call_list(
    contacts: Iterable[Contact],
    asked: Mapping[str, int],
    commonest: Sequence[str],
    today: datetime.date,
    rule: Rule,
) -> list[Call]:
    """The contacts that a reply may name and that are not sure, or will not be soon.

    Countries by how many people asked, then by `commonest`; in each what is missing most
    first.  A number that nobody answered lately comes last.
    """
    useful = [each for each in contacts if _is_named(each)]
    sent = sendable(useful, today, Rule(rule.oldest_days))
    sure, unconfirmed = ({(each.scope, each.country) for each in part} for part in sent.both)
    order = {code: n for n, code in enumerate(commonest)}

    def gap_of(contact: Contact) -> Gap:
        group = contact.scope, contact.country
        if group in sure:
            return Gap.SURE
        return Gap.UNCONFIRMED if group in unconfirmed else Gap.NOTHING

    def turn(call: Call) -> tuple[bool, int, int, Gap, str, int, int, int]:
        contact = call.contact
        tried = bool(contact.unanswered) and (today - contact.unanswered[-1]).days < AGAIN_DAYS
        country = order.get(contact.country, len(order))
        kind = _KINDS[contact.scope].index(contact.kind)
        scope = _SCOPES.index(contact.scope)
        first = tried, -call.people, country, call.gap, contact.country
        return *first, scope, kind, contact.line

    calls = [Call(each, gap_of(each), asked.get(each.country, 0)) for each in useful]
    return sorted((each for each in calls if _is_due(each.contact, today, rule)), key=turn)


def _is_named(contact: Contact) -> bool:
    """Whether a reply about a country may name this contact."""
    kinds = _KINDS.get(contact.scope, ())
    return bool(contact.phones) and contact.country != HOME and contact.kind in kinds


def _is_due(contact: Contact, today: datetime.date, rule: Rule) -> bool:
    """Whether a call would make it sure, or keep it so."""
    doubt = doubt_of(contact, today, rule.oldest_days)
    return doubt in UNSURE or due_for_check(contact, today, rule.oldest_days, SOON_DAYS)
