"""The data files as read, before anybody knows whether they fit together.

A file that breaks its form does not hide the faults of the rest: what is at
fault is left out, its name is kept in `unreadable`, and the rest is checked on.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from menus.at_hand import at_hand
from menus.contacts import Contact, read_contacts
from menus.countries import Names, names_of, territories
from menus.faults import Fault
from menus.file_models import (
    FORMER_KEYS,
    Facts,
    KeywordFile,
    Latin,
    Numbers,
    Phrases,
    StatementWords,
    Tree,
    Words,
)
from menus.parsing import FILES_AT_HAND, LISTS_AT_HAND, KeyPath, Source, data_of, read, screen_of

Shape = TypeVar("Shape", bound=BaseModel)

_BESIDE_LANGUAGES = {"tree", "numbers", "facts", "latin", "countries"}

_KEYWORDS = ".keywords"

_SHOWN = {"text", "label", "name", "done", *StatementWords.model_fields, *Phrases.model_fields}
"""The keys whose words a phone may show; so are keywords and all words under `sms`."""

FILLER = "?"
"""Stands where words are missing or unreadable, until the fault is mended."""

_PLAINLY = {
    "missing": "'{key}' is missing: add it",
    "extra_forbidden": "'{key}' is not a key that is known here: correct or remove it",
    "union_tag_not_found": "'kind' is missing: add `kind: menu`, page, lookup, action or checklist",
    "union_tag_invalid": "no such kind of node: write menu, page, lookup, action or checklist",
    "literal_error": "'{value}' is not known here: write {expected}",
    "string_pattern_mismatch": "'{value}' does not have the right form: {pattern}",
    "string_too_short": "'{key}' has no words: write some",
    "string_type": "'{key}' must be words, not a list or further keys",
    "tuple_type": "'{key}' must be a list: [one, two]",
    "too_short": "'{key}' is an empty list: name at least one",
    "dict_type": "'{key}' must hold further keys",
    "model_type": "'{key}' must hold further keys",
    "model_attributes_type": "'{key}' must hold further keys",
}

_KIND_BY_KEY = {
    "choices": "menu",
    "finds": "lookup",
    "does": "action",
    "statements": "checklist",
}
"""What a node of no known kind is taken for, by a key that it has."""

_PATTERNS = {
    r"^[^\n]*\S[^\n]*$": "write words, on one line",
    r"^[a-z][a-z0-9_]*$": "write small Latin letters, digits and _",
    r"^[a-z]{2,3}(_[A-Z][a-z]{3})?$": "write a language such as kk, or one in a script: uz_Cyrl",
    r"^[A-Z]{2}$": "write two capital Latin letters, such as KZ",
    r"^[\u0430-\u04ff]+$": "write small Cyrillic letters",
    r"^[\u0430-\u04ff]+( [\u0430-\u04ff]+)*$": "write small Cyrillic letters",
    r"^[A-Za-z']*$": "write letters from a to z",
    r"^[A-Za-z'-]+( [A-Za-z'-]+)*$": "write letters from a to z",
}


@dataclass(frozen=True, eq=False)
class ParsedFile(Generic[Shape]):
    """One file: its form, unless too little of it could be read.

    A file that is read again and says the same is the same object.
    """

    source: Source
    form: Shape | None
    faults: tuple[Fault, ...]
    unreadable: frozenset[str]

    @cached_property
    def texts(self) -> tuple[tuple[KeyPath, str], ...]:
        """Every text that a phone may show, and where it stands."""
        return tuple(_shown(self.form.model_dump(exclude_none=True), ())) if self.form else ()


@dataclass(frozen=True, slots=True)
class ParsedFolder:
    """All files of one folder."""

    tree: ParsedFile[Tree]
    numbers: ParsedFile[Numbers]
    facts: ParsedFile[Facts]
    latin: ParsedFile[Latin]
    languages: Mapping[str, ParsedFile[Words]]
    keywords: Mapping[str, ParsedFile[KeywordFile]]
    contacts: tuple[Contact, ...]
    contact_faults: tuple[Fault, ...]
    countries: ParsedFile[Names]

    def faults(self) -> Iterator[Fault]:
        """What is wrong inside each file, by itself."""
        for part in self.parts():
            yield from part.faults
        yield from self.contact_faults
        yield from self.countries.faults

    def parts(self) -> "list[ParsedFile[Any]]":
        """Every file."""
        languages, keywords = self.languages.values(), self.keywords.values()
        return [self.tree, self.numbers, self.facts, self.latin, *languages, *keywords]

    def worded(self) -> "list[ParsedFile[Any]]":
        """The files with texts that a phone may show."""
        return [self.tree, *self.languages.values()]

    def texts(self) -> "Iterator[tuple[ParsedFile[Any], KeyPath, str]]":
        """Every text that a phone may show, with the file and place it stands in."""
        for part in self.worded():
            for steps, text in part.texts:
                yield part, steps, text


def read_folder(folder: Path) -> ParsedFolder:
    """Read every data file of the folder.  Never raises for what they say."""
    contacts, contact_faults = read_contacts(folder / "contacts.csv")
    return ParsedFolder(
        tree=_part(folder / "tree.yaml", Tree),
        numbers=_part(folder / "numbers.yaml", Numbers),
        facts=_part(folder / "facts.yaml", Facts),
        latin=_latin(folder / "latin.yaml"),
        languages={path.stem: _part(path, Words) for path in language_files(folder)},
        keywords={code: _part(path, KeywordFile) for code, path in keyword_files(folder).items()},
        contacts=contacts,
        contact_faults=contact_faults,
        countries=_names(folder / "countries.yaml"),
    )


def is_data(path: Path) -> bool:
    """Whether a file is one of the menu's, by its name."""
    return path.suffix in (".yaml", ".csv") and not path.name.startswith(".")


