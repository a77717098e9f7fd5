"""What is seen of words: of one edit, of one passage's past, of all passages at once.

Reads files and checks menus, so whoever calls it does so aside (`asyncio.to_thread`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from starlette.datastructures import FormData

from menus.editing import (
    Change,
    CheckedEdit,
    Conflict,
    Edit,
    FieldFault,
    NotWritable,
    Outcome,
    Published,
    Publisher,
    Section,
    State,
    Unchanged,
    Values,
    states,
    too_large,
    typed,
    words_at,
)
from menus.faults import Fault
from ussd.bootstrap import ScreensOf
from ussd.screens import Screens
from web.editor.preview import Preview, preview, screens_needed

_NOTHING = Preview()


@dataclass(frozen=True, slots=True)
class Seen:
    """What the editor shows beside the words.

    `large`: the keys that hold too much to be checked.  `theirs`: what the passage says
    by now.  `note`: a word of the page; `problem`: a sentence.
    """

    status: int = 200
    preview: Preview = _NOTHING
    faults: tuple[FieldFault, ...] = ()
    large: tuple[str, ...] = ()
    problem: str = ""
    note: str = ""
    theirs: Values | None = None

    def of(self, key: str | None) -> list[Fault]:
        return [each.fault for each in self.faults if each.key == key]

    @property
    def count(self) -> int:
        return len(self.faults) + len(self.large) + bool(self.problem)


@dataclass(frozen=True, slots=True)
class Cell:
    """One passage in one language, on the list.  `screens` is None where none is its own."""

    label: str
    screens: int | None
    faults: int
    change: Change | None


@dataclass(frozen=True, slots=True)
class Editor:
    """The desk, and how a menu is shown on phones."""

    desk: Publisher
    screens_of: ScreensOf

    def opened(self, code: str, passage: Section) -> Edit:
        """The words as they are, to be edited."""
        words = self.desk.words(code, passage)
        return Edit(code, passage, words, words)

    def look(self, edit: Edit) -> Seen:
        """An edit's faults and its preview; nothing is written."""
        if large := too_large(edit.passage, edit.words):
            return Seen(large=tuple(large))
        try:
            return self._seen(edit, self.desk.tried(edit))
        except NotWritable as error:
            return Seen(problem=str(error))
        except OSError as error:
            return Seen(problem=_plainly(error))

    def publish(self, edit: Edit, by: str) -> Seen | Published:
        """Publish an edit, or say why not."""
        if too_large(edit.passage, edit.words):
            return replace(self.look(edit), status=422)
        try:
            return self._shown(edit, self.desk.publish(edit, by))
        except NotWritable as error:
            return Seen(422, problem=str(error))
        except OSError as error:
            return Seen(503, problem=_plainly(error))

    def _shown(self, edit: Edit, outcome: Outcome) -> Seen | Published:
        match outcome:
            case Published():
                return outcome
            case CheckedEdit():
                return replace(self._seen(edit, outcome), status=422)
            case Conflict(now):
                return replace(self.look(edit), status=409, theirs=now)
            case Unchanged():
                return replace(self.look(edit), note="unchanged")
            case _:
                assert_never(outcome)

    def beside(self, code: str, passage: Section) -> dict[str, Values]:
        """The passage in the other languages."""
        others = (each for each in self.desk.languages() if each != code)
        return {each: self.desk.words(each, passage) for each in others}

    def past(self, code: str, passage: Section) -> tuple[State, ...]:
        """What the passage said, the newest first."""
        now = self.desk.words(code, passage)
        return states(self.desk.history.of(code, passage.name), now)

    def rows(self) -> list[tuple[Section, dict[str, Cell]]]:
        """All passages in all languages."""
        live = self.desk.live
        screens = self.screens_of(live.current)
        last = {(each.language, each.passage): each for each in self.desk.history.changes()}
        sources = {code: self.desk.source(code) for code in self.desk.languages()}
        return [
            (
                passage,
                {
                    code: Cell(
                        str(words_at(source, passage).get("label", "")),
                        self._screens(screens, code, passage),
                        self._faults(code, passage),
                        last.get((code, passage.name)),
                    )
                    for code, source in sources.items()
                },
            )
            for passage in self.desk.passages().values()
        ]

    def native_readers(self) -> dict[str, str]:
        """Who read the words of each language, or `not yet`."""
        language = self.desk.passages()["all.language"]
        codes = self.desk.languages()
        return {code: str(self.desk.words(code, language)["native_reader"]) for code in codes}

    def _seen(self, edit: Edit, trial: CheckedEdit) -> Seen:
        shown = _NOTHING
        if trial.menu:
            shown = preview(trial.menu, self.screens_of(trial.menu), edit.language, edit.passage)
        return Seen(preview=shown, faults=trial.faults)

    def _screens(self, screens: Screens, code: str, passage: Section) -> int | None:
        known = code in self.desk.live.current.languages and passage.is_node
        return screens_needed(screens, code, passage.name) if known else None

    def _faults(self, code: str, passage: Section) -> int:
        """Of those that the newest change of the files was refused for."""
        file = f"{self.desk.folder.name}/{code}.yaml"
        name = passage.name if passage.is_node else str(passage.steps[-1:] and passage.steps[0])
        refused = self.desk.live.refused
        return sum(each.where.file == file and each.screen == name for each in refused)


def edit_of(code: str, passage: Section, form: FormData) -> Edit:
    """The edit that a form holds."""

    def values(key: str) -> list[str]:
        return [each for each in form.getlist(f"words.{key}") if isinstance(each, str)]

    return Edit(code, passage, typed(passage, values), _was(form, passage))


def _was(form: FormData, passage: Section) -> Values:
    """The words as they were when the form was opened, which it carries along."""
    try:
        was = json.loads(str(form.get("was", "")))
    except ValueError:
        return {}
    known = {each.key for each in passage.fields}
    said = was.items() if isinstance(was, Mapping) else ()
    return {
        key: tuple(map(str, value)) if isinstance(value, list) else str(value)
        for key, value in said
        if key in known
    }


def _plainly(error: OSError) -> str:
    return f"The files cannot be read or written: {error.strerror or error}"
