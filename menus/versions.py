"""The sound versions of the menu, kept on disk as the files that they were.

A process that starts in the middle of things finds here what the others know: the
menu that an open session began on, and a good one to start with while somebody's
faulty edit lies in the folder.
"""

import logging
import shutil
from pathlib import Path
from tempfile import mkdtemp

from menus.faults import BrokenMenu
from menus.loading import Reader, is_data, read_folder, version_of
from menus.model import Menu
from runtime.files import make_private

MOST_VERSIONS = 256
"""More than anybody publishes in the ten minutes that a session is remembered."""

log = logging.getLogger(__name__)


class VersionStore:
    """A folder with one folder for each version.  No method raises: what cannot
    be kept is not kept, and the service goes on with what it has in memory.
    """

    def __init__(self, folder: Path, read: Reader) -> None:
        self._folder = folder
        self._read = read

    def keep(self, menu: Menu, files: Path) -> None:
        """Copy the files that the menu was read from."""
        place = self._folder / menu.version
        try:
            if place.exists():
                place.touch()  # the newest again
            else:
                self._copy(files, place)
            for old in self._newest_first()[MOST_VERSIONS:]:
                shutil.rmtree(old)
        except OSError as error:
            log.warning("menu: version %s is not kept on disk: %s", menu.version, error.strerror)

    def version(self, name: str) -> Menu | None:
        """The version of that name, if it is kept and still sound."""
        place = self._folder / name
        try:
            return self._read(place) if place in self._newest_first() else None
        except BrokenMenu:
            return None

    def newest(self) -> Menu | None:
        """The version that was kept last."""
        kept = (self.version(place.name) for place in self._newest_first())
        return next((menu for menu in kept if menu), None)

    def _newest_first(self) -> list[Path]:
        try:
            places = [place for place in self._folder.iterdir() if place.suffix != ".new"]
        except OSError:  # there is none, or it is not ours
            return []
        return sorted(places, key=_kept_at, reverse=True)

    def _copy(self, files: Path, place: Path) -> None:
        """Whole or not at all; not, if the files have changed since they were read."""
        make_private(self._folder)
        around = Path(mkdtemp(suffix=".new", dir=self._folder))
        new = around / files.name  # so that it need not be parsed: it was read under this name
        try:
            new.mkdir(mode=0o700)
            for file in filter(is_data, files.iterdir()):
                shutil.copyfile(file, new / file.name)
            if version_of(read_folder(new)) == place.name and not place.exists():
                new.rename(place)
        finally:
            shutil.rmtree(around, ignore_errors=True)


def _kept_at(place: Path) -> int:
    """In nanoseconds; 0, if another process has just taken it away, or it is not ours."""
    try:
        return place.stat().st_mtime_ns
    except OSError:
        return 0
