"""The operator's edits: tried, written back, taken up, noted."""

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
from menus.editing.sections import Kind, Section, too_large, typed, words_at
from menus.editing.yaml_edit import NotWritable, Wording, Words

__all__ = [
    "Change",
    "CheckedEdit",
    "Conflict",
    "Edit",
    "FieldFault",
    "History",
    "Kind",
    "NotWritable",
    "Outcome",
    "Published",
    "Publisher",
    "Section",
    "State",
    "Unchanged",
    "Wording",
    "Words",
    "as_json",
    "states",
    "too_large",
    "typed",
    "words_at",
]
