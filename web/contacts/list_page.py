"""`/operator/contacts`: which contacts may be sent, and what the others need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import Response

from menus.contacts import SOON_DAYS
from menus.countries import territories
from menus.faults import Fault
from runtime.clock import utc_today
from web.contacts.contacts_file import ContactsFile, shared_words
from web.contacts.filters import Filters, Row, Show, filters_of, rows_of
from web.pages import Context, Pages, language_of

MOST_DIGITS = 6
"""Of a count that another of our pages hands over in an address."""


@dataclass(frozen=True, slots=True)
class ListContext(Context):
    """The file as it is now.  `names`: of countries, in the language of the page; `shared`:
    the words that the pages of contacts share; `added` and `changed`: how many contacts a
    list has just added and changed; `missing`: there is no such contact.
    """

    template: ClassVar[str] = "contacts/list"
    contacts: ContactsFile
    names: Mapping[str, str]
    shared: Mapping[str, str]
    faults: Sequence[Fault]
    filters: Filters
    rows: Sequence[Row]
    count: int
    sent: int
    unconfirmed: int
    due: int
    countries: Sequence[str]
    kinds: Sequence[str]
    added: int | None
    changed: int | None
    missing: bool
    shows: Sequence[Show] = tuple(Show)
    soon: int = SOON_DAYS


def list_page(pages: Pages, contacts: ContactsFile) -> APIRouter:
    """The list of contacts."""
    routes = APIRouter(prefix="/operator/contacts")

    @routes.get("")
    def show(request: Request) -> Response:
        return show_list(request, pages, contacts)

    return routes


def show_list(
    request: Request, pages: Pages, contacts: ContactsFile, status: int = 200
) -> Response:
    """The list; with 404 it says that there is no such contact."""
    return pages.show(request, list_context(request, contacts, missing=status == 404), status)


def list_context(request: Request, contacts: ContactsFile, *, missing: bool) -> ListContext:
    """What an address asks for, of the file as it is now."""
    query = request.query_params
    found, faults = contacts.read()
    rows = rows_of(found, utc_today(), contacts.rule)
    filters = filters_of(*(query.get(key, "") for key in ("country", "kind", "show")))
    return ListContext(
        contacts=contacts,
        names=territories(language_of(request)),
        shared=shared_words(request),
        faults=faults,
        filters=filters,
        rows=[row for row in rows if filters.take(row)],
        count=len(rows),
        sent=sum(row.sent for row in rows),
        unconfirmed=sum(row.standing == "is_unconfirmed" for row in rows),
        due=sum(row.due for row in rows),
        countries=sorted({each.country for each in found}),
        kinds=sorted({each.kind for each in found}),
        added=count_of(query.get("added")),
        changed=count_of(query.get("changed")),
        missing=missing,
    )


def count_of(text: str | None) -> int | None:
    """A count in an address, or nothing."""
    sound = text and text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
    return int(text or 0) if sound else None
