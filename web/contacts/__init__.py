"""/operator/contacts: the list of contacts, called, verified and imported."""

from fastapi import APIRouter

from sms.country_requests import CountryRequests
from web.auth import Authentication
from web.contacts.calls_page import calls_page
from web.contacts.contact_page import contact_page
from web.contacts.contacts_file import ContactsFile
from web.contacts.import_pages import import_pages
from web.contacts.list_page import list_page
from web.pages import Pages

__all__ = ["ContactsFile", "contacts_pages"]


def contacts_pages(
    auth: Authentication, pages: Pages, contacts: ContactsFile, requests: CountryRequests
) -> tuple[APIRouter, ...]:
    """All pages of contacts, in the order in which their addresses are tried."""
    return (
        list_page(pages, contacts),
        calls_page(pages, contacts, requests),
        import_pages(auth, pages, contacts),
        contact_page(auth, pages, contacts),
    )
