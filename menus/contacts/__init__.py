"""Whom a person can call: the list of contacts, what of it may be sent, and changes to it."""

from menus.contacts.changes import Changes, apply, changes_from, verify
from menus.contacts.checks import COLUMNS
from menus.contacts.contacts import (
    Contact,
    Unsent,
    due_for_check,
    emergency_of,
    missions_in_kazakhstan,
    missions_of_kazakhstan,
    only_sendable,
    read_contacts,
    too_old,
    unsent,
)

__all__ = [
    "COLUMNS",
    "Changes",
    "Contact",
    "Unsent",
    "apply",
    "changes_from",
    "due_for_check",
    "emergency_of",
    "missions_in_kazakhstan",
    "missions_of_kazakhstan",
    "only_sendable",
    "read_contacts",
    "too_old",
    "unsent",
    "verify",
]
