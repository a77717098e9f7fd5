"""`/operator/words`: every part of the menu in every language."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import Response

from menus.editing import Section
from menus.faults import Fault
from web.editor.editor import Editor, SectionSummary
from web.pages import Context, Pages


@dataclass(frozen=True, slots=True)
class ListContext(Context):
    """`readers`: who read the words of each language; `offered`: those that callers can choose;
    `refused`: the faults of a change of the files.
    """

    template: ClassVar[str] = "editor/list"
    sections: Sequence[tuple[Section, Mapping[str, SectionSummary]]]
    readers: Mapping[str, str]
    offered: Collection[str]
    refused: Sequence[Fault]


def list_page(pages: Pages, editor: Editor) -> APIRouter:
    """The list of sections."""
    routes = APIRouter(prefix="/operator/words")

    @routes.get("")
    async def show(request: Request) -> Response:
        return pages.show(request, await asyncio.to_thread(list_context, editor))

    return routes


def list_context(editor: Editor) -> ListContext:
    """The sections as they are now."""
    live = editor.publisher.live
    return ListContext(
        editor.summaries(), editor.native_readers(), live.current.languages, live.refused
    )
