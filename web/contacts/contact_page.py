"""`/operator/contacts/ID`: what a contact stands on, and the mark of who verified it."""

import asyncio
import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from menus.contacts import COLUMNS, verify
from menus.countries import territories
from menus.faults import Fault
from menus.live import reload_aside
from menus.parsing import read_table
from runtime.clock import utc_today
from web.auth import Door, operator_of
from web.contacts.contacts_file import ContactsFile, shared_words
from web.contacts.filters import Row, row_of
from web.contacts.list_page import show_list
from web.pages import Context, Pages, language_of

LONGEST = 200
"""Characters of what is typed about a verification."""

Cells = Sequence[tuple[str, str]]
"""The cells of a contact that are not empty, each with its column, in the order of the file."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was typed, as it was typed, and what is wrong with it.

    `problem`: a word of the page; `error`: the system's.
    """

    by: str
    on: str
    source: str
    problem: str = ""
    faults: tuple[Fault, ...] = ()
    error: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.problem or self.faults or self.error)


@dataclass(frozen=True, slots=True)
class ContactContext(Context):
    """`names`: of countries, in the language of the page; `shared`: the words that the pages
    of contacts share; `done`: it was just verified.
    """

    template: ClassVar[str] = "contacts/contact"
    contacts: ContactsFile
    names: Mapping[str, str]
    shared: Mapping[str, str]
    row: Row
    cells: Cells
    typed: Verification
    done: bool
    longest: int = LONGEST


def contact_page(door: Door, pages: Pages, contacts: ContactsFile) -> APIRouter:
    """One contact.  Must come after the other pages below `/operator/contacts`."""
    routes = APIRouter(prefix="/operator/contacts/{id_}")
    Form = Annotated[FormData, Depends(door.read_form)]  # noqa: N806 (a type)

    @routes.get("")
    def show(request: Request, id_: str) -> Response:
        typed = Verification(operator_of(request).name, utc_today().isoformat(), "")
        return show_contact(request, pages, contacts, id_, typed)

    @routes.post("")
    async def mark(request: Request, form: Form, id_: str) -> Response:
        typed = await asyncio.to_thread(mark_verified, contacts, id_, form)
        if typed.failed:
            return await asyncio.to_thread(show_contact, request, pages, contacts, id_, typed)
        await reload_aside(contacts.live)
        return RedirectResponse(f"{request.url.path}?done", 303)

    return routes


def show_contact(
    request: Request, pages: Pages, contacts: ContactsFile, id_: str, typed: Verification
) -> Response:
    """The page of a contact; of one that there is not, the list."""
    found = find(contacts, id_)
    if found is None:
        return show_list(request, pages, contacts, 404)
    context = ContactContext(
        contacts=contacts,
        names=territories(language_of(request)),
        row=found[0],
        cells=found[1],
        typed=typed,
        done="done" in request.query_params,
        shared=shared_words(request),
    )
    return pages.show(request, context, 422 if typed.failed else 200)


def find(contacts: ContactsFile, id_: str) -> tuple[Row, Cells] | None:
    """A contact, and every cell as it stands in the file; None if there is no such contact."""
    found = next((each for each in contacts.read()[0] if each.id == id_), None)
    table = read_table(contacts.path)
    cells = next((each.cells for each in table.records if each.cells.get("id") == id_), None)
    if found is None or cells is None:
        return None
    row = row_of(found, utc_today(), contacts.rule)
    return row, [(name, cells[name]) for name in COLUMNS if cells.get(name)]


def mark_verified(contacts: ContactsFile, id_: str, form: FormData) -> Verification:
    """Mark a contact as verified, by the same code as the command line.

    What was typed comes back, with what prevented it.
    """
    by, on, source = (" ".join(str(form.get(key, "")).split()) for key in ("by", "on", "source"))
    problem = problem_of(by, on, source)
    if problem:
        return Verification(by, on, source, problem)
    try:
        faults = verify(contacts.path, id_, by, datetime.date.fromisoformat(on), source)
    except OSError as error:
        return Verification(by, on, source, error=error.strerror or type(error).__name__)
    return Verification(by, on, source, faults=faults)


def problem_of(by: str, on: str, source: str) -> str:
    """What a form can be told at once, by its name in the words of the page."""
    if not (by and source):
        return "who_and_how"
    if max(len(by), len(source)) > LONGEST or not (by + source).isprintable():
        return "too_long"
    try:
        return "to_come_typed" if datetime.date.fromisoformat(on) > utc_today() else ""
    except ValueError:
        return "no_day"
