"""What a row of `contacts.csv` must be before anybody may rely on it.

Pure: a record of the table in, its faults out.  That a number can exist is
checked by libphonenumber's metadata; that it is the right one, by nobody here.
"""

import datetime
import re
from collections.abc import Callable, Iterator, Mapping

import phonenumbers
from phonenumbers.shortnumberinfo import is_possible_short_number_for_region

from menus.faults import Fault, Where
from menus.parsing import Record, Table

Check = Callable[[Record], Iterator[Fault]]

NEEDED = ("id", "scope", "country", "kind", "name", "phones", "source", "source_date", "confidence")
MAY_LACK = ("city", "email", "address", "source_url", "note")
VERIFICATION = ("verified_by", "verified_on", "verified_source")
COLUMNS = (*NEEDED, *MAY_LACK, *VERIFICATION)

SCOPES = ("kz_abroad", "foreign_in_kz", "emergency", "hotline")
CONFIDENCES = ("high", "medium", "low")
HOME = "KZ"

MISSION_KINDS = (
    "emergency/duty phone",
    "consular section",
    "embassy",
    "consulate general",
    "consulate",
    "honorary consulate",
)
"""What a mission can be, the phone that helps soonest first."""

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{6,14}")
_DIALLED = re.compile(r"[0-9]{2,12}")
_SHORTEST, _LONGEST = 2, 6
"""Digits of a short number; ITU-T E.164 knows none longer than six in use here."""
_NOT_ISO = re.compile(r"\b[0-9]{1,2}[./][0-9]{1,2}[./](?:19|20)[0-9]{2}\b")
_ISO = re.compile(r"\b((?:19|20)[0-9]{2})(?:-([0-9]{1,2}))?(?:-([0-9]{1,2}))?\b")
_ASIDE = re.compile(r"\([^)]*\)")


def table_faults(table: Table) -> Iterator[Fault]:
    """Every fault of a file, of each record, and between the records."""
    yield from table.faults
    misnamed = [*_columns(table)] if table.columns else []
    yield from misnamed
    if not misnamed:
        for record in table.records:
            for check in CHECKS:
                yield from check(record)
        yield from _ids_twice(table)


def fault(record: Record, column: str, what: str) -> Fault:
    """A fault in one cell, named by its column, under the contact's id."""
    return Fault(record.where, record.cells.get("id", "") or "row", f"'{column}' {what}")


def phones_of(cells: str) -> tuple[str, ...]:
    """The phones of a cell, as `;` parts them."""
    return tuple(phone for part in cells.split(";") if (phone := part.strip()))


def source_date(written: str) -> datetime.date | None:
    """The day that a source speaks for: the newest of its dates; None if undated.

    A year or a month counts from its first day, which never makes a source look
    newer than it is.  What stands in brackets is an aside (`ITU report 2026-02-13
    (entry 2012-04-03)`), and so is every date after the word `undated`.
    Raises `ValueError` where there is neither a date nor that word, or no such day.
    """
    if written.startswith("undated"):
        return None
    found = _ISO.findall(_ASIDE.sub(" ", written))
    if not found or _NOT_ISO.search(written):
        raise ValueError("names no date that can be read")
    return max(datetime.date(int(y), int(m or 1), int(d or 1)) for y, m, d in found)


def _columns(table: Table) -> Iterator[Fault]:
    where = Where(table.file)
    semicolons = len(table.columns) == 1 and ";" in table.columns[0]
    if semicolons:
        yield Fault(where, "file", "parts its cells by ';': save the file with commas")
        return
    for column in NEEDED:
        if column not in table.columns:
            yield Fault(where, "file", f"the column '{column}' is missing: add it")
    for n, column in enumerate(table.columns):
        if column not in COLUMNS:
            yield Fault(where, "file", f"'{column}' is not a column that is known here")
        elif column in table.columns[:n]:
            yield Fault(where, "file", f"the column '{column}' stands here twice: keep one")


def _ids_twice(table: Table) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for record in table.records:
        first = seen.setdefault(record.cells["id"], record.where.line)
        if first != record.where.line:
            yield fault(record, "id", f"is that of line {first} too: keep one of the two rows")


# --- One record ---------------------------------------------------------------


def named(record: Record) -> Iterator[Fault]:
    """An id that can be typed; a name, a kind and a source."""
    if not _ID.fullmatch(record.cells.get("id", "")):
        yield fault(record, "id", "must be of small Latin letters, digits and '-'")
    for column in ("kind", "name", "source"):
        if not record.cells.get(column):
            yield fault(record, column, "is empty: a contact without it is not sent")


