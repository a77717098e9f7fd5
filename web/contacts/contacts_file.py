"""The file of contacts, as the operator's pages read and change it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request

from menus.contacts import Contact, ContactNotes, Rule, read_contacts
from menus.faults import Fault
from menus.live import LiveMenu
from web.pages import language_of, words_of


@dataclass(frozen=True, slots=True)
class ContactsFile:
    """The file in the folder of the menu in force, what of it may be sent, and who changed it."""

    live: LiveMenu
    rule: Rule
    notes: ContactNotes

    @property
    def path(self) -> Path:
        return self.live.folder / "contacts.csv"

    @property
    def writable(self) -> bool:
        """Whether this process may put a changed file in place of it."""
        return os.access(self.live.folder, os.W_OK)

    def read(self) -> tuple[tuple[Contact, ...], tuple[Fault, ...]]:
        """The contacts without a fault and all faults, as the file is now."""
        return read_contacts(self.path)


def shared_words(request: Request) -> Mapping[str, str]:
    """What the pages of contacts say alike: how far each is sure, what is wrong with a row."""
    return words_of("contacts/macros", language_of(request))