def language_files(folder: Path) -> list[Path]:
    """The files of words: every YAML file that is not another of ours."""
    return [
        path
        for path in sorted(folder.glob("[!.]*.yaml"))  # a dot: an editor's own file
        if path.stem not in _BESIDE_LANGUAGES and not path.stem.endswith(_KEYWORDS)
    ]


def keyword_files(folder: Path) -> dict[str, Path]:
    """The files of keywords, by the code of their language."""
    found = sorted(folder.glob(f"[!.]*{_KEYWORDS}.yaml"))
    return {path.stem.removesuffix(_KEYWORDS): path for path in found}


def _shown(data: object, steps: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _shown(value, (*steps, key))
    elif isinstance(data, tuple):
        for n, value in enumerate(data):
            yield from _shown(value, (*steps, n))
    elif isinstance(data, str) and _is_shown(steps):
        yield steps, data


def _is_shown(steps: KeyPath) -> bool:
    return steps[-1] in _SHOWN or steps[0] == "sms" or "keywords" in steps[-2:]


def _part(path: Path, shape: type[Shape]) -> ParsedFile[Shape]:
    return _formed(read(path, f"{path.parent.name}/{path.name}"), shape)


@at_hand(FILES_AT_HAND)
def _formed(source: Source, shape: type[Shape]) -> ParsedFile[Shape]:
    if source.data is None:
        return ParsedFile(source, None, tuple(source.faults), frozenset())
    try:
        return ParsedFile(source, _form_of(source.text, shape), tuple(source.faults), frozenset())
    except ValidationError as error:
        return _patched(source, shape, error.errors())


def _latin(path: Path) -> ParsedFile[Latin]:
    """Without the file no language is read in Latin letters."""
    if path.exists():
        return _part(path, Latin)
    return ParsedFile(Source(f"{path.parent.name}/{path.name}"), Latin({}), (), frozenset())


@at_hand(FILES_AT_HAND)
def _form_of(text: str, shape: type[Shape]) -> Shape:
    """Raises `ValidationError`."""
    return shape.model_validate(data_of(text))


def _names(path: Path) -> ParsedFile[Names]:
    return _named(read(path, f"{path.parent.name}/{path.name}"))


@at_hand(LISTS_AT_HAND)
def _named(source: Source) -> ParsedFile[Names]:
    names, faults = names_of(source, territories("en").keys())
    return ParsedFile(source, names, faults, frozenset())


def _patched(source: Source, shape: type[Shape], errors: list[Any]) -> ParsedFile[Shape]:
    """What is left of a file that breaks its form, so that the rest is checked too."""
    source = replace(source, data=deepcopy(source.data))
    faults = [*source.faults, *(_fault(source, error) for error in errors)]
    unreadable = frozenset(name for error in errors for name in _patch(source, error))
    try:
        form = shape.model_validate(source.data)
    except ValidationError:
        form = None
    return ParsedFile(source, form, tuple(faults), unreadable)


def _patch(source: Source, error: Any) -> list[str]:
    """Take one fault out of the data; names the node that went with it, if any."""
    steps, kind = source.known(error["loc"]), error["type"]
    if "[key]" in error["loc"]:
        _holder(source.data, steps).pop(steps[-1], None)
        return [str(steps[-1])]
    if kind == "extra_forbidden":
        _holder(source.data, steps).pop(steps[-1], None)
    elif kind == "missing":
        _holder(source.data, (*steps, ""))[str(error["loc"][-1])] = FILLER
    elif kind.startswith("union_tag_"):
        node = _holder(source.data, (*steps, ""))
        node["kind"] = next((kind for key, kind in _KIND_BY_KEY.items() if key in node), "page")
    elif kind.startswith("string_"):
        _holder(source.data, steps)[steps[-1]] = FILLER
    elif steps[:1] == ("nodes",) and len(steps) > 1:
        _holder(source.data, steps[:2]).pop(steps[1], None)
        return [str(steps[1])]
    return []


def _holder(data: Any, steps: KeyPath) -> Any:
    """The mapping or list that holds the last step; an empty one, if it is gone."""
    for step in steps[:-1]:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return {}
    return data if isinstance(data, dict | list) else {}


def _fault(source: Source, error: Any) -> Fault:
    kind, steps = error["type"], source.known(error["loc"])
    kind = "string_too_short" if not error["input"] and kind.startswith("string_") else kind
    key = next((str(step) for step in reversed(error["loc"]) if step != "[key]"), "the file")
    words = _PLAINLY.get(kind, error["msg"])
    if kind == "extra_forbidden" and key in FORMER_KEYS:
        words = f"'{key}' is called '{FORMER_KEYS[key]}' now: rename it"
    pattern = _PATTERNS.get(str(error.get("ctx", {}).get("pattern")), "")
    value = " ".join(str(error["input"]).split())
    expected = error.get("ctx", {}).get("expected", "").replace("'", "")
    what = words.format(key=key, value=value, pattern=pattern, expected=expected)
    about_key = kind in ("missing", "extra_forbidden") or "[key]" in error["loc"]
    where = source.key(*steps) if about_key else source.value(*steps)
    return Fault(where, screen_of(steps), what)
