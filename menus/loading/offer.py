"""Which of the languages of a menu are offered, and in which order."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from menus.faults import BrokenMenu, Fault, Location
from menus.model import Menu


def offering(menu: Menu, codes: Sequence[str]) -> Menu:
    """The menu with these languages only, in this order; the whole menu where none is named.

    Its version is another one, since the same keys lead elsewhere in it.  Raises
    `BrokenMenu` when the menu lacks a language.
    """
    if not codes:
        return menu
    if unknown := [code for code in codes if code not in menu.languages]:
        what = f"the menu has no such language: choose among {', '.join(menu.languages)}"
        raise BrokenMenu([Fault(Location("KOMEK_LANGUAGES"), code, what) for code in unknown])
    version = hashlib.sha256(" ".join((menu.version, *codes)).encode()).hexdigest()[:12]
    languages = {code: menu.languages[code] for code in codes}
    start = menu.start.model_copy(update={"languages": tuple(codes)})
    latin = {code: each for code, each in menu.latin.items() if each.base in languages}
    own_names = {code: menu.own_names[code] for code in dict.fromkeys((*codes, *menu.own_names))}
    return replace(
        menu,
        version=version,
        languages=languages,
        latin=latin,
        start=start,
        own_names=own_names,
    )
