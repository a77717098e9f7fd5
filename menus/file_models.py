"""A model of each data file: which keys it may have, and of what kind.

These models stand at the edge.  They give editors the JSON Schemas of
`menus/schema/` and turn a file into checked, frozen data; what spans several
files is checked in `checks`.  A new kind of node is one class here.
"""

import datetime
from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints

from menus.contacts import source_date

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
"""A name in the files: small Latin letters, digits and `_`."""
Code = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(_[A-Z][a-z]{3})?$")]
"""A language by ISO 639, and its script by ISO 15924 where it has several: kk, uz_Cyrl."""
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
"""Words of one or more lines.  A blank line starts a new screen."""
Line = Annotated[str, StringConstraints(pattern=r"^[^\n]*\S[^\n]*$", strip_whitespace=True)]
"""Words on one line."""


Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""A country by ISO 3166."""

Finds = Literal["abroad", "here"]
"""What a look-up finds: Kazakhstan's missions in a country, or its missions in Kazakhstan."""
Does = Literal["send", "digest", "series"]
"""What an action does: sends what the screen before it says, sends the chief tips at
once, or begins the series of them.
"""


FORMER_KEYS = {"tips": "series", "tips_keywords": "digest_keywords"}
"""Keys of language files as they were called before 2026-11-26."""


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def with_each_text(self, change: Callable[[str], str]) -> Self:
        """The form with each of its texts changed, also those in lists and forms within."""
        return self.model_copy(update={key: _changed(value, change) for key, value in self})


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, tuple):
        return tuple(_changed(each, change) for each in value)
    return value.with_each_text(change)


class MenuNode(Form):
    """Its text, then its choices, numbered from 1 in this order."""

    kind: Literal["menu"]
    choices: Annotated[tuple[Name, ...], Field(json_schema_extra={"maxItems": 8})] = ()
    facts: tuple[str, ...] = ()


class PageNode(Form):
    """Its text, and nothing further to choose."""

    kind: Literal["page"]
    facts: tuple[str, ...] = ()

    @property
    def choices(self) -> tuple[str, ...]:
        return ()


class LookupNode(Form):
    """Its question, then the countries most asked for; any other may be typed."""

    kind: Literal["lookup"]
    finds: Finds
    facts: tuple[str, ...] = ()

    @property
    def choices(self) -> tuple[str, ...]:
        return ()


class ActionNode(Form):
    """Its question; it is done for whoever agrees."""

    kind: Literal["action"]
    does: Does
    facts: tuple[str, ...] = ()

    @property
    def choices(self) -> tuple[str, ...]:
        return ()


class ChecklistNode(Form):
    """Statements, each answered with yes or no; then what is still to do."""

    kind: Literal["checklist"]
    statements: Annotated[
        tuple[Name, ...], Field(min_length=1, json_schema_extra={"maxItems": 10})
    ] = Field(description="What weighs most comes first, both asked and told")
    facts: tuple[str, ...] = ()

    @property
    def choices(self) -> tuple[str, ...]:
        return ()


Node = Annotated[
    MenuNode | PageNode | LookupNode | ActionNode | ChecklistNode,
    Field(discriminator="kind"),
]


class Start(Form):
    """Screen 0, the same for everybody; also what is shown when anything breaks."""

    text: Text
    languages: Annotated[tuple[Code, ...], Field(min_length=1)]
    leads_to: Name


class Tree(Form):
    """tree.yaml: which screen leads where, and which facts each carries."""

    start: Start
    nodes: dict[Name, Node]


class Phrases(Form):
    """The words around every screen of a language."""

    next: Line = Field(description="Beside 9: the next page")
    back: Line = Field(description="Beside 0: back")
    start: Line = Field(description="Beside 00: to the first screen")
    not_on_list: Line = Field(description="Above the screen after a wrong key")
    not_found: Line = Field(description="Above a look-up after a name that is no country's")
    goodbye: Text = Field(description="The last screen, after three wrong keys")
    which: Line = Field(description="Above the countries that a typed name may mean")
    agree: Line = Field(description="Beside 1, under a question or a statement: yes")
    not_yet: Line = Field(description="Beside 2, under a statement: no, or not yet")
    not_sent: Text = Field(description="When an SMS cannot be sent: whom to call")


class StatementWords(Form):
    """A statement of a checklist."""

    says: Line = Field(description="What whoever is ready can say: I have a work visa")
    to_do: Line = Field(description="What whoever cannot say so is told to do")


