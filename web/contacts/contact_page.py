"""`/operator/contacts/ID`: what a contact stands on, and what a call found out about it."""

import asyncio
import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from menus.contacts import COLUMNS, ContactNote, Mark, correct, note_unanswered, verify, withdraw
from menus.countries import territories
from menus.faults import Fault
from menus.live import reload_aside
from menus.parsing import read_table
from runtime.clock import utc_today
from web.auth import Authentication, Operator, Role, operator_of
from web.contacts.contacts_file import ContactsFile, shared_words
from web.contacts.filters import Row, row_of
from web.contacts.list_page import show_list
from web.pages import Context, Pages, language_of

FilledCells = Sequence[tuple[str, str]]
"""The cells of a contact that are not empty, each with its column, in the order of the file."""

LONGEST = 200
"""Characters of what is typed about a call."""
OUTCOMES = ("verified", "corrected", "withdrawn", "unanswered")
"""What a call can find out; each is also a word of the page."""


@dataclass(frozen=True, slots=True)
class TypedCall:
    """What was typed about a call, as it was typed, and what is wrong with it.

    `problem`: a word of the page; `error`: the system's.
    """

    by: str
    on: str
    source: str = ""
    phones: str = ""
    outcome: str = OUTCOMES[0]
    problem: str = ""
    faults: tuple[Fault, ...] = ()
    error: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.problem or self.faults or self.error)


@dataclass(frozen=True, slots=True)
class ContactContext(Context):
    """`names`: of countries, in the language of the page; `shared`: the words that the pages
    of contacts share; `done`: the call that was just noted; `notes`: what was noted of it
    here, the newest first.
    """

    template: ClassVar[str] = "contacts/contact"
    contacts: ContactsFile
    names: Mapping[str, str]
    shared: Mapping[str, str]
    row: Row
    cells: FilledCells
    typed: TypedCall
    done: str
    notes: Sequence[ContactNote]
    longest: int = LONGEST


def contact_page(auth: Authentication, pages: Pages, contacts: ContactsFile) -> APIRouter:
    """One contact.  Must come after the other pages below `/operator/contacts`."""
    routes = APIRouter(prefix="/operator/contacts/{id_}")
    Form = Annotated[FormData, Depends(auth.form_to_change(Role.CONTACTS))]  # noqa: N806 (a type)

    @routes.get("")
    def show(request: Request, id_: str) -> Response:
        typed = TypedCall(operator_of(request).name, utc_today().isoformat())
        return show_contact(request, pages, contacts, id_, typed)

    @routes.post("")
    async def note(request: Request, form: Form, id_: str) -> Response:
        typed = typed_call(form, operator_of(request))
        noted = await asyncio.to_thread(note_call, contacts, id_, typed)
        if noted.failed:
            return await asyncio.to_thread(show_contact, request, pages, contacts, id_, noted)
        by = operator_of(request).name
        await asyncio.to_thread(contacts.notes.add, by, noted.outcome, [id_])
        await reload_aside(contacts.live)
        return RedirectResponse(address_after(id_, noted, str(form.get("back", ""))), 303)

    return routes


def address_after(id_: str, noted: TypedCall, back: str) -> str:
    """Where the call was noted: in the list of calls, or at the contact."""
    place = "calls" if back == "calls" else id_
    return f"/operator/contacts/{place}?{urlencode({'done': noted.outcome, 'id': id_})}"


def show_contact(
    request: Request, pages: Pages, contacts: ContactsFile, id_: str, typed: TypedCall
) -> Response:
    """The page of a contact; of one that there is not, the list."""
    found = find(contacts, id_)
    if found is None:
        return show_list(request, pages, contacts, 404)
    context = ContactContext(
        contacts=contacts,
        names=territories(language_of(request)),
        shared=shared_words(request),
        row=found[0],
        cells=found[1],
        typed=typed,
        done=outcome_of(request.query_params.get("done")),
        notes=contacts.notes.of(id_),
    )
    return pages.show(request, context, 422 if typed.failed else 200)


def outcome_of(word: str | None) -> str:
    """An outcome in an address, or nothing."""
    return word if word in OUTCOMES else ""


def find(contacts: ContactsFile, id_: str) -> tuple[Row, FilledCells] | None:
    """A contact, and every cell as it stands in the file; None if there is no such contact."""
    found = next((each for each in contacts.read()[0] if each.id == id_), None)
    table = read_table(contacts.path)
    cells = next((each.cells for each in table.records if each.cells.get("id") == id_), None)
    if found is None or cells is None:
        return None
    row = row_of(found, utc_today(), contacts.rule)
    return row, [(name, cells[name]) for name in COLUMNS if cells.get(name)]


def typed_call(form: FormData, operator: Operator) -> TypedCall:
    """What a form says of a call; without a name and a day, by the operator today.  Who has a
    token of their own writes under no other name.
    """
    names = ("by", "on", "source", "phones")
    by, on, source, phones = (" ".join(str(form.get(key, "")).split()) for key in names)
    outcome = outcome_of(str(form.get("outcome", "")))
    by = operator.name if operator.own else by or operator.name
    on = on or utc_today().isoformat()
    return TypedCall(by, on, source, phones, outcome or OUTCOMES[0])


def note_call(contacts: ContactsFile, id_: str, typed: TypedCall) -> TypedCall:
    """Write down what a call found out, by the same code as the command line.

    What was typed comes back, with what prevented it.
    """
    problem = problem_of(typed)
    if problem:
        return replace(typed, problem=problem)
    try:
        faults = write_call(contacts.path, id_, typed)
    except OSError as error:
        return replace(typed, error=error.strerror or type(error).__name__)
    return replace(typed, faults=faults)


def write_call(path: Path, id_: str, typed: TypedCall) -> tuple[Fault, ...]:
    """Change the contact as the call says.  Says what prevented it; raises `OSError`."""
    day = datetime.date.fromisoformat(typed.on)
    mark = Mark(typed.by, day, typed.source)
    match typed.outcome:
        case "unanswered":
            return note_unanswered(path, id_, day)
        case "withdrawn":
            return withdraw(path, id_, mark)
        case "corrected":
            return correct(path, id_, typed.phones, mark)
        case _:
            return verify(path, id_, mark)


def problem_of(typed: TypedCall) -> str:
    """What a form can be told at once, by its name in the words of the page."""
    words = (typed.by, typed.source, typed.phones)
    if typed.outcome != "unanswered" and not typed.source:
        return "who_answered"
    if typed.outcome == "corrected" and not typed.phones:
        return "which_phone"
    if max(map(len, words)) > LONGEST or not "".join(words).isprintable():
        return "too_long"
    try:
        return "to_come_typed" if datetime.date.fromisoformat(typed.on) > utc_today() else ""
    except ValueError:
        return "no_day"
