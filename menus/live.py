"""The menu in force, and how a changed one takes its place while people dial.

A change of the files is read and checked in full, then taken up at once; a
faulty one is refused and reported, and the good menu stays.  A few versions
before it are kept, since a session ends on the version that it began on.
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from watchfiles import Change, awatch

from menus.faults import BrokenMenu, Fault
from menus.model import Menu

KEPT_VERSIONS = 16
"""A dialled session lasts some minutes at most: nobody edits faster than this."""

log = logging.getLogger(__name__)


class LiveMenu:
    """One menu that is always whole.  `read` raises `BrokenMenu`, and so does
    the constructor: a broken menu never starts.
    """

    def __init__(self, read: Callable[[], Menu]) -> None:
        self._read = read
        self._versions: dict[str, Menu] = {}
        self.refused: tuple[Fault, ...] = ()
        self.current = self._take_up(read())

    def version(self, name: str) -> Menu:
        """The version of that name; the one in force, if it is not kept any more."""
        return self._versions.get(name, self.current)

    def reload(self) -> None:
        """Read the files again.  `refused` holds the faults, if there are any."""
        try:
            menu = self._read()
        except BrokenMenu as broken:
            self.refused = broken.faults
            log.error("menu: change refused, %d faults\n%s", len(broken.faults), broken)
            return
        self.refused = ()
        if menu.version != self.current.version:
            log.info("menu: version %s follows %s", menu.version, self.current.version)
            self.current = self._take_up(menu)

    def _take_up(self, menu: Menu) -> Menu:
        self._versions.pop(menu.version, None)
        self._versions[menu.version] = menu
        for name in list(self._versions)[:-KEPT_VERSIONS]:
            del self._versions[name]
        return menu


async def follow_changes(menu: LiveMenu, folder: Path, stop: asyncio.Event) -> None:
    """Reload the menu whenever one of its data files changes, until stopped."""

    def is_data(_change: Change, path: str) -> bool:
        return Path(path).suffix == ".yaml"

    async for _ in awatch(folder, watch_filter=is_data, stop_event=stop, recursive=False):
        await reload_aside(menu)


async def reload_aside(menu: LiveMenu) -> None:
    """Reload without holding up the callers.  Whatever goes wrong, they go on."""
    try:
        await asyncio.to_thread(menu.reload)
    except Exception:
        log.exception("menu: could not be read again; the one in force stays")
