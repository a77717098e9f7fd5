"""The operator's pages of words: the list, the editor, the history.

What was typed is on every page that answers it, whatever is wrong with it.
"""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from menus.editing import Edit, Published, Publisher, Section, as_json
from menus.model import is_read
from ussd.bootstrap import ScreensOf
from web.auth import Door, operator_of
from web.editor.editor import Editor, Seen, edit_of
from web.editor.preview import difference, plain
from web.pages import Pages

What = dict[str, Any]
"""What a template sees."""
WHOLE_PAGE, LIVE_PARTS = "layout/operator.html", "editor/live.html"
"""What the editor's template fills: a page, or only what changes while somebody types."""
MOST_SHOWN = 200
"""Changes on a page; the file has the rest."""


def words_pages(door: Door, pages: Pages, desk: Publisher, screens_of: ScreensOf) -> APIRouter:
    """`/operator/words` and what is under it."""
    routes, office = APIRouter(prefix="/operator/words"), Editor(desk, screens_of)
    _for_readers(routes, pages, office)
    _for_editors(routes, door, pages, office)
    return routes


def _for_readers(routes: APIRouter, pages: Pages, office: Editor) -> None:
    """What there is, and what there was."""

    @routes.get("")
    async def listed(request: Request) -> Response:
        rows = await asyncio.to_thread(office.rows)
        readers = await asyncio.to_thread(office.native_readers)
        what: What = {"rows": rows, "readers": readers, "is_read": is_read}
        what["refused"] = office.desk.live.refused
        return pages.show(request, "editor/list", **what)

    @routes.get("/history")
    async def everything(request: Request) -> Response:
        changes = await asyncio.to_thread(office.desk.history.changes)
        newest = changes[: -MOST_SHOWN - 1 : -1]
        what: What = {"changes": newest, "difference": difference, "count": len(changes)}
        return pages.show(request, "editor/changes", **what)

    @routes.get("/{code}/{name}/history")
    async def past(request: Request, code: str, name: str) -> Response:
        passage = _passage(office.desk, code, name)
        states = await asyncio.to_thread(office.past, code, passage)
        what: What = {"code": code, "passage": passage, "states": states[:MOST_SHOWN]}
        what |= {"difference": difference, "plain": plain, "was": as_json(states[0].words)}
        return pages.show(request, "editor/history", **what)


def _for_editors(routes: APIRouter, door: Door, pages: Pages, office: Editor) -> None:
    """One passage, to be changed."""
    Form = Annotated[FormData, Depends(door.read_form)]  # noqa: N806 (a type)

    @routes.get("/{code}/{name}")
    async def opened(request: Request, code: str, name: str) -> Response:
        passage = _passage(office.desk, code, name)
        edit = await asyncio.to_thread(office.opened, code, passage)
        return await looked_at(request, edit)

    @routes.post("/{code}/{name}")
    async def answered(request: Request, form: Form, code: str, name: str) -> Response:
        edit = edit_of(code, _passage(office.desk, code, name), form)
        if form.get("do") != "publish":
            return await looked_at(request, edit)
        outcome = await asyncio.to_thread(office.publish, edit, operator_of(request).name)
        if isinstance(outcome, Published):
            noted = "" if outcome.noted else "&noted=no"
            return RedirectResponse(f"{request.url.path}?published={outcome.version}{noted}", 303)
        return await shown(request, edit, outcome)

    @routes.post("/{code}/{name}/preview")
    async def previewed(request: Request, form: Form, code: str, name: str) -> Response:
        edit = edit_of(code, _passage(office.desk, code, name), form)
        return await looked_at(request, edit, LIVE_PARTS)

    async def looked_at(request: Request, edit: Edit, layout: str = WHOLE_PAGE) -> Response:
        look = await asyncio.to_thread(office.look, edit)
        return await shown(request, edit, look, layout)

    async def shown(request: Request, edit: Edit, look: Seen, layout: str = WHOLE_PAGE) -> Response:
        what: What = {"edit": edit, "look": look, "layout": layout, "plain": plain}
        what["others"] = await asyncio.to_thread(office.beside, edit.language, edit.passage)
        what["was"] = as_json(edit.was if look.theirs is None else look.theirs)
        what["published"] = await asyncio.to_thread(_published, request, office.desk)
        what["numbers"] = [f"{{{name}}}" for name in office.desk.live.current.numbers]
        what["unnoted"] = request.query_params.get("noted") == "no"
        what["action"] = f"/operator/words/{edit.language}/{edit.passage.name}"
        return pages.show(request, "editor/edit", look.status, **what)


def _passage(desk: Publisher, code: str, name: str) -> Section:
    """The passage of that name, or 404."""
    found = desk.passages().get(name)
    if found is None or code not in desk.languages():
        raise HTTPException(404)
    return found


def _published(request: Request, desk: Publisher) -> str:
    """The version that was just published, if that is so."""
    version = request.query_params.get("published", "")
    known = version == desk.live.current.version or any(
        each.version_after == version for each in desk.history.changes()[-20:]
    )
    return version if known else ""
