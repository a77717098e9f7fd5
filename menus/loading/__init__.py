"""A folder of data files in, a checked menu or every fault out."""

from menus.loading.checks import numbers_known
from menus.loading.draft import FILLER, Draft, Part, is_data, language_files, read_draft
from menus.loading.latin import latin_code, letters_of, speller
from menus.loading.load import Reader, build, load, version_of
from menus.loading.offer import offering
from menus.loading.skeleton import skeleton_of
from menus.loading.untranslated import untranslated_texts

__all__ = [
    "FILLER",
    "Draft",
    "Part",
    "Reader",
    "build",
    "is_data",
    "language_files",
    "latin_code",
    "letters_of",
    "load",
    "numbers_known",
    "offering",
    "read_draft",
    "skeleton_of",
    "speller",
    "untranslated_texts",
    "version_of",
]
