"""Countries and their names: the operator's file, and Unicode's CLDR."""

from menus.countries.names import NO_NAMES, Affixes, Names, names_of
from menus.countries.territories import territories

__all__ = [
    "NO_NAMES",
    "Affixes",
    "Names",
    "names_of",
    "territories",
]
