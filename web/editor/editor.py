"""Words to be edited: an edit checked and published, the past of a section, all sections.

Everything here reads files or checks menus: call it in a thread (`asyncio.to_thread`).
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
from web.editor.preview import Preview, previews, screens_needed


@dataclass(frozen=True, slots=True)
class EditView:
    """What the editor shows beside the words.

    `large`: the keys that hold too much to be checked.  `theirs`: what the section says
    by now.  `note`: a word of the page; `problem`: a sentence.
    """

    status: int = 200
    previews: tuple[Preview, ...] = ()
    faults: tuple[FieldFault, ...] = ()
    large: tuple[str, ...] = ()
    problem: str = ""
    note: str = ""
    theirs: Values | None = None

    def faults_of(self, key: str | None) -> list[Fault]:
        """Those of a key; of the section as a whole (empty); of something else (None)."""
        return [each.fault for each in self.faults if each.key == key]

    @property
    def count(self) -> int:
        """How many faults there are, of every sort."""
        return len(self.faults) + len(self.large) + bool(self.problem)


@dataclass(frozen=True, slots=True)
class SectionSummary:
    """One section in one language, on the list.  `screens`: how many it takes, by alphabet;
    empty where none is its own.  `change`: the last that was published.
    """

    label: str
    screens: Mapping[str, int]
    faults: int
    change: Change | None


@dataclass(frozen=True, slots=True)
class Editor:
    """Words to be edited, with the publisher that writes them and the screens that show them."""

    publisher: Publisher
    screens_of: ScreensOf

    def open(self, code: str, section: Section) -> Edit:
        """The words as they are, to be edited."""
        words = self.publisher.words(code, section)
        return Edit(code, section, words, words)

    def check(self, edit: Edit) -> EditView:
        """An edit's faults and its preview; nothing is written."""
        if large := too_large(edit.section, edit.words):
            return EditView(large=tuple(large))
        try:
            return self._view(edit, self.publisher.tried(edit))
        except NotWritable as error:
            return EditView(problem=str(error))
        except OSError as error:
            return EditView(problem=problem_of(error))

    def publish(self, edit: Edit, by: str) -> EditView | Published:
        """Publish an edit, or say why not."""
        if too_large(edit.section, edit.words):
            return replace(self.check(edit), status=422)
        try:
            return self._view_of_outcome(edit, self.publisher.publish(edit, by))
        except NotWritable as error:
            return EditView(422, problem=str(error))
        except OSError as error:
            return EditView(503, problem=problem_of(error))

    def in_other_languages(self, code: str, section: Section) -> dict[str, Values]:
        """The section in the languages beside this one."""
        others = (each for each in self.publisher.languages() if each != code)
        return {each: self.publisher.words(each, section) for each in others}

    def history(self, code: str, section: Section) -> tuple[State, ...]:
        """What the section said, the newest first."""
        now = self.publisher.words(code, section)
        return states(self.publisher.history.of(code, section.name), now)

    def summaries(self) -> list[tuple[Section, dict[str, SectionSummary]]]:
        """Every section, in each language."""
        screens = self.screens_of(self.publisher.live.current)
        last = {(each.language, each.section): each for each in self.publisher.history.changes()}
        sources = {code: self.publisher.source(code) for code in self.publisher.languages()}

        def summary(section: Section, code: str) -> SectionSummary:
            words = words_at(sources[code], section)
            return SectionSummary(
                label=str(words.get("label") or words.get("says", "")),
                screens=self._screens(screens, code, section),
                faults=self._faults(code, section),
                change=last.get((code, section.name)),
            )

        sections = self.publisher.sections().values()
        return [(each, {code: summary(each, code) for code in sources}) for each in sections]

    def native_readers(self) -> dict[str, str]:
        """Who read the words of each language, or `not yet`."""
        language = self.publisher.sections()["all.language"]
        codes = self.publisher.languages()
        return {code: str(self.publisher.words(code, language)["native_reader"]) for code in codes}

    def _view(self, edit: Edit, checked: CheckedEdit) -> EditView:
        if not (menu := checked.menu):
            return EditView(faults=checked.faults)
        shown = previews(menu, self.screens_of(menu), edit.language, edit.section)
        return EditView(previews=shown, faults=checked.faults)

    def _view_of_outcome(self, edit: Edit, outcome: Outcome) -> EditView | Published:
        match outcome:
            case Published():
                return outcome
            case CheckedEdit():
                return replace(self._view(edit, outcome), status=422)
            case Conflict(now):
                return replace(self.check(edit), status=409, theirs=now)
            case Unchanged():
                return replace(self.check(edit), note="unchanged")
            case _:
                assert_never(outcome)

    def _screens(self, screens: Screens, code: str, section: Section) -> dict[str, int]:
        menu = self.publisher.live.current
        return screens_needed(menu, screens, code, section.name) if section.is_node else {}

    def _faults(self, code: str, section: Section) -> int:
        """Of those that the newest change of the files was refused for."""
        file = f"{self.publisher.folder.name}/{code}.yaml"
        name = section.name if section.is_node else str(section.steps[-1:] and section.steps[0])
        refused = self.publisher.live.refused
        return sum(each.where.file == file and each.screen == name for each in refused)


def edit_of(code: str, section: Section, form: FormData) -> Edit:
    """The edit that a form holds."""

    def values(key: str) -> list[str]:
        return [each for each in form.getlist(f"words.{key}") if isinstance(each, str)]

    return Edit(code, section, typed(section, values), values_before(form, section))


def values_before(form: FormData, section: Section) -> Values:
    """The words as they were when the form was opened, which it carries along."""
    try:
        content = json.loads(str(form.get("was", "")))
    except ValueError:
        return {}
    known = {each.key for each in section.fields}
    before = content.items() if isinstance(content, Mapping) else ()
    return {
        key: tuple(map(str, value)) if isinstance(value, list) else str(value)
        for key, value in before
        if key in known
    }


def problem_of(error: OSError) -> str:
    """What prevents a check or a publication, in a sentence."""
    return f"The files cannot be read or written: {error.strerror or error}"
