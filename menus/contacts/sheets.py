"""A list of contacts as an office program saved it, put right as far as that is certain.

What a spreadsheet does to a list: it saves it in another alphabet or with `;` between the
cells, takes the + off a phone, turns one into 9.03E+11, writes days in its own order.
Whatever has one right reading is put right and told, before anything is applied; the rest
is left to the checks.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import phonenumbers
from phonenumbers import PhoneNumberFormat

from menus.alphabet import is_cyrillic, mixed_words
from menus.contacts.checks import (
    COLUMNS,
    MISSION_SCOPES,
    SCOPES,
    is_country,
    is_valid_in,
    phone_fault,
    places,
)
from menus.contacts.phones import LONGEST_SHORT
from menus.contacts.reasons import REASONS, fault
from menus.faults import Fault, Location
from menus.parsing import Cells, Record, Table, parse_table

REPAIRS = {
    "utf16": "The file is in UTF-16; it was read so.",
    "cp1251": "The file is in the alphabet Windows-1251; it was read so.",
    "delimiter": "The cells are not parted by commas; they were read all the same.",
    "plus": "The + before the country code was missing.",
    "international": "It is written with + and the country code now.",
    "signs": "Signs that are no digits were taken out.",
    "between": "Two phones are parted by ; now.",
    "day": "The day is written as year-month-day now.",
}
"""What is put right, in words for whoever keeps the list; the operator's pages say the same
in their languages."""

DELIMITERS = (",", ";", "\t")
DAYS = ("source_date", "verified_on")
NAMES = ("name", "city", "address", "source", "note")
"""Columns in which letters can be lost."""

_SIGNS = re.compile(r"[\s().\-\u2010-\u2015]+")
_BETWEEN_PHONES = re.compile(r"[;,\n]")
_DAY = re.compile(r"([0-3]?[0-9])\.([01]?[0-9])\.((?:19|20)[0-9]{2})")
_LOST = re.compile(r"\?[а-яё]|[а-яё]\?+[а-яё]", re.IGNORECASE)
_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Repair:
    """One thing that was put right, in a cell of a contact; without an id, in the file.

    `reason`: a key of `REPAIRS`.
    """

    where: Location
    reason: str
    id: str = ""
    column: str = ""
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A list that can be checked and compared with ours, and what was put right in it.

    `text`: the list as it was written.
    """

    table: Table
    repairs: tuple[Repair, ...] = ()
    text: str = ""


def read_sheet(content: bytes, file: str) -> Sheet:
    """Read a list from the bytes of its file.  Never raises for its content."""
    text, encoding = _decode(content)
    if text is None:
        unknown = Fault(Location(file), "file", REASONS["not_text"], "not_text")
        return Sheet(Table(file, faults=(unknown,)))
    delimiter = _delimiter_of(text)
    table = _tidy(parse_table(text, file, delimiter))
    in_file = [encoding, "delimiter" if delimiter != "," else ""]
    whole = [Repair(Location(file), reason) for reason in in_file if reason]
    repaired = [_repair(record) for record in table.records]
    records = tuple(record for record, _ in repaired)
    lost = tuple(each for record in records for each in _lost_letters(record))
    return Sheet(
        replace(table, records=records, faults=(*table.faults, *lost)),
        (*whole, *(each for _, repairs in repaired for each in repairs)),
        text,
    )


def tidy_phones(cells: Cells) -> str:
    """The phones of a row as they can be dialled, where that is certain."""
    return _better_phones(cells)[0]


# --- The file -------------------------------------------------------------------


