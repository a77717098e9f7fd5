"""The menu of a folder as tests read it: anew, or once for all files that say the same."""

from collections.abc import Sequence
from pathlib import Path

import main
from menus.faults import BrokenMenu
from menus.live import content_of
from menus.model import Menu
from ussd.paging import Budget


def read_menu(folder: Path) -> Menu:
    """The menu of a folder, checked for every channel."""
    return main.read_menu(Budget(), folder)


def read_once(folder: Path) -> Menu:
    """As `read_menu`; files that say the same are one menu, the last ones read."""
    return read_once_for(Budget(), folder)


_ALREADY_READ: dict[object, Menu | BrokenMenu] = {}
_AT_HAND = 16
"""Menus are some megabytes each."""
_READ = main.read_menu


def read_once_for(budget: Budget, folder: Path, languages: Sequence[str] = ()) -> Menu:
    """As `main.read_menu`; files that say the same are read and checked once."""
    content = content_of(folder)
    said = (budget, folder.name, tuple(languages), content)
    found = _ALREADY_READ.pop(said, None) if content else None
    if found is None:
        try:
            found = _READ(budget, folder, languages)
        except BrokenMenu as broken:
            found = broken
    _ALREADY_READ[said] = found
    for other in list(_ALREADY_READ)[:-_AT_HAND]:
        del _ALREADY_READ[other]
    if isinstance(found, BrokenMenu):
        raise BrokenMenu(found.faults)
    return found