class NodeWords(Form):
    """What a node says, how the menu above lists it, and how a message asks for it."""

    label: Line | None = None
    text: Text | None = Field(None, description="A menu may have none: its choices say it all")
    done: Text | None = Field(
        None, description="Of an action: said once it is done; of a checklist: all is done"
    )
    keywords: tuple[Line, ...] = Field(
        (), description="Words that ask for it by SMS; a menu above it names the first"
    )
    statements: dict[Name, StatementWords] = Field(
        {}, description="Of a checklist: each statement of tree.yaml, by its name"
    )


Keywords = Annotated[tuple[Line, ...], Field(min_length=1)]


class EmbassyWords(Form):
    """The lines of the answer to EMBASSY and a country, under the country's name."""

    abroad: Line = Field(description="Above whom a citizen of Kazakhstan calls there")
    police: Line = Field(description="The police there: {phone}")
    emergency: Line = Field(description="The one emergency number there: {phone}")
    ambulance: Line = Field(description="An ambulance, where neither is known: {phone}")
    hotline: Line = Field(description="The hotline against trafficking there: {phone}")
    duty_phone: Line = Field(description="A mission's phone at any hour: {phone}")
    embassy: Line = Field(description="An embassy's phone: {phone}")
    consulate: Line = Field(description="A consulate's phone: {phone}")
    unconfirmed: Line = Field(description="Behind a number that is not sure: not confirmed")
    none_abroad: Line = Field(description="We have no number of Kazakhstan's mission")
    duty_diplomat: Line = Field(description="Whom to call then: {duty_diplomat}")
    duty_hours: Line = Field(description="Under the diplomat: at which hours")
    here: Line = Field(description="Above whom to call in Kazakhstan")
    none_here: Line = Field(description="We have no number of that country's mission")
    help_here: Line = Field(description="Whom to call in Kazakhstan at any hour")


class SmsWords(Form):
    """The words that only messages need."""

    stop_keywords: Keywords = Field(description="Ends the series; heard before all else")
    yes_keywords: Keywords = Field(description="Confirms the series")
    embassy_keywords: Keywords = Field(description="Asks for missions; a country follows")
    digest_keywords: Keywords = Field(description="Asks for the digest")
    series_keywords: Keywords = Field(description="Asks for the series")
    filler_words: Keywords = Field(description="Words around a country that tell nothing")
    not_in_first_line: Keywords = Field(
        description="How words begin that the first line of a message must not have"
    )
    heading: Line = Field(description="Above a text whose first line has such a word")
    help: Line = Field(description="Under each answer that does not name the hotline")
    help_abroad: Text = Field(description="Under each answer that does not name the diplomat")
    choose: Line = Field(description="Under a menu: its choices, as {words} to send")
    stopped: Line = Field(description="After STOP: one neutral line")
    unknown: Text = Field(description="The number to call, and three words to try")
    no_country: Text = Field(description="EMBASSY without a country that is known")
    which_country: Text = Field(description="Several could be meant: {countries}")
    embassy: EmbassyWords
    digest: Text = Field(description="The chief tips and the numbers")
    confirm_series: Text = Field(description="Says that {count} messages stay on the phone")
    subscribed: Text = Field(description="After YES")
    already: Text = Field(description="After YES, once more")
    series: Annotated[tuple[Text, ...], Field(min_length=1)] = Field(
        description="The series, one message each, the help number last"
    )


FILLED_LATER: dict[str, str] = {
    "choose": "words",
    "which_country": "countries",
    "confirm_series": "count",
    "police": "phone",
    "emergency": "phone",
    "ambulance": "phone",
    "hotline": "phone",
    "duty_phone": "phone",
    "embassy": "phone",
    "consulate": "phone",
}
"""What a message puts into its text itself, by the key of the text under `sms`."""

HOME_MISSIONS = "home_missions"
"""What the text of a node may name in a language with a `home`: its missions in Kazakhstan,
each on a line of its own, as far as they may be sent that day.
"""

NEVER_WITHOUT: dict[tuple[str, str], tuple[str, ...]] = {
    ("start", "text"): ("police", "hotline", "duty_diplomat"),
    ("phrases", "goodbye"): ("hotline", "duty_diplomat"),
    ("phrases", "not_sent"): ("hotline", "duty_diplomat"),
    ("sms", "help"): ("hotline",),
    ("sms", "help_abroad"): ("duty_diplomat",),
    ("sms", "unknown"): ("hotline", "duty_diplomat"),
    ("sms", "no_country"): ("hotline", "duty_diplomat"),
    ("sms", "which_country"): ("hotline", "duty_diplomat"),
    ("sms", "duty_diplomat"): ("duty_diplomat",),
    ("sms", "help_here"): ("hotline",),
    ("sms", "digest"): ("hotline",),
}
"""The numbers that a text is there for, by its section and its key: where all else fails,
a caller has these.
"""