def _decode(content: bytes) -> tuple[str | None, str]:
    """The text, and the repair that this is; no text where it cannot be read."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _in(content, "utf-16"), "utf16"
    text = _in(content, "utf-8")
    if text is not None:
        return text, ""
    return _russian(_in(content, "cp1251")), "cp1251"


def _in(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def _russian(text: str | None) -> str | None:
    """A text that is Russian, and not another language read in the wrong alphabet."""
    if text is None or _NOT_TEXT.search(text) or not any(map(is_cyrillic, text)):
        return None
    return None if any(map(_is_mixed, mixed_words(text))) else text


def _is_mixed(word: str) -> bool:
    return any(map(is_cyrillic, word)) and not all(map(is_cyrillic, word))


def _delimiter_of(text: str) -> str:
    """The sign that parts the names of most of our columns in the first line."""
    head = next(iter(text.splitlines()), "").lower()

    def known(delimiter: str) -> int:
        return len({cell.strip('" \ufeff') for cell in head.split(delimiter)} & set(COLUMNS))

    return max(DELIMITERS, key=known)


def _tidy(table: Table) -> Table:
    """With names of columns as ours are written, and without empty columns."""
    named = {name: name.lower() for name in table.columns}
    filled = {name for each in table.records for name, cell in each.cells.items() if cell}
    kept = [name for name in table.columns if name or "" in filled]
    records = [
        replace(each, cells={named[name]: each.cells[name] for name in kept})
        for each in table.records
    ]
    return replace(table, columns=tuple(named[name] for name in kept), records=tuple(records))


# --- One row --------------------------------------------------------------------


def _repair(record: Record) -> tuple[Record, list[Repair]]:
    """The row put right, and each cell that was changed."""
    cells, repairs = dict(record.cells), list[Repair]()
    for column, after, reason in _better_cells(record.cells):
        id_ = record.cells.get("id", "")
        repairs.append(Repair(record.where, reason, id_, column, cells[column], after))
        cells[column] = after
    return replace(record, cells=cells), repairs


def _better_cells(cells: Cells) -> Iterator[tuple[str, str, str]]:
    """Each column whose cell has one right reading: the column, the cell, the reason."""
    for column in DAYS:
        if found := _DAY.fullmatch(cells.get(column, "")):
            day, month, year = found.groups()
            yield column, f"{year}-{int(month):02}-{int(day):02}", "day"
    if cells.get("scope") in SCOPES and is_country(cells.get("country", "")):
        phones, reason = _better_phones(cells)
        if reason:
            yield "phones", phones, reason


def _better_phones(cells: Cells) -> tuple[str, str]:
    """The cell of phones as they can be dialled, and the first thing that was put right."""
    written = [part.strip() for part in _BETWEEN_PHONES.split(cells.get("phones", ""))]
    better = [_better_phone(phone, cells) for phone in written if phone]
    reasons = [reason for _, reason in better if reason]
    commas = not {",", "\n"}.isdisjoint(cells.get("phones", ""))
    if not reasons and commas and not any(phone_fault(phone, cells) for phone, _ in better):
        reasons = ["between"]
    return "; ".join(phone for phone, _ in better), next(iter(reasons), "")


def _better_phone(phone: str, cells: Cells) -> tuple[str, str]:
    """The phone as it can be dialled, and what was put right; unchanged, where nothing is
    wrong or more than one number could be meant.
    """
    if phone_fault(phone, cells) is None:
        return phone, ""
    digits = _SIGNS.sub("", phone.removesuffix(".0").lstrip("'"))
    plain = f"+{digits[2:]}" if digits.startswith("00") else digits
    readings = {plain: "signs"} if phone_fault(plain, cells) is None else _readings(plain, cells)
    [(best, reason)] = readings.items() if len(readings) == 1 else [(phone, "")]
    return best, reason


def _readings(digits: str, cells: Cells) -> Mapping[str, str]:
    """The international numbers that these digits may be, each with its repair.

    Where they begin with the country code, only the + is missing.
    """
    if not (digits.isascii() and digits.isdecimal() and len(digits) > LONGEST_SHORT):
        return {}
    if is_valid_in(f"+{digits}", places(cells)):
        found = {f"+{digits}": "plus"}
    else:
        national = cells["scope"] in MISSION_SCOPES
        found = dict.fromkeys(_in_full(digits, cells), "international") if national else {}
    return {phone: why for phone, why in found.items() if phone_fault(phone, cells) is None}


def _in_full(digits: str, cells: Cells) -> Iterator[str]:
    """A national number of each country that it may be of, with + and the country code."""
    for country in places(cells):
        parsed = phonenumbers.parse(digits, country)
        if phonenumbers.is_valid_number_for_region(parsed, country):
            yield phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


def _lost_letters(record: Record) -> Iterator[Fault]:
    for column in NAMES:
        if _LOST.search(record.cells.get(column, "")):
            yield fault(record, "letters_lost", column)
