"""What can be wrong with a row of contacts, in words for whoever keeps the list.

The operator's pages say the same in their languages, by the same keys.
"""

from menus.faults import Fault
from menus.parsing import Record

REASONS = {
    "empty": "'{column}' is empty: a contact without it is not sent",
    "id_form": "'id' must be of small Latin letters, digits and '-'",
    "id_twice": "'id' is that of line {line} too: keep one of the two rows",
    "one_of": "'{column}' must be one of: {words}",
    "country_form": "'country' must be two capital letters, such as TR",
    "country_home": "'country' must be another than KZ: it is the mission's",
    "mission_kind": "'kind' must be, for a mission, one of: {words}",
    "phone_form": "'phones' number {n}: write + and digits, or the digits as dialled; "
    "a ';' parts two numbers",
    "phone_rounded": "'phones' number {n} was rounded by a spreadsheet and lost digits: "
    "copy it again from its source, into a cell formatted as text",
    "phone_no_plus": "'phones' number {n} has its country code but no +: write + before it",
    "phone_national": "'phones' number {n} lacks + and the country code: people call a mission "
    "from other countries too",
    "phone_impossible": "'phones' number {n} is no valid number of {places}: see its source",
    "phone_free": "'phones' number {n} costs nothing in another country and cannot be dialled "
    "from {place}: find the ordinary number",
    "date_unreadable": "'{column}' names no date that can be read: write 2026-11-21, 2026-11, "
    "2026 or undated",
    "day_unreadable": "'{column}' is no day: write 2026-11-21",
    "mark_incomplete": "'{column}' is empty: a verification names who, when, how",
    "mark_without_phone": "'phones' is empty, but verified: write the phone or unverify it",
    "withdrawn_unmarked": "'{column}' is empty: a withdrawn number says who found out, when, how",
    "not_text": "is in an alphabet that is not known here: save the file as CSV UTF-8",
    "letters_lost": "'{column}' has '?' for letters that the spreadsheet could not save: "
    "save the file as CSV UTF-8",
}


def fault(record: Record, reason: str, column: str = "", **values: object) -> Fault:
    """A fault of a row, under the contact's id."""
    said = {"column": column, **{key: str(value) for key, value in values.items()}}
    id_ = record.cells.get("id", "") or "row"
    return Fault(record.where, id_, REASONS[reason].format(**said), reason, said)
