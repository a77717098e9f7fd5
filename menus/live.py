"""The menu in force, and how a changed one takes its place while people dial.

A change of the files is read and checked in full, then taken up at once; a
faulty one is refused and reported, and the good menu stays.  A few versions
before it are kept, since a session ends on the version that it began on.
"""

import asyncio
import hashlib
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

from watchfiles import awatch

from menus.at_hand import let_go
from menus.faults import BrokenMenu, Fault
from menus.loading import Reader, is_data, read_folder, version_of
from menus.model import Menu
from menus.versions import VersionStore

LOOK_SECONDS = 10.0
"""How often the files are read without a sign of change: some disks give none."""
LOOKS_AT_HAND = 60
"""After so many without a change, ten minutes, what was read is let go."""
AT_HAND = 16
"""Versions kept in memory; the shelf has more."""

log = logging.getLogger(__name__)


class LiveMenu:
    """One menu that is always whole.

    It begins with `first`, the folder's menu as just read, or else reads it.  A
    faulty folder then raises `BrokenMenu`, so a broken menu never starts; unless the
    shelf has a good one, since then the service has started before.  `prepare` builds
    what callers would wait for, before a later version is in force.
    """

    def __init__(
        self,
        folder: Path,
        read: Reader,
        shelf: VersionStore,
        first: Menu | None = None,
        prepare: Callable[[Menu], object] = lambda _: None,
    ) -> None:
        self.folder = folder
        self._read = read
        self._shelf = shelf
        self._prepare = prepare
        self._reading = threading.Lock()
        self._versions: dict[str, Menu] = {}
        self._unchanged = 0
        self.refused: tuple[Fault, ...] = ()
        content = content_of(folder)
        self.current = self._take_up(first or self._first())
        self._content = content if not first or _is_of(first, folder) else b""

    def version(self, name: str) -> Menu:
        """The version of that name; the one in force, if nobody keeps it any more."""
        if name not in self._versions and (menu := self._shelf.version(name)):
            self._remember(menu)
        return self._versions.get(name, self.current)

    def reload(self) -> None:
        """Read the files again, if they say anything new.  `refused` holds their faults.

        To read them all takes a third of a second, in which callers wait longer.
        """
        with self._reading:
            content = content_of(self.folder)
            if content and content == self._content:
                self._let_go_now_and_then()
            else:
                self._reload()
                self._content = content

    def _let_go_now_and_then(self) -> None:
        self._unchanged += 1
        if self._unchanged % LOOKS_AT_HAND == 0:
            let_go()

    def _reload(self) -> None:
        try:
            menu = self._read(self.folder)
        except BrokenMenu as broken:
            self._refuse(broken)
            return
        self.refused = ()
        if menu.version != self.current.version:
            self._prepare(menu)
            log.info("menu: version %s follows %s", menu.version, self.current.version)
            self.current = self._take_up(menu)

    def _first(self) -> Menu:
        try:
            return self._read(self.folder)
        except BrokenMenu as broken:
            kept = self._shelf.newest()
            if kept is None:
                raise
            self._refuse(broken)
            return kept

    def _refuse(self, broken: BrokenMenu) -> None:
        if broken.faults != self.refused:
            log.error("menu: change refused, %d faults\n%s", len(broken.faults), broken)
        self.refused = broken.faults

    def _take_up(self, menu: Menu) -> Menu:
        self._shelf.keep(menu, self.folder)
        return self._remember(menu)

    def _remember(self, menu: Menu) -> Menu:
        self._versions.pop(menu.version, None)
        self._versions[menu.version] = menu
        for name in list(self._versions)[:-AT_HAND]:
            del self._versions[name]
        return menu


def _is_of(menu: Menu, folder: Path) -> bool:
    """Whether the files say now what this menu was read from."""
    try:
        return version_of(read_folder(folder)) == menu.version
    except OSError:
        return False


def content_of(folder: Path) -> bytes:
    """Tells one content of the data files from another; empty, where one cannot be read."""
    digest = hashlib.sha256()
    try:
        for path in sorted(filter(is_data, folder.iterdir())):
            text = path.read_bytes()
            digest.update(f"{path.name} {len(text)}\n".encode() + text)
    except OSError:
        return b""
    return digest.digest()


async def follow_changes(menu: LiveMenu, stop: asyncio.Event) -> None:
    """Reload the menu whenever one of its files changes, until stopped; where the system
    gives no watches, look every `LOOK_SECONDS`.
    """
    told = False
    while not stop.is_set():
        try:
            async for _ in _signs_of_change(menu.folder, stop):
                await reload_aside(menu)
        except (OSError, RuntimeError) as error:  # of watchfiles: no instances, no watches left
            if not told:
                log.error("menu: the folder cannot be watched (%s); it is looked at", _why(error))
            told = True
            await reload_aside(menu)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__


async def reload_when_asked(menu: LiveMenu, asked: asyncio.Event, stop: asyncio.Event) -> None:
    """Reload whenever asked, until stopped, which is asked for too; many questions while one
    reload runs are one more.
    """
    while await asked.wait() and not stop.is_set():
        asked.clear()
        await reload_aside(menu)


async def reload_aside(menu: LiveMenu) -> None:
    """Reload without holding up the callers.  Whatever goes wrong, they go on."""
    try:
        await asyncio.to_thread(menu.reload)
    except Exception:
        log.exception("menu: could not be read again; the one in force stays")


def _signs_of_change(folder: Path, stop: asyncio.Event) -> AsyncIterator[object]:
    return awatch(
        folder,
        watch_filter=lambda _, path: is_data(Path(path)),
        stop_event=stop,
        recursive=False,
        rust_timeout=int(LOOK_SECONDS * 1000),
        yield_on_timeout=True,
    )
