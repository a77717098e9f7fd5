"""`/operator/contacts`: which contacts may be sent, and what the others need."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from menus.countries import territories
from runtime.clock import utc_today
from web.contacts.contacts_file import ContactsFile
from web.contacts.filters import SOON_DAYS, Filters, Show, filters_of, rows_of
from web.pages import Pages, language_of

MOST_DIGITS = 6
"""Of a count that another of our pages hands over in an address."""


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
    query = request.query_params
    filters = filters_of(*(query.get(key, "") for key in ("country", "kind", "show")))
    return pages.show(
        request,
        "contacts/list",
        status,
        missing=status == 404,
        names=territories(language_of(request)),
        done={key: count_of(query.get(key)) for key in ("added", "changed")},
        writable=contacts.writable,
        refused=contacts.live.refused,
        **listed(contacts, filters),
    )


def listed(contacts: ContactsFile, filters: Filters) -> dict[str, Any]:
    """What the template `contacts` shows of the file as it is now."""
    found, faults = contacts.read()
    rows = rows_of(found, utc_today(), contacts.rule)
    return {
        "faults": faults,
        "filters": filters,
        "rows": [row for row in rows if filters.take(row)],
        "count": len(rows),
        "sent": sum(row.sent for row in rows),
        "unconfirmed": sum(row.standing == "is_unconfirmed" for row in rows),
        "due": sum(row.due for row in rows),
        "countries": sorted({each.country for each in found}),
        "kinds": sorted({each.kind for each in found}),
        "shows": list(Show),
        "soon": SOON_DAYS,
        "oldest_days": contacts.rule.oldest_days,
    }


def count_of(text: str | None) -> int | None:
    """A count in an address, or nothing."""
    sound = text and text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
    return int(text or 0) if sound else None
