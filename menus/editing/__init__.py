"""The operator's edits: tried, written back, taken up, noted."""

from menus.editing.form_check import not_usual, write_usual
from menus.editing.history import Change, History, State, as_json, states
from menus.editing.publishing import (
    CheckedEdit,
    Conflict,
    Edit,
    FieldFault,
    Outcome,
    Published,
    Publisher,
    Unchanged,
)
from menus.editing.sections import FieldKind, Section, too_large, typed, words_at
from menus.editing.values import NotWritable, Value, Values

__all__ = [
    "Change",
    "CheckedEdit",
    "Conflict",
    "Edit",
    "FieldFault",
    "FieldKind",
    "History",
    "NotWritable",
    "Outcome",
    "Published",
    "Publisher",
    "Section",
    "State",
    "Unchanged",
    "Value",
    "Values",
    "as_json",
    "not_usual",
    "states",
    "too_large",
    "typed",
    "words_at",
    "write_usual",
]
