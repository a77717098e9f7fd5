"""`/operator/words/history`: what was published by whom, and the past of one section."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import Response

from menus.editing import Change, Section, State, as_json
from web.editor.difference import Difference, differences
from web.editor.edit_page import section_or_404
from web.editor.editor import Editor
from web.pages import Context, Pages

MOST_SHOWN = 200
"""Changes on a page; the file has the rest."""


@dataclass(frozen=True, slots=True)
class ChangesContext(Context):
    """The newest changes of all words, each with what it changed, and how many there are."""

    template: ClassVar[str] = "editor/changes"
    changes: Sequence[tuple[Change, list[Difference]]]
    count: int


@dataclass(frozen=True, slots=True)
class HistoryContext(Context):
    """What one section said in one language, each state with its differences from the one
    before.  `was`: its words now, as a form carries them.
    """

    template: ClassVar[str] = "editor/history"
    code: str
    section: Section
    states: Sequence[tuple[State, list[Difference]]]
    was: str


def history_pages(pages: Pages, editor: Editor) -> APIRouter:
    """The changes of all words, and of one section."""
    routes = APIRouter(prefix="/operator/words")

    @routes.get("/history")
    async def show_changes(request: Request) -> Response:
        return pages.show(request, await asyncio.to_thread(changes_context, editor))

    @routes.get("/{code}/{name}/history")
    async def show_history(request: Request, code: str, name: str) -> Response:
        section = section_or_404(editor, code, name)
        context = await asyncio.to_thread(history_context, editor, code, section)
        return pages.show(request, context)

    return routes


def changes_context(editor: Editor) -> ChangesContext:
    """The newest changes."""
    changes = editor.publisher.history.changes()
    newest = changes[: -MOST_SHOWN - 1 : -1]
    shown = [(each, differences(each.before, each.after)) for each in newest]
    return ChangesContext(shown, len(changes))


def history_context(editor: Editor, code: str, section: Section) -> HistoryContext:
    """The newest states of a section."""
    states = editor.history(code, section)
    shown = [
        (each, differences(each.before, each.words) if each.before is not None else [])
        for each in states[:MOST_SHOWN]
    ]
    return HistoryContext(code, section, shown, as_json(states[0].words))
