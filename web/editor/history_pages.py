"""`/operator/words/history`: what was published by whom, and the past of one section."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import Response

from menus.editing import Change, Section, State, Value, as_json
from web.editor.edit_page import section_or_404
from web.editor.editor import Editor
from web.editor.preview import difference, plain
from web.pages import Context, Pages

MOST_SHOWN = 200
"""Changes on a page; the file has the rest."""


@dataclass(frozen=True, slots=True)
class ChangesContext(Context):
    """The newest changes of all words, and how many there are."""

    template: ClassVar[str] = "editor/changes"
    changes: Sequence[Change]
    count: int
    difference: Callable[[Value, Value], list[tuple[str, str]]] = difference


@dataclass(frozen=True, slots=True)
class HistoryContext(Context):
    """The past of one section in one language.  `was`: its words now, as a form carries them."""

    template: ClassVar[str] = "editor/history"
    code: str
    passage: Section
    states: Sequence[State]
    was: str
    difference: Callable[[Value, Value], list[tuple[str, str]]] = difference
    plain: Callable[[Value], str] = plain


def history_pages(pages: Pages, editor: Editor) -> APIRouter:
    """The changes of all words, and of one section."""
    routes = APIRouter(prefix="/operator/words")

    @routes.get("/history")
    async def show_changes(request: Request) -> Response:
        changes = await asyncio.to_thread(editor.desk.history.changes)
        newest = changes[: -MOST_SHOWN - 1 : -1]
        return pages.show(request, ChangesContext(newest, len(changes)))

    @routes.get("/{code}/{name}/history")
    async def show_history(request: Request, code: str, name: str) -> Response:
        section = section_or_404(editor, code, name)
        states = await asyncio.to_thread(editor.past, code, section)
        was = as_json(states[0].words)
        return pages.show(request, HistoryContext(code, section, states[:MOST_SHOWN], was))

    return routes
