"""CSV files: read with the line of each record, written as the standard library writes them."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from menus.at_hand import at_hand
from menus.faults import Fault, Location

LISTS_AT_HAND = 4
"""Of the contacts and of the names of countries: some megabytes each."""
_BOM = "\ufeff"

Cells = Mapping[str, str]
"""The cells of one record, by column."""
_Line = tuple[Location, list[str]]


@dataclass(frozen=True, slots=True)
class Record:
    """One record, and the line that it begins in."""

    cells: Cells
    where: Location


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One file.  Empty lines of it are no records.  `bom`: it begins with a byte order mark.

    A file that is read again and says the same is the same object.
    """

    file: str
    columns: tuple[str, ...] = ()
    records: tuple[Record, ...] = ()
    faults: tuple[Fault, ...] = ()
    bom: bool = False
    line_end: str = "\n"


def read_table(path: Path) -> Table:
    """Read a file of UTF-8 and commas.  Never raises for its content."""
    file = f"{path.parent.name}/{path.name}"
    try:
        return _table(path.read_bytes().decode("utf-8"), file)
    except OSError as error:
        return _unreadable(Location(file), f"cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return _unreadable(Location(file, line), "is not UTF-8: save the file as UTF-8")


@at_hand(LISTS_AT_HAND)
def _table(text: str, file: str) -> Table:
    return parse_table(text, file)


def parse_table(text: str, file: str, delimiter: str = ",") -> Table:
    """What `read_table` makes of a file's text."""
    lines, broken = _lines(text.removeprefix(_BOM), file, delimiter)
    if broken:
        what = 'a quote opens or stands alone here: quote the whole cell, and double each " in it'
        return _unreadable(broken, what)
    if not lines:
        return _unreadable(Location(file), "is empty: the first line must name the columns")
    (_, columns), *rest = lines
    filled = [(where, cells) for where, cells in rest if any(cells)]
    return Table(
        file,
        tuple(columns),
        tuple(Record(_by_column(columns, cells), where) for where, cells in filled),
        tuple(_miscounted(columns, *each) for each in filled if len(each[1]) != len(columns)),
        bom=text.startswith(_BOM),
        line_end=_line_end(text),
    )


def table_text(table: Table, rows: Iterable[Cells]) -> str:
    """A file like this one with these rows.  A column that only the rows have is added."""
    rows = list(rows)
    known = dict.fromkeys(table.columns)
    new = [name for row in rows for name, cell in row.items() if cell and name not in known]
    text = io.StringIO()
    columns = [*known, *dict.fromkeys(new)]
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator=table.line_end)
    writer.writeheader()
    writer.writerows(rows)
    return _BOM * table.bom + text.getvalue()


def _lines(text: str, file: str, delimiter: str) -> tuple[list[_Line], Location | None]:
    """Every line's cells without the spaces around them, or where the quotes go wrong."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines = list[_Line]()
    while True:
        where = Location(file, reader.line_num + 1)
        try:
            cells = next(reader)
        except StopIteration:
            return lines, None
        except csv.Error:
            return [], where
        lines.append((where, [cell.strip() for cell in cells]))


def _by_column(columns: list[str], cells: list[str]) -> Cells:
    return {**dict.fromkeys(columns, ""), **dict(zip(columns, cells, strict=False))}


def _line_end(text: str) -> str:
    """The end of the first line."""
    first = next(iter(io.StringIO(text, newline="")), "")
    return first[len(first.rstrip("\r\n")) :] or "\n"


def _miscounted(columns: list[str], where: Location, cells: list[str]) -> Fault:
    what = f"has {len(cells)} cells where the first line names {len(columns)} columns"
    return Fault(where, cells[0], what)


def _unreadable(where: Location, what: str) -> Table:
    return Table(where.file, faults=(Fault(where, "file", what),))
