"""`countries.yaml`: how people write the names of countries, beside CLDR's names."""

from collections.abc import Iterator, Mapping, Set
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationError

from menus.faults import Fault
from menus.file_models import Form, Line
from menus.parsing import KeyPath, Source

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""A country, as ISO 3166 writes it: KZ, TR."""
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(_[A-Z][a-z]{3})?$")]
"""A language of CLDR, with its script where it has more than one: uz_Cyrl."""


class Homonym(Form):
    """Words that mean more than one country."""

    words: Annotated[tuple[Line, ...], Field(min_length=1)]
    codes: Annotated[tuple[Country, ...], Field(min_length=2, max_length=4)]


class Affixes(Form):
    """What stands behind a name, or before it, by where it says that somebody is."""

    in_: tuple[Line, ...] = Field(alias="in")
    from_: tuple[Line, ...] = Field(alias="from")
    to: tuple[Line, ...]
    other: tuple[Line, ...] = ()


class Names(Form):
    """All of the file.  Its own comments say what each part is for."""

    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    commonest: tuple[Country, ...]
    aliases: dict[Country, tuple[Line, ...]]
    as_written: dict[Country, tuple[Line, ...]]
    adjectives: dict[Country, tuple[Line, ...]]
    cities: dict[Country, tuple[Line, ...]]
    names: dict[Language, dict[Country, Line]]
    homonyms: tuple[Homonym, ...]
    abbreviations: dict[str, Line]
    around: tuple[tuple[Line, ...], ...]
    only_alone: tuple[Line, ...]
    not_countries: tuple[tuple[Line, ...], ...]
    endings: Affixes
    before: Affixes

    def __hash__(self) -> int:
        """By a part of it; those that differ elsewhere are told apart by `==`."""
        return hash((self.commonest, *self.aliases.values()))

    def other_names(self) -> tuple[tuple[str, Mapping[Country, tuple[Line, ...]]], ...]:
        """The sections of other names, by what the file calls them."""
        return (
            ("aliases", self.aliases),
            ("as_written", self.as_written),
            ("adjectives", self.adjectives),
            ("cities", self.cities),
        )


_NO_AFFIXES = Affixes.model_validate({"in": (), "from": (), "to": ()})
NO_NAMES = Names(
    languages=("en",),
    commonest=(),
    aliases={},
    as_written={},
    adjectives={},
    cities={},
    names={},
    homonyms=(),
    abbreviations={},
    around=(),
    only_alone=(),
    not_countries=(),
    endings=_NO_AFFIXES,
    before=_NO_AFFIXES,
)
"""Stands in until the faults of the file are mended."""


def names_of(source: Source, countries: Set[str]) -> tuple[Names | None, tuple[Fault, ...]]:
    """What the file says, if it has its form, and all its faults.

    `countries` are the codes that there are.
    """
    if source.data is None:
        return None, tuple(source.faults)
    try:
        names = Names.model_validate(source.data)
    except ValidationError as error:
        misread = [_misread(source, each["loc"], each["msg"]) for each in error.errors()]
        return None, (*source.faults, *misread)
    unknown, twice = _unknown(source, names, countries), _meant_twice(source, names)
    return names, (*source.faults, *unknown, *twice)


def _misread(source: Source, loc: tuple[int | str, ...], message: str) -> Fault:
    steps = source.known(loc)
    key = next((str(step) for step in reversed(loc) if step != "[key]"), "file")
    return Fault(source.value(*steps), str(loc[0]) if loc else "file", f"'{key}': {message}")


def _unknown(source: Source, names: Names, countries: Set[str]) -> Iterator[Fault]:
    """Codes that no country has."""
    for steps, code in _codes(names):
        if code not in countries:
            yield Fault(source.key(*steps), str(steps[0]), f"'{code}' is no country's code")


def _codes(names: Names) -> Iterator[tuple[KeyPath, str]]:
    for section, aliases in names.other_names():
        for code in aliases:
            yield (section, code), code
    for n, code in enumerate(names.commonest):
        yield ("commonest", n), code
    for language, overrides in names.names.items():
        for code in overrides:
            yield ("names", language, code), code
    for n, homonym in enumerate(names.homonyms):
        for m, code in enumerate(homonym.codes):
            yield ("homonyms", n, "codes", m), code


def _meant_twice(source: Source, names: Names) -> Iterator[Fault]:
    """An alias of two countries is a homonym, and must be written as one."""
    seen: dict[str, str] = {}
    for section, aliases in names.other_names():
        for code, n, alias in (
            (c, n, a) for c, each in aliases.items() for n, a in enumerate(each)
        ):
            first = seen.setdefault(alias.casefold(), code)
            if first != code:
                what = f"'{alias}' is also a name of {first}: write it under homonyms"
                yield Fault(source.value(section, code, n), code, what)
