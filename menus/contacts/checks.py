"""What a row of `contacts.csv` must be before anybody may rely on it.

Pure: a record of the table in, its faults out.  That a number can exist is
checked by libphonenumber's metadata; that it is the right one, by nobody here.
"""

import datetime
import re
from collections.abc import Callable, Iterator

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberDesc, PhoneNumberType
from phonenumbers.shortnumberinfo import is_possible_short_number_for_region

from menus.at_hand import at_hand
from menus.contacts.phones import LONGEST_SHORT
from menus.contacts.reasons import fault
from menus.faults import Fault, Location
from menus.parsing import Cells, Record, Table

Check = Callable[[Record], Iterator[Fault]]

NEEDED = ("id", "scope", "country", "kind", "name", "phones", "source", "source_date", "confidence")
MAY_LACK = ("city", "email", "address", "source_url", "note")
VERIFICATION = ("verified_by", "verified_on", "verified_source")
UNANSWERED = "unanswered"
COLUMNS = (*NEEDED, *MAY_LACK, *VERIFICATION, UNANSWERED)

SCOPES = ("kz_abroad", "foreign_in_kz", "emergency", "hotline")
WITHDRAWN = "withdrawn"
"""Of a number that somebody found to be wrong: it stays in the file, so that no older list
brings it back, and is never sent."""
CONFIDENCES = ("high", "medium", "low", WITHDRAWN)
MISSION_SCOPES = ("kz_abroad", "foreign_in_kz")
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
_DIALLED = re.compile(r"[0-9]{2,15}")
_ROUNDED = re.compile(r"[0-9]([.,][0-9]+)?[eE]\+?[0-9]+")
AT_HAND = 4096
"""Phones that are looked up but once: a list is read again at each change of the menu."""
_FREE = (PhoneNumberType.TOLL_FREE, PhoneNumberType.SHARED_COST, PhoneNumberType.PREMIUM_RATE)
"""What is dialled only in its own country."""
_KINDS = (
    "fixed_line",
    "mobile",
    "toll_free",
    "shared_cost",
    "premium_rate",
    "uan",
    "voip",
    "personal_number",
    "pager",
    "voicemail",
)
"""What a valid number may be, by libphonenumber's names, the commonest of a mission first."""
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


def phones_of(cells: str) -> tuple[str, ...]:
    """The phones of a cell, as `;` parts them."""
    return tuple(phone for part in cells.split(";") if (phone := part.strip()))


def days_of(cell: str) -> tuple[datetime.date, ...]:
    """The days of a cell, as `;` parts them.  Raises `ValueError` for what is no day."""
    return tuple(datetime.date.fromisoformat(day.strip()) for day in cell.split(";") if day.strip())


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
    where = Location(table.file)
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
            yield fault(record, "id_twice", line=first)


# --- One record ---------------------------------------------------------------


def check_identity(record: Record) -> Iterator[Fault]:
    """An id that can be typed; a name, a kind and a source."""
    if not _ID.fullmatch(record.cells.get("id", "")):
        yield fault(record, "id_form")
    for column in ("kind", "name", "source"):
        if not record.cells.get(column):
            yield fault(record, "empty", column)


def check_scope(record: Record) -> Iterator[Fault]:
    """A scope, a confidence and a country that mean something here."""
    cells = record.cells
    for column, words in (("scope", SCOPES), ("confidence", CONFIDENCES)):
        if cells.get(column) not in words:
            yield fault(record, "one_of", column, words=", ".join(words))
    mission = cells.get("scope") in MISSION_SCOPES
    if not is_country(cells.get("country", "")):
        yield fault(record, "country_form")
    elif mission and cells["country"] == HOME:
        yield fault(record, "country_home")
    elif mission and cells.get("kind") not in MISSION_KINDS:
        yield fault(record, "mission_kind", words=", ".join(MISSION_KINDS))


def check_phones(record: Record) -> Iterator[Fault]:
    """Each phone can exist, and can be dialled where this contact is needed."""
    cells = record.cells
    if cells.get("scope") in SCOPES and is_country(cells.get("country", "")):
        for n, phone in enumerate(phones_of(cells.get("phones", "")), 1):
            if reason := phone_fault(phone, cells):
                where = " or ".join(places(cells)) or "any country"
                yield fault(record, reason, n=n, places=where, place=needed_in(cells))


def check_dates(record: Record) -> Iterator[Fault]:
    """A date that exists, or the word that there is none; days of calls that exist."""
    try:
        source_date(record.cells.get("source_date", ""))
    except ValueError:
        yield fault(record, "date_unreadable", "source_date")
    for column in ("verified_on", UNANSWERED):
        try:
            days_of(record.cells.get(column, ""))
        except ValueError:
            yield fault(record, "day_unreadable", column)


def check_verification(record: Record) -> Iterator[Fault]:
    """A verification is whole and about a phone, or there is none; a withdrawal is whole."""
    cells = record.cells
    withdrawn = cells.get("confidence") == WITHDRAWN
    given = [column for column in VERIFICATION if cells.get(column)]
    for column in VERIFICATION if given or withdrawn else ():
        if column not in given:
            yield fault(record, "withdrawn_unmarked" if withdrawn else "mark_incomplete", column)
    if given and not phones_of(cells.get("phones", "")):
        yield fault(record, "mark_without_phone")


