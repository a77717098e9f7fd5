"""YAML and CSV read with the place of each value."""

from menus.parsing.csv_table import (
    LISTS_AT_HAND,
    Cells,
    Record,
    Table,
    parse_table,
    read_table,
    table_text,
)
from menus.parsing.yaml_source import FILES_AT_HAND, KeyPath, Source, data_of, read, screen_of

__all__ = [
    "FILES_AT_HAND",
    "LISTS_AT_HAND",
    "Cells",
    "KeyPath",
    "Record",
    "Source",
    "Table",
    "data_of",
    "parse_table",
    "read",
    "read_table",
    "screen_of",
    "table_text",
]