def known(record: Record) -> Iterator[Fault]:
    """A scope, a confidence and a country that mean something here."""
    cells = record.cells
    for column, words in (("scope", SCOPES), ("confidence", CONFIDENCES)):
        if cells.get(column) not in words:
            yield fault(record, column, f"must be one of: {', '.join(words)}")
    if not _is_country(cells.get("country", "")):
        yield fault(record, "country", "must be two capital letters, such as TR")
    elif cells["country"] == HOME and cells.get("scope") in ("kz_abroad", "foreign_in_kz"):
        yield fault(
            record, "country", "must be another than KZ: a mission is of or in another country"
        )
    elif (
        cells.get("scope") in ("kz_abroad", "foreign_in_kz")
        and cells.get("kind") not in MISSION_KINDS
    ):
        yield fault(record, "kind", f"must be, for a mission, one of: {', '.join(MISSION_KINDS)}")


def dialled(record: Record) -> Iterator[Fault]:
    """Each phone can exist, in the country where this contact would have it."""
    cells = record.cells
    if cells.get("scope") not in SCOPES or not _is_country(cells.get("country", "")):
        return
    for n, phone in enumerate(phones_of(cells.get("phones", "")), 1):
        if not (_INTERNATIONAL.fullmatch(phone) or _DIALLED.fullmatch(phone)):
            what = f"number {n}: write + and digits, or the digits as dialled, parted by ';'"
            yield fault(record, "phones", what)
        elif not _can_exist(phone, cells):
            places = " or ".join(_places(cells)) or "any country"
            what = f"number {n} is no valid number of {places}: see its source"
            yield fault(record, "phones", what)


def dated(record: Record) -> Iterator[Fault]:
    """A date that exists, or the word that there is none."""
    try:
        source_date(record.cells.get("source_date", ""))
    except ValueError as error:
        what = f"{error}: write 2026-11-21, 2026-11, 2026 or undated"
        yield fault(record, "source_date", what)


def vouched_for(record: Record) -> Iterator[Fault]:
    """A verification is whole, dated to the day, and about a phone; or there is none."""
    cells = record.cells
    given = [column for column in VERIFICATION if cells.get(column)]
    if not given:
        return
    for column in VERIFICATION:
        if column not in given:
            yield fault(record, column, "is empty: a verification names who, when, how")
    if cells.get("verified_on"):
        try:
            datetime.date.fromisoformat(cells["verified_on"])
        except ValueError:
            yield fault(record, "verified_on", "is no day: write 2026-11-21")
    if not phones_of(cells.get("phones", "")):
        yield fault(record, "phones", "is empty, but verified: write the phone or unverify it")


CHECKS: tuple[Check, ...] = (named, known, dialled, dated, vouched_for)


def _is_country(code: str) -> bool:
    return code in phonenumbers.SUPPORTED_REGIONS


def _can_exist(phone: str, cells: Mapping[str, str]) -> bool:
    """By the metadata; a short number that it does not list needs a reason to be here.

    The lists of short numbers are known to lag (1164 in Uzbekistan is not in them).
    One that they do not know may stand in a row that is not sent, or that the
    operator has verified; a row sent on its source alone must match them.
    """
    places = _places(cells)
    if phone.startswith("+"):
        parsed = phonenumbers.parse(phone)
        valid_there = any(phonenumbers.is_valid_number_for_region(parsed, at) for at in places)
        return phonenumbers.is_valid_number(parsed) and (valid_there or not places)
    where = HOME if cells["scope"] == "foreign_in_kz" else cells["country"]
    parsed = phonenumbers.parse(phone, where)
    if phonenumbers.is_valid_number_for_region(parsed, where):
        return True
    on_source_alone = cells.get("confidence") == "high" and not cells.get("verified_by")
    unlisted = _SHORTEST <= len(phone) <= _LONGEST and not on_source_alone
    return is_possible_short_number_for_region(parsed, where) or unlisted


def _places(cells: Mapping[str, str]) -> tuple[str, ...]:
    """The countries whose numbers the contact may have; none when any will do.

    A mission answers on a line of the country it is in or the one it is of.  One
    in a third country that covers this one too stands among the hotlines, as the
    kind of mission that it is, with its city.
    """
    country, scope = cells["country"], cells["scope"]
    if scope in ("kz_abroad", "foreign_in_kz"):
        return (country, HOME)
    if scope == "hotline" and cells.get("kind") in MISSION_KINDS and cells.get("city"):
        return ()
    return (country,)
