"""Words on their way from an editor to the callers.

Whatever is published was checked as a whole, in a copy of the folder, by the reader
that the service itself uses.  One writes at a time, among all processes on the machine.
"""

import logging
import shutil
import threading
import time
from collections.abc import Container, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from menus.editing.history import Change, History, same
from menus.editing.sections import Section, key_of, sections, words_at
from menus.editing.values import NotWritable, Values
from menus.faults import BrokenMenu, Fault
from menus.live import LiveMenu
from menus.loading import ParsedFolder, Reader, build, is_data, language_files, read_folder
from menus.model import Menu, NodeWords
from menus.parsing import KeyPath, Source, read
from runtime.clock import utc_now
from runtime.files import exclusive_lock, replace_file

LEFT_SECONDS = 3600.0
"""A check takes seconds; a copy that is so old is nobody's."""
_TRIAL = "trial-"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Edit:
    """New words of a section, and what it said when its editor opened it."""

    language: str
    section: Section
    words: Values
    was: Values


@dataclass(frozen=True, slots=True)
class FieldFault:
    """A fault and the key it is about: empty, the section; None, something else."""

    fault: Fault
    key: str | None


@dataclass(frozen=True, slots=True)
class CheckedEdit:
    """What an edit would make of the menu.  `menu` goes as far as it can be built."""

    text: str
    menu: Menu | None
    faults: tuple[FieldFault, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """The words are in force.  `noted` is False if the history could not be written."""

    version: str
    noted: bool


@dataclass(frozen=True, slots=True)
class Conflict:
    """Nothing was written: the section says `now` what its editor has not seen."""

    now: Values


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Nothing was written: the section says these words already."""


Outcome = Published | Conflict | Unchanged | CheckedEdit
"""Of a publish.  A `CheckedEdit` is a refusal, for its faults."""


class Publisher:
    """Where words are edited: the folder of the menu in force, and its history."""

    def __init__(self, live: LiveMenu, read_menu: Reader, history: History, aside: Path) -> None:
        self.live = live
        self.history = history
        self._read_menu = read_menu
        self._aside = aside
        self._trying = threading.Lock()

    @property
    def folder(self) -> Path:
        return self.live.folder

    def languages(self) -> list[str]:
        """The languages that have a file, those of screen 0 first and in its order."""
        files = [path.stem for path in language_files(self.folder)]
        listed = [code for code in self.live.current.start.languages if code in files]
        return listed + [code for code in files if code not in listed]

    def sections(self) -> dict[str, Section]:
        menu = self.live.current
        unsaid = NodeWords("", "")
        words = [language.words for language in menu.languages.values()]
        said = {node for node in menu.nodes if any(each[node] != unsaid for each in words)}
        return sections(node for name, node in menu.nodes.items() if name in said)

    def source(self, language: str) -> Source:
        """A language's file as it is on the disk now."""
        return read(self._file(language), f"{self.folder.name}/{language}.yaml")

    def words(self, language: str, section: Section) -> Values:
        """What a section says in its file now."""
        return words_at(self.source(language), section)

    def tried(self, edit: Edit) -> CheckedEdit:
        """The edit in a copy of the folder, and every fault there.  Raises `NotWritable`
        and `OSError`.
        """
        return self._tried(edit, self._text(edit.language))

    def publish(self, edit: Edit, by: str) -> Outcome:
        """Check all, write, take up, note.  Raises `NotWritable` and `OSError`."""
        with exclusive_lock(self.folder):
            text = self._text(edit.language)
            now = self.words(edit.language, edit.section)
            if same(now, edit.words):
                return Unchanged()
            if not same(now, edit.was):
                return Conflict(now)
            trial = self._tried(edit, text)
            if trial.faults or not trial.menu:
                return trial
            if self._text(edit.language) != text:  # by hand, while we checked
                return Conflict(self.words(edit.language, edit.section))
            replace_file(self._file(edit.language), trial.text)
            noted = self._note(edit, by, trial.menu)
        self.live.reload()
        return Published(trial.menu.version, noted)

    def _tried(self, edit: Edit, text: str) -> CheckedEdit:
        required = {field.key for field in edit.section.fields if field.required}
        new = _with_values(text, edit.section.steps, edit.words, required)
        with self._trying, self._copy() as folder:
            file = folder / f"{edit.language}.yaml"
            file.write_text(new, encoding="utf-8", newline="")
            menu, faults = self._examined(folder)
            source = read(file, f"{folder.name}/{file.name}")
            placed = (FieldFault(each, key_of(each, source, edit.section)) for each in faults)
            return CheckedEdit(new, menu, tuple(placed))

    def _examined(self, folder: Path) -> tuple[Menu | None, tuple[Fault, ...]]:
        try:
            return self._read_menu(folder), ()
        except BrokenMenu as broken:
            return _as_far_as_it_goes(read_folder(folder)), broken.faults

    def _note(self, edit: Edit, by: str, menu: Menu) -> bool:
        change = Change(
            at=utc_now().replace(microsecond=0),
            by=by,
            language=edit.language,
            section=edit.section.name,
            before=dict(edit.was),
            after=dict(edit.words),
            version_before=self.live.current.version,
            version_after=menu.version,
        )
        try:
            self.history.add(change)
        except OSError as error:
            log.error("words: the history cannot be written: %s", error.strerror)
            return False
        return True

    @contextmanager
    def _copy(self) -> Iterator[Path]:
        """A copy of the data files, in a folder of the same name, until the block ends."""
        self._aside.mkdir(parents=True, exist_ok=True)
        self._sweep()
        with TemporaryDirectory(prefix=_TRIAL, dir=self._aside) as around:
            copy = Path(around) / self.folder.name
            copy.mkdir()
            for file in filter(is_data, self.folder.iterdir()):
                shutil.copyfile(file, copy / file.name)
            yield copy

    def _sweep(self) -> None:
        """Copies of processes that were killed; what is in use is younger."""
        for left in self._aside.glob(f"{_TRIAL}*"):
            with suppress(OSError):
                if time.time() - left.stat().st_mtime > LEFT_SECONDS:
                    shutil.rmtree(left)

    def _file(self, language: str) -> Path:
        return (self.folder / f"{language}.yaml").resolve()

    def _text(self, language: str) -> str:
        """With its own line ends.  Raises `NotWritable`."""
        try:
            return self._file(language).read_bytes().decode()
        except UnicodeDecodeError:
            raise NotWritable("the file is not UTF-8: mend it by hand first") from None


def _as_far_as_it_goes(parsed: ParsedFolder) -> Menu | None:
    try:
        return build(parsed)
    except (KeyError, AttributeError):  # of what is missing
        return None


def _with_values(text: str, steps: KeyPath, values: Values, required: Container[str]) -> str:
    from menus.editing.yaml_edit import with_values  # noqa: PLC0415 (only an edit needs it)

    return with_values(text, steps, values, required)
