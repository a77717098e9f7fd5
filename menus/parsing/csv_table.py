"""CSV, read so that every cell has a place and every record keeps its bytes.

The standard library's reader forgets where a cell stood and how it was quoted.
Both are needed here: a fault names its line and column, and a file in which one
record was changed is otherwise the file that it was.
"""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from menus.faults import Fault, Where

_CELL = re.compile(r'(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\r|\n|\Z)')
"""One cell and what ends it (RFC 4180): quoted with quotes doubled, or bare."""

_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its cells by column, where each stands, and how it was written."""

    cells: Mapping[str, str]
    places: Mapping[str, Where]
    where: Where
    raw: str

    def place(self, column: str) -> Where:
        """Where the cell stands; where the record does, if it has no such cell."""
        return self.places.get(column, self.where)


@dataclass(frozen=True, slots=True)
class Table:
    """One file.  `head` is its first line as it stands, with the mark of order."""

    file: str
    columns: tuple[str, ...]
    head: str
    records: tuple[Record, ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    cells: tuple[str, ...]
    places: tuple[Where, ...]
    raw: str


def read_table(path: Path) -> Table:
    """Read a file of UTF-8 and commas.  Never raises for its content.

    Empty lines are left out of the records and stay out of a file rewritten.
    """
    file = f"{path.parent.name}/{path.name}"
    try:
        return decoded_table(path.read_bytes(), file)
    except OSError as error:
        return _unread(Where(file), f"cannot be read: {error.strerror}")


def decoded_table(content: bytes, file: str) -> Table:
    """What `read_table` makes of a file's bytes."""
    try:
        return parse_table(content.decode("utf-8"), file)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return _unread(Where(file, line), "is not UTF-8: save the file as UTF-8")


def parse_table(text: str, file: str) -> Table:
    """What `read_table` makes of a file's text."""
    lines, broken = _lines(text.removeprefix(_BOM), file)
    if broken:
        what = 'a quote opens or stands alone here: quote the whole cell, and double each " in it'
        return _unread(broken, what)
    if not lines:
        return _unread(Where(file), "is empty: the first line must name the columns")
    head, rest = lines[0], [line for line in lines[1:] if any(line.cells)]
    columns = tuple(name.strip() for name in head.cells)
    records = tuple(_record(columns, line) for line in rest)
    faults = tuple(_miscounted(columns, line) for line in rest if len(line.cells) != len(columns))
    mark = _BOM if text.startswith(_BOM) else ""
    return Table(file, columns, mark + head.raw, records, faults)


def written(table: Table, cells: Mapping[str, str]) -> str:
    """One record as a line of this table, with the line end that its first line has."""
    line = io.StringIO()
    end = re.search(r"(\r\n|\r|\n)\Z", table.head)
    writer = csv.writer(line, lineterminator=end[1] if end else "\n")
    writer.writerow([cells.get(column, "") for column in table.columns])
    return line.getvalue()


def joined(table: Table, lines: list[str]) -> str:
    """The whole file; the last line of the old one is ended before another follows."""
    end = written(table, {})[-1:]
    whole = [line if line.endswith(("\r", "\n")) else line + end for line in [table.head, *lines]]
    return "".join(whole)


def _unread(where: Where, what: str) -> Table:
    return Table(where.file, (), "", (), (Fault(where, "file", what),))


def _lines(text: str, file: str) -> tuple[list[_Line], Where | None]:
    """All lines with their cells, or the place where the quotes went wrong."""
    lines: list[_Line] = []
    cells: list[str] = []
    places: list[Where] = []
    at = begin = line_begin = 0
    line = 1
    while at < len(text) or cells:
        place = Where(file, line, at - line_begin + 1)
        if not (cell := _CELL.match(text, at)):
            return [], place
        quoted, bare, end = cell.groups()
        cells.append(bare if quoted is None else quoted.replace('""', '"'))
        places.append(place)
        if breaks := [*re.finditer(r"\r\n|\r|\n", cell[0])]:
            line, line_begin = line + len(breaks), at + breaks[-1].end()
        at = cell.end()
        if end != ",":
            lines.append(_Line(tuple(cells), tuple(places), text[begin:at]))
            cells, places, begin = [], [], at
    return lines, None


def _record(columns: tuple[str, ...], line: _Line) -> Record:
    values = [value.strip() for value in line.cells]
    cells = {**dict.fromkeys(columns, ""), **dict(zip(columns, values, strict=False))}
    places = dict(zip(columns, line.places, strict=False))
    return Record(cells, places, line.places[0], line.raw)


def _miscounted(columns: tuple[str, ...], line: _Line) -> Fault:
    what = f"has {len(line.cells)} cells where the first line names {len(columns)} columns"
    return Fault(line.places[min(len(line.cells), len(columns)) - 1], line.cells[0], what)
