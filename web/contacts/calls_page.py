"""`/operator/contacts/calls`: which number to call next, and what the call found out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import Response

from menus.contacts import Call, Contact, call_list, doubt_of
from menus.countries import territories
from runtime.clock import utc_now, utc_today
from runtime.redis_client import REDIS_ERRORS
from sms.country_requests import CountryRequests
from web.contacts.contact_page import LONGEST, outcome_of
from web.contacts.contacts_file import ContactsFile, shared_words
from web.pages import Context, Pages, language_of

FIRST = 20
"""Calls that are shown, unless all are asked for."""


@dataclass(frozen=True, slots=True)
class CallsContext(Context):
    """`count`: of all calls; `counted`: whether it is known how often people asked; `unsure`:
    numbers of the words that need a call too; `done`: what was just noted, of `last`.
    """

    template: ClassVar[str] = "contacts/calls"
    contacts: ContactsFile
    names: Mapping[str, str]
    shared: Mapping[str, str]
    calls: Sequence[Call]
    count: int
    counted: bool
    unsure: Sequence[str]
    done: str
    last: Contact | None
    longest: int = LONGEST


def calls_page(pages: Pages, contacts: ContactsFile, requests: CountryRequests) -> APIRouter:
    """The list of calls."""
    routes = APIRouter(prefix="/operator/contacts/calls")

    @routes.get("")
    async def show(request: Request) -> Response:
        asked = await asked_of(requests, contacts)
        return pages.show(request, calls_context(request, contacts, asked))

    return routes


async def asked_of(requests: CountryRequests, contacts: ContactsFile) -> Mapping[str, int] | None:
    """How many people asked about each country; None where Redis does not answer."""
    countries = {each.country for each in contacts.read()[0]}
    try:
        return await requests.people(countries, utc_now())
    except REDIS_ERRORS:
        return None


def calls_context(
    request: Request, contacts: ContactsFile, asked: Mapping[str, int] | None
) -> CallsContext:
    """What an address asks for, of the file as it is now."""
    found, _ = contacts.read()
    menu, query = contacts.live.current, request.query_params
    calls = call_list(found, asked or {}, menu.names.commonest, utc_today(), contacts.rule)
    return CallsContext(
        contacts=contacts,
        names=territories(language_of(request)),
        shared=shared_words(request),
        calls=calls if "all" in query else calls[:FIRST],
        count=len(calls),
        counted=asked is not None,
        unsure=[
            f"{each.number} ({each.what})"
            for each in menu.numbers.values()
            if doubt_of(each, utc_today(), contacts.rule.oldest_days)
        ],
        done=outcome_of(query.get("done")),
        last=next((each for each in found if each.id == query.get("id")), None),
    )
