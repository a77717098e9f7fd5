"""`/operator/words/LANGUAGE/SECTION`: one section in one language, checked and published.

What was typed is on every page that answers it, whatever is wrong with it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData, QueryParams

from menus.editing import Edit, Published, Section, Values, as_json
from web.auth import Authentication, Role, operator_of
from web.editor.editor import Editor, EditView, edit_of
from web.pages import Context, Pages

WHOLE_PAGE, LIVE_PARTS = "layout/operator.html", "editor/live.html"
"""What the template fills: a page, or only what changes while somebody types."""


@dataclass(frozen=True, slots=True)
class EditContext(Context):
    """An edit, and what is wrong with it.

    `others`: the section in the other languages; `was`: what it said when the edit began, as
    the form carries it; `published`: the version that was just published; `unnoted`: the
    history of it could not be written; `numbers`: the placeholders that may be used;
    `offered`: callers can choose the language.
    """

    template: ClassVar[str] = "editor/edit"
    layout: str
    edit: Edit
    view: EditView
    others: Mapping[str, Values]
    was: str
    published: str
    unnoted: bool
    numbers: Sequence[str]
    offered: bool
    action: str


def edit_page(auth: Authentication, pages: Pages, editor: Editor) -> APIRouter:
    """The form, its check while somebody types, and its publication."""
    routes = APIRouter(prefix="/operator/words/{code}/{name}")
    Form = Annotated[FormData, Depends(auth.form_to_change(Role.WORDS))]  # noqa: N806 (a type)

    @routes.get("")
    async def open_section(request: Request, code: str, name: str) -> Response:
        section = section_or_404(editor, code, name)
        edit = await asyncio.to_thread(editor.open, code, section)
        return await show_checked(request, pages, editor, edit)

    @routes.post("")
    async def check_or_publish(request: Request, form: Form, code: str, name: str) -> Response:
        edit = edit_of(code, section_or_404(editor, code, name), form)
        if form.get("do") != "publish":
            return await show_checked(request, pages, editor, edit)
        outcome = await asyncio.to_thread(editor.publish, edit, operator_of(request).name)
        if isinstance(outcome, Published):
            return RedirectResponse(address_after(request.url.path, outcome), 303)
        return await show_edit(request, pages, editor, edit, outcome)

    @routes.post("/preview")
    async def check_as_typed(request: Request, form: Form, code: str, name: str) -> Response:
        edit = edit_of(code, section_or_404(editor, code, name), form)
        return await show_checked(request, pages, editor, edit, LIVE_PARTS)

    return routes


async def show_checked(
    request: Request, pages: Pages, editor: Editor, edit: Edit, layout: str = WHOLE_PAGE
) -> Response:
    """Check an edit, and show it."""
    view = await asyncio.to_thread(editor.check, edit)
    return await show_edit(request, pages, editor, edit, view, layout)


async def show_edit(  # noqa: PLR0913, PLR0917
    request: Request,
    pages: Pages,
    editor: Editor,
    edit: Edit,
    view: EditView,
    layout: str = WHOLE_PAGE,
) -> Response:
    """An edit with what is wrong with it."""
    query = request.query_params
    context = await asyncio.to_thread(edit_context, editor, edit, view, query, layout)
    return pages.show(request, context, view.status)


def edit_context(
    editor: Editor, edit: Edit, view: EditView, query: QueryParams, layout: str
) -> EditContext:
    """What the page shows beside the form."""
    menu = editor.publisher.live.current
    return EditContext(
        layout=layout,
        edit=edit,
        view=view,
        others=editor.in_other_languages(edit.language, edit.section),
        was=as_json(edit.was if view.theirs is None else view.theirs),
        published=published_version(editor, query.get("published", "")),
        unnoted=query.get("noted") == "no",
        numbers=[f"{{{name}}}" for name in menu.numbers],
        offered=edit.language in menu.languages,
        action=f"/operator/words/{edit.language}/{edit.section.name}",
    )


def section_or_404(editor: Editor, code: str, name: str) -> Section:
    """The section of that name, in a language of the menu.  Raises `HTTPException`."""
    found = editor.publisher.sections().get(name)
    if found is None or code not in editor.publisher.languages():
        raise HTTPException(404)
    return found


def address_after(path: str, published: Published) -> str:
    """Where a browser goes after a publication: the same page, which then says so."""
    unnoted = "" if published.noted else "&noted=no"
    return f"{path}?published={published.version}{unnoted}"


def published_version(editor: Editor, version: str) -> str:
    """The version that an address says was just published, if that is so."""
    known = version == editor.publisher.live.current.version or any(
        each.version_after == version for each in editor.publisher.history.changes()[-20:]
    )
    return version if known else ""