CHECKS: tuple[Check, ...] = (
    check_identity,
    check_scope,
    check_phones,
    check_dates,
    check_verification,
)


def is_country(code: str) -> bool:
    return code in phonenumbers.SUPPORTED_REGIONS


# --- Phones -------------------------------------------------------------------


def phone_fault(phone: str, cells: Cells) -> str | None:
    """Why a phone of this row cannot be dialled where it is needed, as a reason; or None."""
    if _ROUNDED.fullmatch(phone):
        return "phone_rounded"
    if _INTERNATIONAL.fullmatch(phone):
        return _international_fault(phone, places(cells), needed_in(cells))
    if not _DIALLED.fullmatch(phone):
        return "phone_form"
    if _lacks_its_plus(phone, places(cells), needed_in(cells)):
        return "phone_no_plus"
    if cells["scope"] in MISSION_SCOPES:
        return "phone_national"
    on_source_alone = cells.get("confidence") == "high" and not cells.get("verified_by")
    return None if _is_dialled(phone, needed_in(cells), on_source_alone) else "phone_impossible"


@at_hand(AT_HAND)
def is_valid_in(phone: str, countries: tuple[str, ...]) -> bool:
    """Whether a phone with + is a number of one of the countries, or of any if none are
    named.
    """
    try:
        parsed = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return False
    there = any(_is_of(parsed, each) for each in countries)
    return there or (not countries and phonenumbers.is_valid_number(parsed))


def _is_of(phone: PhoneNumber, country: str) -> bool:
    """As `phonenumbers.is_valid_number_for_region`, which compiles twelve patterns a country:
    here the commonest kinds of number are tried first, and the form that all have is left out.
    """
    known = PhoneMetadata.metadata_for_region(country)
    if known is None or known.country_code != phone.country_code:
        return False
    digits = phonenumbers.national_significant_number(phone)
    return any(_matches(digits, getattr(known, kind)) for kind in _KINDS)


def _matches(digits: str, form: PhoneNumberDesc | None) -> bool:
    if form is None or (form.possible_length and len(digits) not in form.possible_length):
        return False
    pattern = form.national_number_pattern
    return bool(pattern and re.fullmatch(pattern, digits))


def needed_in(cells: Cells) -> str:
    """The country in which people dial the phones of a row."""
    return HOME if cells["scope"] == "foreign_in_kz" else cells["country"]


def places(cells: Cells) -> tuple[str, ...]:
    """The countries whose numbers the contact may have; none when any will do.

    A mission answers on a line of the country it is in or the one it is of.  One
    in a third country that covers this one too stands among the hotlines, as the
    kind of mission that it is, with its city.
    """
    country, scope = cells["country"], cells["scope"]
    if scope in MISSION_SCOPES:
        return (country, HOME)
    if scope == "hotline" and cells.get("kind") in MISSION_KINDS and cells.get("city"):
        return ()
    return (country,)


@at_hand(AT_HAND)
def _international_fault(phone: str, countries: tuple[str, ...], needed: str) -> str | None:
    if not is_valid_in(phone, countries):
        return "phone_impossible"
    parsed = phonenumbers.parse(phone)
    if _is_of(parsed, needed) or phonenumbers.number_type(parsed) not in _FREE:
        return None
    return "phone_free"


@at_hand(AT_HAND)
def _lacks_its_plus(phone: str, countries: tuple[str, ...], needed: str) -> bool:
    """Whether these digits begin with a country code, and are not dialled so in the country."""
    if len(phone) <= LONGEST_SHORT or not is_valid_in(f"+{phone}", countries):
        return False
    parsed = phonenumbers.parse(phone, needed)
    bare = not phone.startswith(str(parsed.country_code)) or phone == str(parsed.national_number)
    return not (bare and _is_of(parsed, needed))


@at_hand(AT_HAND)
def _is_dialled(phone: str, country: str, on_source_alone: bool) -> bool:
    """By the metadata; a short number that it does not list needs a reason to be here.

    The lists of short numbers are known to lag (1164 in Uzbekistan is not in them).
    One that they do not know may stand in a row that is not sure, or that the
    operator has verified; a row sent on its source alone must match them.
    """
    if len(phone) <= LONGEST_SHORT and not (on_source_alone and _is_unlisted(phone, country)):
        return True
    try:
        parsed = phonenumbers.parse(phone, country)
    except phonenumbers.NumberParseException:  # no more than what is dialled before others
        return False
    return is_possible_short_number_for_region(parsed, country) or _is_of(parsed, country)


def _is_unlisted(short: str, country: str) -> bool:
    """Whether the country has no short number of this length; `parse` takes ten times as long."""
    code, number = phonenumbers.country_code_for_region(country), int(short)
    zeros = len(short) - len(str(number))
    as_parsed = PhoneNumber(code, number, None, zeros > 0, zeros)
    return not is_possible_short_number_for_region(as_parsed, country)
