"""A newer list of contacts: shown in full before anything is written, then taken over.

What is applied is what was shown: the page carries the list and a digest of the file
that it was compared with.  Where the file has changed meanwhile, it is shown anew.
"""

import asyncio
import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile

from menus.contacts import Changes, Repair, apply, changes_from, read_sheet
from menus.faults import Fault
from menus.live import reload_aside
from web.auth import Authentication, Refused, Role, operator_of
from web.contacts.contacts_file import ContactsFile, shared_words
from web.pages import Context, Pages

MOST_OCTETS = 700_000
"""Of a list: carried in base64, it is still within what a form may be."""
LIST = "list"
"""How faults name what was uploaded or pasted."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A list, what was put right in it, and what it would do.

    `text`: the list as it goes back into the form.  `problem`: a word of the page; `error`:
    the system's.
    """

    content: bytes
    text: str = ""
    repairs: tuple[Repair, ...] = ()
    changes: Changes = field(default_factory=Changes)
    problem: str = ""
    error: str = ""

    @property
    def repaired(self) -> list[Repair]:
        """The cells that were put right."""
        return [each for each in self.repairs if each.id]

    @property
    def carried(self) -> str:
        """As the form carries it: browsers change the line ends of a text."""
        return base64.urlsafe_b64encode(self.content).decode()

    @property
    def faults(self) -> tuple[Fault, ...]:
        return self.changes.faults

    @property
    def failed(self) -> bool:
        return bool(self.problem or self.faults or self.error)

    @property
    def does_something(self) -> bool:
        return bool(self.changes.added or self.changes.changed)


@dataclass(frozen=True, slots=True)
class ImportContext(Context):
    """`shared`: the words that the pages of contacts share; `preview`: None before a list is
    given; `list`: how faults name it.
    """

    template: ClassVar[str] = "contacts/import"
    contacts: ContactsFile
    shared: Mapping[str, str]
    preview: Preview | None
    list: str = LIST


def import_pages(auth: Authentication, pages: Pages, contacts: ContactsFile) -> APIRouter:
    """`/operator/contacts/import`: the form, the preview, and its taking over."""
    routes = APIRouter(prefix="/operator/contacts/import")
    Form = Annotated[FormData, Depends(auth.form_to_change(Role.CONTACTS))]  # noqa: N806 (a type)

    @routes.get("", dependencies=[Depends(auth.demand(Role.CONTACTS))])
    @routes.get("/apply", dependencies=[Depends(auth.demand(Role.CONTACTS))])
    def show_form(request: Request) -> Response:
        return show(request, pages, contacts, None)

    @routes.post("")
    async def show_preview(request: Request, form: Form) -> Response:
        preview = await asyncio.to_thread(preview_of, contacts, await list_of(form))
        return show(request, pages, contacts, preview)

    @routes.post("/apply")
    async def take_over(request: Request, form: Form) -> Response:
        made_for = str(form.get("made_for", ""))
        done = await asyncio.to_thread(apply_list, contacts, carried_list(form), made_for)
        if done.failed:
            return show(request, pages, contacts, done)
        by = operator_of(request).name
        await asyncio.to_thread(contacts.notes.add, by, "imported", ids_of(done.changes))
        await reload_aside(contacts.live)
        counts = f"added={len(done.changes.added)}&changed={len(done.changes.changed)}"
        return RedirectResponse(f"/operator/contacts?{counts}", 303)

    return routes


def show(
    request: Request, pages: Pages, contacts: ContactsFile, preview: Preview | None
) -> Response:
    """The form, and what the list in it would change."""
    status = 422 if preview and preview.failed else 200
    context = ImportContext(contacts, shared_words(request), preview)
    return pages.show(request, context, status)


async def list_of(form: FormData) -> bytes:
    """The file that was chosen, or else what was pasted."""
    file = form.get("file")
    if isinstance(file, UploadFile) and file.size:
        return await file.read()
    pasted = str(form.get("pasted", ""))
    return pasted.replace("\r\n", "\n").encode("utf-8", "replace")


def carried_list(form: FormData) -> bytes:
    """The list that was shown.  Raises `Refused` for what no page of ours has made."""
    try:
        return base64.b64decode(str(form.get("list", "")), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Refused from None


def preview_of(contacts: ContactsFile, content: bytes) -> Preview:
    """What the list would change in the file as it is now.  Writes nothing."""
    if not content.strip():
        return Preview(content, problem="nothing")
    if len(content) > MOST_OCTETS:
        return Preview(b"", problem="too_large")
    sheet = read_sheet(content, LIST)
    preview = Preview(content, sheet.text, sheet.repairs)
    try:
        changes = changes_from(contacts.path, sheet.table)
    except OSError as error:
        return replace(preview, error=error.strerror or type(error).__name__)
    return replace(preview, changes=changes)


def apply_list(contacts: ContactsFile, content: bytes, made_for: str) -> Preview:
    """Take the list over, if the file is still the one that it was shown for; else what
    it would change now, and why nothing was written.
    """
    preview = preview_of(contacts, content)
    if preview.failed:
        return preview
    if preview.changes.made_for != made_for:
        return replace(preview, problem="changed_meanwhile")
    try:
        faults = apply(contacts.path, preview.changes)
    except OSError as error:
        return replace(preview, error=error.strerror or type(error).__name__)
    return replace(preview, changes=Changes(faults=faults)) if faults else preview


def ids_of(changes: Changes) -> list[str]:
    """Of the contacts that are new or other."""
    new = [each.id for each in changes.added]
    return [*new, *(after.id for _, after in changes.changed)]
