"""The contacts: what each stands on, whether it may be sent, and the mark of who checked it."""

import asyncio
import datetime
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from menus.contacts import COLUMNS, Contact, read_contacts, verify
from menus.countries import territories
from menus.faults import Fault
from menus.live import LiveMenu, reload_aside
from menus.parsing import read_table
from runtime.clock import utc_now
from web.auth import Door, Operator
from web.contacts.filters import SOON_DAYS, Show, row_of, rows_of, wanted
from web.pages import Pages, language_of

LONGEST = 200
"""Characters of what is typed about a verification."""
MOST_COUNTED = 6
"""Digits of a count that another of our pages hands over."""


@dataclass(frozen=True, slots=True)
class ContactsFile:
    """Where the contacts are kept, and until when one may be sent."""

    live: LiveMenu
    oldest_days: int

    @property
    def path(self) -> Path:
        return self.live.folder / "contacts.csv"

    @property
    def writable(self) -> bool:
        """Whether this process may put a changed file in place of it."""
        return os.access(self.live.folder, os.W_OK)


@dataclass(frozen=True, slots=True)
class Verification:
    """What was typed, as it was typed, and what is wrong with it."""

    by: str
    on: str
    source: str
    problem: str = ""
    faults: tuple[Fault, ...] = ()
    error: str = ""


def contact_pages(door: Door, pages: Pages, kept: ContactsFile) -> APIRouter:
    """`/operator/contacts` and each contact.  Must come after the pages of imports."""
    routes = APIRouter(prefix="/operator/contacts")
    Looking = Annotated[Operator, Depends(door.operator)]  # noqa: N806 (a type)
    Posted = Annotated[tuple[Operator, FormData], Depends(door.posted)]  # noqa: N806

    def one(
        request: Request, operator: Operator, id_: str, typed: Verification, status: int = 200
    ) -> Response:
        shown = contact_shown(kept, id_)
        if shown is None:
            return listing(request, operator, 404)
        done = "done" in request.query_params
        names = territories(language_of(request))
        return pages.show(
            request, "contacts/contact", status, operator=operator, typed=typed, done=done,
            names=names, writable=kept.writable, refused=kept.live.refused, **shown,
        )  # fmt: skip

    def listing(request: Request, operator: Operator, status: int = 200) -> Response:
        asked = {key: request.query_params.get(key, "") for key in ("country", "kind", "show")}
        shown = contacts_shown(kept, **asked)
        names = territories(language_of(request))
        done = {key: counted(request.query_params.get(key)) for key in ("added", "changed")}
        return pages.show(
            request, "contacts/list", status, operator=operator, missing=status == 404, names=names,
            writable=kept.writable, refused=kept.live.refused, done=done, **shown,
        )  # fmt: skip

    @routes.get("")
    def all_(request: Request, operator: Looking) -> Response:
        return listing(request, operator)

    @routes.get("/{id_}")
    def look(request: Request, operator: Looking, id_: str) -> Response:
        typed = Verification(operator.name, today().isoformat(), "")
        return one(request, operator, id_, typed)

    @routes.post("/{id_}")
    async def check_off(request: Request, posted: Posted, id_: str) -> Response:
        operator, form = posted
        typed = await asyncio.to_thread(verified, kept, id_, form)
        if typed.problem or typed.faults or typed.error:
            return await asyncio.to_thread(one, request, operator, id_, typed, 422)
        await reload_aside(kept.live)
        return RedirectResponse(f"{request.url.path}?done", 303)

    return routes


def contacts_shown(kept: ContactsFile, country: str, kind: str, show: str) -> dict[str, Any]:
    """What the template `contacts` shows: the file as it is now."""
    contacts, faults = read_contacts(kept.path)
    rows, filters = rows_of(contacts, today(), kept.oldest_days), wanted(country, kind, show)
    return {
        "faults": faults,
        "filters": filters,
        "rows": [row for row in rows if filters.takes(row)],
        "count": len(rows),
        "sent": sum(row.unsent is None for row in rows),
        "due": sum(row.due for row in rows),
        "countries": sorted({each.country for each in contacts}),
        "kinds": sorted({each.kind for each in contacts}),
        "shows": list(Show),
        "soon": SOON_DAYS,
        "oldest_days": kept.oldest_days,
    }


def contact_shown(kept: ContactsFile, id_: str) -> dict[str, Any] | None:
    """What the template `contact` shows, every cell as it stands in the file; None if
    there is no such contact.
    """
    contacts, faults = read_contacts(kept.path)
    found: Contact | None = next((each for each in contacts if each.id == id_), None)
    cells = [each.cells for each in read_table(kept.path).records if each.cells.get("id") == id_]
    if found is None or not cells:
        return None
    row = row_of(found, today(), kept.oldest_days)
    in_order = [(column, cells[0][column]) for column in COLUMNS if cells[0].get(column)]
    return {"row": row, "cells": in_order, "file_faults": faults, "longest": LONGEST}


def verified(kept: ContactsFile, id_: str, form: FormData) -> Verification:
    """Mark a contact as verified, by the same code as the command line; what was typed
    comes back, with what prevented it.
    """
    by, on, source = (" ".join(str(form.get(key, "")).split()) for key in ("by", "on", "source"))
    problem = problem_of(by, on, source)
    if problem:
        return Verification(by, on, source, problem)
    try:
        faults = verify(kept.path, id_, by, datetime.date.fromisoformat(on), source)
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
        return "to_come_typed" if datetime.date.fromisoformat(on) > today() else ""
    except ValueError:
        return "no_day"


def counted(written: str | None) -> int | None:
    """A count in an address, or nothing."""
    sound = written and written.isascii() and written.isdecimal() and len(written) <= MOST_COUNTED
    return int(written or 0) if sound else None


def today() -> datetime.date:
    """By UTC, as on the command line."""
    return utc_now().date()