class Words(Form):
    """kk.yaml, ru.yaml and the like: all words of one language."""

    language: Code
    name: Line = Field(description="How screen 0 lists the language, in Latin letters")
    own_name: Line | None = Field(
        None, description="Its name in its own letters, for the operator's pages"
    )
    native_reader: Line = Field(description="Who read it and when, or: not yet")
    home: Country | None = Field(
        None, description="Where most who read it come from: its missions come first"
    )
    phrases: Phrases
    sms: SmsWords
    nodes: dict[Name, NodeWords]


class Levels(Form):
    """How much a pattern says about what somebody wants."""

    sure: tuple[Line, ...] = Field((), description="Says it, whatever stands beside it")
    likely: tuple[Line, ...] = Field((), description="Says it, where nothing else is surer")
    hint: tuple[Line, ...] = Field((), description="An everyday word: says it almost alone")


class KeywordFile(Form):
    """kk.keywords.yaml and the like: what people write in a language, beside the keywords
    that its screens name.
    """

    language: Code
    otherwise: Code = Field(description="The language to answer in while this one is not offered")
    alphabets: tuple[Line, ...] = Field(description="All letters, one line for each script")
    common: tuple[Line, ...] = Field(description="Words that are in every message")
    lists: dict[Name, tuple[Line, ...]] = Field(
        {}, description="Words of one meaning, for patterns to name as <name>"
    )
    keywords: dict[Name, Levels] = Field(
        description="Patterns by what they ask for: a node, or stop, yes, embassy, digest, series"
    )


class Number(Form):
    """A phone number, and why it may be relied on, by the same rule as a contact."""

    number: Line = Field(description="As the screen shows it")
    country: Country
    what: Line = Field(description="Whose phone it is")
    source: Line = Field(description="Where the number was read")
    date: Line = Field(description="The date of the source, or: undated")
    confidence: Literal["high", "medium"] = Field("high", description="How sure the source is")
    verified_by: Line | None = Field(None, description="Who dialled it and was answered")
    verified_on: Line | None = Field(None, description="When, such as 2026-11-21")
    verified_source: Line | None = Field(None, description="Who answered")

    @property
    def phones(self) -> tuple[str, ...]:
        return (self.number,)

    @property
    def verified(self) -> bool:
        return self.verified_on is not None

    @property
    def dated(self) -> datetime.date | None:
        """When it was verified, or else the day that its source speaks for."""
        day = self.verified_on
        return datetime.date.fromisoformat(day) if day else source_date(self.date)


class Numbers(RootModel[dict[Name, Number]]):
    """numbers.yaml: every number that words may name."""

    model_config = ConfigDict(frozen=True)


class Facts(RootModel[dict[str, Line]]):
    """facts.yaml: what callers must be able to find."""

    model_config = ConfigDict(frozen=True)


Cyrillic = Annotated[str, StringConstraints(pattern=r"^[\u0430-\u04ff]+$")]
CyrillicWords = Annotated[str, StringConstraints(pattern=r"^[\u0430-\u04ff]+( [\u0430-\u04ff]+)*$")]
InLatin = Annotated[str, StringConstraints(pattern=r"^[A-Za-z']*$")]
LatinWords = Annotated[str, StringConstraints(pattern=r"^[A-Za-z'-]+( [A-Za-z'-]+)*$")]
LatinLabel = Annotated[LatinWords, StringConstraints(max_length=16)]


class LatinLetters(Form):
    """How a language is read in Latin letters, and how its first menu offers that."""

    offer: LatinLabel = Field(description="Beside key 8 of the first menu in Cyrillic")
    back: LatinLabel = Field(description="Beside key 8 of the first menu in Latin letters")
    letters: dict[Cyrillic, InLatin] = Field(
        description="Each small letter, and letters beside each other that are written otherwise"
    )
    words: dict[CyrillicWords, LatinWords] = Field(
        {}, description="Words, alone or several, that are not written letter by letter"
    )

    def __hash__(self) -> int:
        """By a part of it; those that differ elsewhere are told apart by `==`."""
        return hash((self.offer, self.back))


class Latin(RootModel[dict[Code, LatinLetters]]):
    """latin.yaml: the languages that can be read in Latin letters."""

    model_config = ConfigDict(frozen=True)


FORMS: dict[str, type[BaseModel]] = {
    "tree": Tree,
    "words": Words,
    "keywords": KeywordFile,
    "numbers": Numbers,
    "facts": Facts,
    "latin": Latin,
}
"""Each form, by the name of its JSON Schema."""
