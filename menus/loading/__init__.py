"""A folder of data files in, a checked menu or every fault out."""

from menus.loading.checks import numbers_valid
from menus.loading.draft import FILLER, Draft, Part, is_data, language_files, read_draft
from menus.loading.load import Reader, build, load, version_of

__all__ = [
    "FILLER",
    "Draft",
    "Part",
    "Reader",
    "build",
    "is_data",
    "language_files",
    "load",
    "numbers_valid",
    "read_draft",
    "version_of",
]
