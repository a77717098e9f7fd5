"""Words and contacts are written, and whoever writes is killed."""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.trials.worlds import Row
from menus.contacts import apply, changes_from
from menus.editing.publishing import Edit
from menus.faults import BrokenMenu
from menus.parsing import Table, read_table, table_text
from tests.menus.test_publishing import desk_of
from tests.support.menus_read import read_menu
from tests.support.service import short_folder
from tests.support.trees import copied_menus


async def writing_killed(size: float) -> list[Row]:
    """Publishes and undoes in turn, then imports, each killed somewhere on its way."""
    with short_folder() as around:
        folder, many = copied_menus(around), max(4, int(100 * size))
        desk = desk_of(folder)
        section = desk.sections()["escaped"]

        def publish() -> None:
            was = desk.words("en", section)
            label = "I ran away" if was["label"] == "I got away" else "I got away"
            desk.publish(Edit("en", section, {**was, "label": label}, was), "Aigul")

        contacts = folder / "contacts.csv"
        phone = ("+7 700 000 0001", "+7 700 000 0002")
        lists = [renoted(contacts, f"tried {each}") for each in phone]

        def import_() -> None:
            old = contacts.read_text("utf-8") != lists[0]
            apply(contacts, changes_from(contacts, table_of(around, lists[0 if old else 1])))

        return [
            killed_writing("a publish or an undo", publish, folder / "en.yaml", many),
            killed_writing("an import of contacts", import_, contacts, many),
        ]


def renoted(contacts: Path, note: str) -> str:
    """The list with another note in its first row."""
    table = read_table(contacts)
    first, *others = [each.cells for each in table.records]
    return table_text(table, [{**first, "note": note}, *others])


def table_of(around: Path, content: str) -> Table:
    (around / "newer.csv").write_text(content, "utf-8")
    return read_table(around / "newer.csv")


def killed_writing(what: str, write: Callable[[], None], file: Path, many: int) -> Row:
    known = {file.read_bytes()}
    for _ in range(2):
        in_child(write, 60, 0)
        known.add(file.read_bytes())
    names, torn, written = {*file.parent.iterdir()}, 0, 0
    for _ in range(many):
        before = file.read_bytes()
        in_child(write, 60, random.uniform(0, 0.002), file.parent)
        torn += file.read_bytes() not in known
        written += file.read_bytes() != before
    unreadable = not is_sound(file.parent)
    left = len({*file.parent.iterdir()} - names)
    in_child(write, 60, 0)
    after = len({*file.parent.iterdir()} - names)
    came = f"{torn} torn, {unreadable:d} unreadable at the end, {written} written; "
    came += f"{left} files left, {after} after the next write"
    holds = len(known) > 1 and not (torn or unreadable or after)
    return Row(
        f"{many} kills in the middle of {what}", "old or new, whole; no leftover", came, holds
    )


def is_sound(folder: Path) -> bool:
    try:
        read_menu(folder)
    except BrokenMenu:
        return False
    return True


def in_child(
    write: Callable[[], None], patience: float, after: float, folder: Path | None = None
) -> None:
    """In a process of its own; where a folder is given, killed `after` the first file that is new
    in it.
    """
    names = {*folder.iterdir()} if folder else set[Path]()
    child = os.fork()
    if not child:
        try:
            write()
        finally:
            os._exit(0)
    began = time.monotonic()
    while time.monotonic() - began < patience:
        if os.waitpid(child, os.WNOHANG)[0]:
            return
        if folder and {*folder.iterdir()} - names:
            time.sleep(after)
            break
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
