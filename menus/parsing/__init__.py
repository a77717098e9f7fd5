"""YAML and CSV read with the place of each value."""

from menus.parsing.csv_table import (
    Record,
    Table,
    decoded_table,
    joined,
    parse_table,
    read_table,
    written,
)
from menus.parsing.yaml_source import Source, Steps, read, screen_of

__all__ = [
    "Record",
    "Source",
    "Steps",
    "Table",
    "decoded_table",
    "joined",
    "parse_table",
    "read",
    "read_table",
    "screen_of",
    "written",
]
