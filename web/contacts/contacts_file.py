"""The file of contacts, as the operator's pages read and change it."""

import os
from dataclasses import dataclass
from pathlib import Path

from menus.contacts import Contact, Rule, read_contacts
from menus.faults import Fault
from menus.live import LiveMenu


@dataclass(frozen=True, slots=True)
class ContactsFile:
    """The file in the folder of the menu in force, and what of it may be sent."""

    live: LiveMenu
    rule: Rule

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
