"""/operator/contacts: the list of contacts, verified and imported."""

from web.contacts.import_pages import import_pages
from web.contacts.pages import ContactsFile, contact_pages, today

__all__ = [
    "ContactsFile",
    "contact_pages",
    "import_pages",
    "today",
]
