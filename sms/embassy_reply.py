"""What is answered about a country: whom to call there, and its mission in Kazakhstan.

Three groups: who helps everybody there, who helps citizens of Kazakhstan there, who helps in
Kazakhstan.  In each the sure numbers come first, then those that are not confirmed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum

from anyascii import anyascii

from menus.alphabet import is_cyrillic
from menus.contacts import (
    Contact,
    Sendable,
    emergency_of,
    grouped,
    hotlines_of,
    missions_in_kazakhstan,
    missions_of_kazakhstan,
)
from menus.file_models import HOME_MISSIONS, EmbassyWords, Finds
from menus.model import Menu
from sms.encoding import SEPTETS, measure
from sms.understanding import Countries

EMBASSY_SEGMENTS = 3
MOST_HOME_MISSIONS = 2
"""In the text of a node; EMBASSY has all that an answer has room for."""


@dataclass(frozen=True, slots=True)
class CountryDirectory:
    """What replies look up: countries, and the contacts that may be sent today."""

    countries: Countries
    contacts: Sendable[Contact] = field(default_factory=Sendable)


class Rank(IntEnum):
    """What is left out where there is no room: the highest first."""

    NEVER = 0
    MISSION_HERE = 1
    HOTLINE = 2
    DIPLOMAT_TOO = 3
    HELP_HERE_TOO = 4
    OTHER_MISSION = 5
    HOURS_TOO = 6
    NO_NUMBER = 7
    OTHER_UNSURE = 8
    POLICE_TOO = 9
    THIRD_MISSION = 10


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an answer."""

    text: str
    rank: Rank = Rank.NEVER


def country_reply(  # noqa: PLR0913, PLR0917
    menu: Menu,
    language: str,
    code: str,
    directory: CountryDirectory,
    finds: Finds | None = None,
    for_another: bool = False,
) -> str:
    """The message about a country: for a person there, for one in Kazakhstan, or for both.

    `for_another`: whoever asks may be in Kazakhstan, and is told whom to call here too.
    """
    said, contacts = menu.language(language).sms.embassy, directory.contacts
    there = there_lines(said, contacts, code) if finds != "here" else []
    here = here_lines(said, contacts, code, alone=finds == "here") if finds != "abroad" else []
    if for_another:
        here.append(Line(f"{said.here} {said.help_here}", Rank.HELP_HERE_TOO))
    return fitted([Line(country_name(directory, code, language)), *there, *here])


def country_screen(
    menu: Menu, language: str, finds: Finds, code: str, directory: CountryDirectory
) -> str:
    """One of them for a screen, which has room for all lines.  The screen before asked who is
    in Kazakhstan, so that is not said again.  A number comes first.
    """
    said, contacts = menu.language(language).sms.embassy, directory.contacts
    if finds == "abroad":
        lines = [line.text for line in there_lines(said, contacts, code)]
    else:
        lines = [line.text for line in here_lines(said, contacts, code, alone=True)]
    below = [line for line in lines if line != said.here]
    if below[0] == said.abroad:
        whose, number, *others = below
        # Whom the diplomat is for and his hours go on behind his number, in one sentence.
        behind = whose.removesuffix(":") if number == said.duty_diplomat else whose
        below = [number, behind, *others]
    return "\n".join([country_name(directory, code, language), *below])


def country_name(directory: CountryDirectory, code: str, language: str) -> str:
    return plain(directory.countries.name(code, language))


def there_lines(said: EmbassyWords, contacts: Sendable[Contact], code: str) -> list[Line]:
    """For a person in that country: the police, the hotline; for citizens of Kazakhstan their
    mission, and the duty diplomat, who stands in where no mission is known.
    """
    sure, doubted = (missions_of_kazakhstan(each, code) for each in contacts.both)
    named = _named(sure, doubted, Rank.NEVER)
    return [
        *_local_lines(said, contacts, code),
        Line(said.abroad),
        *_mission_lines(said, sure, named),
        Line(said.duty_diplomat, Rank.DIPLOMAT_TOO if named else Rank.NEVER),
        Line(said.duty_hours, Rank.HOURS_TOO if named else Rank.NEVER),
        *(marked(said, line) for line in _mission_lines(said, doubted, named)),
        *([] if named else [Line(said.none_abroad, Rank.NO_NUMBER)]),
    ]


def here_lines(
    said: EmbassyWords, contacts: Sendable[Contact], code: str, *, alone: bool = False
) -> list[Line]:
    """For a person in Kazakhstan: that country's mission, and whom else to call.

    `alone`: this is all of the answer, so it says where no mission is known.
    """
    sure, doubted = (missions_in_kazakhstan(each, code) for each in contacts.both)
    named = _named(sure, doubted, Rank.MISSION_HERE)
    return [
        Line(said.here),
        *_mission_lines(said, sure, named),
        Line(said.help_here),
        *(marked(said, line) for line in _mission_lines(said, doubted, named)),
        *([Line(said.none_here, Rank.NO_NUMBER)] if alone and not named else []),
    ]


