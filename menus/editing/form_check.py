"""Which language files are not in the usual form: the one that an edit writes.

Such a file is no fault, since it says the same; but the first edit of a word in it will
change other lines too.
"""

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from menus.editing.values import NotWritable
from menus.faults import Fault, Location
from menus.loading import language_files
from runtime.files import exclusive_lock, replace_file


def not_usual(folder: Path) -> Iterator[Fault]:
    """The first line of each language file that an edit would write in another way."""
    for path in language_files(folder):
        where = Location(f"{folder.name}/{path.name}")
        try:
            old, new = _text(path), _usual_form(path)
        except NotWritable as error:
            yield Fault(where, "file", str(error))
            continue
        if old != new:
            lines = zip_longest(old.split("\n"), new.split("\n"))
            line = next(n for n, (one, other) in enumerate(lines, 1) if one != other)
            yield Fault(Location(where.file, line), "file", "is not in the usual form")


def write_usual(folder: Path) -> list[Path]:
    """Write the language files in the usual form; names those that were not.

    Raises `NotWritable`, with nothing written, and `OSError`.
    """
    with exclusive_lock(folder):
        new = {path: _usual_form(path) for path in language_files(folder)}
        unusual = [path for path in new if _text(path) != new[path]]
        for path in unusual:
            replace_file(path.resolve(), new[path])
    return unusual


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        raise NotWritable("the file is not UTF-8: mend it by hand first") from None


def _usual_form(path: Path) -> str:
    from menus.editing.yaml_edit import usual_form  # noqa: PLC0415 (only an edit needs it)

    return usual_form(_text(path))
