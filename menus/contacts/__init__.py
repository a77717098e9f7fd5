"""Whom a person can call: the list of contacts, what of it may be sent, and changes to it."""

from menus.contacts.calls import SOON_DAYS, Call, Gap, call_list
from menus.contacts.changes import (
    Changes,
    Mark,
    apply,
    changes_from,
    correct,
    note_unanswered,
    verify,
    withdraw,
)
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
from menus.contacts.notes import ContactNote, ContactNotes
from menus.contacts.phones import grouped
from menus.contacts.reasons import REASONS
from menus.contacts.sheets import REPAIRS, Repair, Sheet, read_sheet

__all__ = [
    "COLUMNS",
    "REASONS",
    "REPAIRS",
    "SOON_DAYS",
    "UNCONFIRMED",
    "VERIFICATION",
    "Call",
    "Changes",
    "Contact",
    "ContactNote",
    "ContactNotes",
    "Doubt",
    "Evidence",
    "Gap",
    "Mark",
    "Repair",
    "Rule",
    "Sendable",
    "Sheet",
    "apply",
    "call_list",
    "changes_from",
    "correct",
    "doubt_of",
    "due_for_check",
    "emergency_of",
    "grouped",
    "hotlines_of",
    "missions_in_kazakhstan",
    "missions_of_kazakhstan",
    "note_unanswered",
    "read_contacts",
    "read_sheet",
    "sendable",
    "source_date",
    "too_old",
    "verify",
    "withdraw",
]
