"""Whom a person can call: the list of contacts, what of it may be sent, and changes to it."""

from menus.contacts.changes import Changes, apply, changes_from, verify
from menus.contacts.checks import COLUMNS, VERIFICATION, source_date
from menus.contacts.contacts import (
    Contact,
    emergency_of,
    hotlines_of,
    missions_in_kazakhstan,
    missions_of_kazakhstan,
    read_contacts,
)
from menus.contacts.doubts import (
    UNCONFIRMED,
    Doubt,
    Evidence,
    Rule,
    Sendable,
    doubt_of,
    due_for_check,
    sendable,
    too_old,
)
from menus.contacts.phones import grouped

__all__ = [
    "COLUMNS",
    "UNCONFIRMED",
    "VERIFICATION",
    "Changes",
    "Contact",
    "Doubt",
    "Evidence",
    "Rule",
    "Sendable",
    "apply",
    "changes_from",
    "doubt_of",
    "due_for_check",
    "emergency_of",
    "grouped",
    "hotlines_of",
    "missions_in_kazakhstan",
    "missions_of_kazakhstan",
    "read_contacts",
    "sendable",
    "source_date",
    "too_old",
    "verify",
]
