"""The menu as the rest of the house sees it: frozen, whole, and checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from menus.contacts import Contact
from menus.countries import NO_NAMES, Names
from menus.file_models import (
    Does,
    Finds,
    KeywordFile,
    Number,
    Phrases,
    SmsWords,
    Start,
    StatementWords,
)


@dataclass(frozen=True, slots=True)
class Node:
    """A place in the tree.  A look-up `finds`, an action `does`, a checklist has `statements`;
    of the others, those without choices are pages.
    """

    name: str
    choices: tuple[str, ...]
    facts: tuple[str, ...]
    finds: Finds | None = None
    does: Does | None = None
    statements: tuple[str, ...] = ()

    @property
    def is_page(self) -> bool:
        return not (self.choices or self.finds or self.does or self.statements)


@dataclass(frozen=True, slots=True)
class NodeWords:
    """What a node says in one language, the numbers already put in.  `statements`: those of a
    checklist, what weighs most first.
    """

    label: str
    text: str
    keywords: tuple[str, ...] = ()
    done: str = ""
    statements: tuple[StatementWords, ...] = ()


class OtherLetters(NamedTuple):
    """The same language in other letters: its code, and how a menu offers it."""

    code: str
    offer: str


@dataclass(frozen=True, slots=True)
class Language:
    """All words of one language.

    `name`: as screen 0 lists it, in Latin letters; `own_name`: in its own.  `base`: in Latin
    letters, the language whose words these are; else empty.  `home`: the country whose
    missions come first.
    """

    code: str
    name: str
    own_name: str
    native_reader: str
    phrases: Phrases
    words: Mapping[str, NodeWords]
    sms: SmsWords
    base: str = ""
    other_letters: OtherLetters | None = None
    home: str | None = None

    @property
    def file(self) -> str:
        """The language of the file that the words stand in."""
        return self.base or self.code


@dataclass(frozen=True, slots=True, eq=False)
class Menu:
    """One version of the menu.  `version` names its content, not its date:
    every process that reads the same files gives it the same name.  `languages` have words
    of their own; those of `latin` are made of them.  `names` are those of countries;
    `keywords`, by language, what people write, also in languages that are not offered;
    `own_names`, of every language that has a file, those that are offered first.
    """

    version: str
    start: Start
    nodes: Mapping[str, Node]
    languages: Mapping[str, Language]
    numbers: Mapping[str, Number]
    facts: Mapping[str, str]
    contacts: tuple[Contact, ...]
    names: Names = NO_NAMES
    keywords: Mapping[str, KeywordFile] = field(default_factory=dict)
    own_names: Mapping[str, str] = field(default_factory=dict)
    latin: Mapping[str, Language] = field(default_factory=dict)

    @property
    def all_languages(self) -> Mapping[str, Language]:
        """Those with words of their own, then those in Latin letters."""
        return {**self.languages, **self.latin}

    def in_each_alphabet(self, code: str) -> tuple[Language, ...]:
        """A language, then the same in Latin letters where these are offered; nothing where it
        is not offered itself.
        """
        own = [self.languages[code]] if code in self.languages else []
        return (*own, *(each for each in self.latin.values() if each.base == code))

    def language(self, code: str) -> Language:
        """A language, in whatever letters.  Raises `KeyError`."""
        return self.languages.get(code) or self.latin[code]


def is_read(native_reader: str) -> bool:
    """Whether a native speaker has read these words."""
    return native_reader not in ("", "not yet")