def node_text(
    menu: Menu, language: str, node: str, contacts: Callable[[], Sendable[Contact]] = Sendable
) -> str:
    """The words of a node.  Where they name `{home_missions}`, the missions of the country
    that most who read this language come from, as far as they may be sent: `contacts`.
    """
    here = menu.language(language)
    text, place = here.words[node].text, f"{{{HOME_MISSIONS}}}"
    if not here.home or place not in text:
        return text
    return text.replace(place, "\n".join(home_missions(here.sms.embassy, contacts(), here.home)))


def home_missions(said: EmbassyWords, contacts: Sendable[Contact], code: str) -> list[str]:
    """The country's missions in Kazakhstan, each in a line; that none is known, if so."""
    sure, doubted = (missions_in_kazakhstan(each, code) for each in contacts.both)
    named = _named(sure, doubted, Rank.MISSION_HERE)
    lines = [
        *_mission_lines(said, sure, named),
        *(marked(said, line) for line in _mission_lines(said, doubted, named)),
    ]
    return [line.text for line in lines][:MOST_HOME_MISSIONS] or [said.none_here]


def fitted(lines: Iterable[Line], segments: int = EMBASSY_SEGMENTS) -> str:
    """The lines that have room, in their order; what is never left out may exceed it."""
    kept = list(lines)
    text = "\n".join(line.text for line in kept)
    while measure(text).segments > segments and any(line.rank for line in kept):
        _, last = max((line.rank, n) for n, line in enumerate(kept))
        del kept[last]
        text = "\n".join(line.text for line in kept)
    return text


def plain(name: str) -> str:
    """A Latin name in GSM-7: one letter outside it would halve the room of the message."""
    if any(map(is_cyrillic, name)):
        return name
    in_ascii = "".join(char if char in SEPTETS else anyascii(char) for char in name)
    return in_ascii.replace("`", "'")  # Oʻzbekiston: its sign is not in GSM-7 either


def marked(said: EmbassyWords, line: Line) -> Line:
    """The line of a number that is not sure."""
    return replace(line, text=f"{line.text}, {said.unconfirmed}")


# --- Who helps everybody there --------------------------------------------------


def _local_lines(said: EmbassyWords, contacts: Sendable[Contact], code: str) -> list[Line]:
    """The police, the hotline.  What is sure leaves out what is not."""
    known, doubted = (emergency_of(each, code) for each in contacts.both)
    hotline, other = (_of_first(said.hotline, hotlines_of(each, code)) for each in contacts.both)
    police = _police(said, known)
    help_ = police or _ambulance(said, known)
    sure = [Line(help_)] if help_ else []
    if hotline:
        sure.append(Line(hotline, Rank.HOTLINE))
    unsure = list[Line]()
    if not police and (text := _police(said, doubted)):
        unsure.append(Line(text, Rank.POLICE_TOO if help_ else Rank.NEVER))
    if other and not hotline:
        unsure.append(Line(other, Rank.HOTLINE))
    return [*sure, *(marked(said, line) for line in unsure)]


def _police(said: EmbassyWords, found: Iterable[Contact]) -> str | None:
    """The police, or the number for everything."""
    by_kind = {each.kind: each for each in found}
    if police := by_kind.get("police"):
        return _filled(said.police, police)
    every = by_kind.get("all services")
    return _filled(said.emergency, every) if every else None


def _ambulance(said: EmbassyWords, found: Iterable[Contact]) -> str | None:
    """The ambulance; the number for emergencies where the fire brigade has it too."""
    by_kind = {each.kind: each for each in found}
    ambulance, fire = by_kind.get("ambulance"), by_kind.get("fire")
    if not ambulance:
        return None
    shared = fire is not None and fire.phones[0] == ambulance.phones[0]
    return _filled(said.emergency if shared else said.ambulance, ambulance)


def _of_first(words: str, found: Sequence[Contact]) -> str | None:
    return _filled(words, found[0]) if found else None


def _filled(words: str, contact: Contact) -> str:
    """The words with the first phone of the contact, as people read it where they need it."""
    return words.replace("{phone}", grouped(contact.phones[0], contact.dialled_in))


# --- Missions -------------------------------------------------------------------


def _named(sure: Sequence[Contact], doubted: Sequence[Contact], chief: Rank) -> dict[str, Rank]:
    """The ids of the missions that are named, a few.  The embassy's own number, or else the
    phone that helps soonest, has the rank `chief`.
    """
    missions = [*sure, *doubted]
    embassy = next((each for each in missions if each.kind == "embassy"), None)
    chief_first = sorted(missions, key=lambda each: each is not embassy)
    other = Rank.OTHER_MISSION if len(sure) > 1 else Rank.OTHER_UNSURE
    ranks = (chief, other, Rank.THIRD_MISSION)
    return {each.id: rank for each, rank in zip(chief_first, ranks, strict=False)}


def _mission_lines(
    said: EmbassyWords, missions: Iterable[Contact], named: Mapping[str, Rank]
) -> list[Line]:
    wording = {"emergency/duty phone": said.duty_phone, "embassy": said.embassy}
    return [
        Line(_filled(wording.get(each.kind, said.consulate), each), named[each.id])
        for each in missions
        if each.id in named
    ]
