"""Figures as a table for a spreadsheet, in which nothing is ever executed."""

import csv
import io
from collections.abc import Iterable

from sms.unknown_words import UnknownWord
from web.figures.store import Day

COLUMNS = ("period", "what", "cell", "at least")
BYTE_ORDER_MARK = "\ufeff"
"""Without it, spreadsheets take Cyrillic for something else."""

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_of(days: Iterable[Day], words: Iterable[UnknownWord]) -> str:
    """Every shown figure in a line of its own, oldest day first, and the words."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for day in sorted(days, key=lambda each: each.day):
        for what, cells in day.all.items():
            writer.writerows((day.day, what, harmless(c), n) for c, n in cells.items())
    for each in words:
        writer.writerow((each.month, "not understood", harmless(each.word), each.people))
    return BYTE_ORDER_MARK + text.getvalue()


def harmless(cell: str) -> str:
    """The text, with an apostrophe before what a spreadsheet could take for a formula."""
    begins = cell.lstrip(" \u00a0\ufeff").startswith(_BEGINS_A_FORMULA)
    return f"'{cell}" if begins or cell.startswith(_BEGINS_A_FORMULA) else cell
