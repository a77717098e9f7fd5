"""A folder of data files in, a checked menu or every fault out."""

from menus.loading.blank_language import blank_language_of
from menus.loading.checks import in_each_language, numbers_known
from menus.loading.latin import latin_code, letters_of, speller
from menus.loading.load import Reader, build, load, version_of
from menus.loading.offer import offering
from menus.loading.parsed_folder import (
    FILLER,
    ParsedFile,
    ParsedFolder,
    is_data,
    language_files,
    read_folder,
)
from menus.loading.untranslated import untranslated_texts

__all__ = [
    "FILLER",
    "ParsedFile",
    "ParsedFolder",
    "Reader",
    "blank_language_of",
    "build",
    "in_each_language",
    "is_data",
    "language_files",
    "latin_code",
    "letters_of",
    "load",
    "numbers_known",
    "offering",
    "read_folder",
    "speller",
    "untranslated_texts",
    "version_of",
]
