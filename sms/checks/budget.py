"""What each message may cost, and what its words must have, found when they are loaded.

A segment is 160 septets of GSM-7 or 70 units of UCS-2; of several, 153 or 67 each.
Cyrillic is always UCS-2.  A budget here is the least that the words of the
languages hold with a little room.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from menus.contacts import Contact, Sendable
from menus.faults import Fault
from menus.file_models import EmbassyWords, SmsWords
from menus.loading import ParsedFolder, in_each_language
from menus.model import Language, Menu
from menus.parsing import KeyPath, screen_of
from sms.embassy_reply import EMBASSY_SEGMENTS, Line, marked
from sms.encoding import measure
from sms.replies import is_neutral, node_reply
from sms.understanding import MOST_ASKED

NODE_SEGMENTS = 5
TIP_SEGMENTS = 2
SEGMENTS = {
    "stopped": 1,
    "unknown": 2,
    "no_country": 2,
    "which_country": 3,
    "digest": 4,
    "confirm_series": 2,
    "subscribed": 1,
    "already": 1,
}
"""The most of each message, by its key under `sms`."""

LONG_NAME = 28
"""Letters of a country's name that an answer must have room for beside a police number.
Those with longer names have none; `tests/test_replies.py` tries them all."""
LONG_PHONE = "+00 000 000 00 00"
"""As long as a phone in groups becomes; `tests/sms/test_embassy_reply.py` looks at all."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it will be sent, and where its words stand."""

    steps: KeyPath
    text: str
    most: int


@in_each_language
def messages_fit(parsed: ParsedFolder, menu: Menu, language: Language) -> Iterator[Fault]:
    """Each message is within its budget and has a neutral first line; each tip ends
    with the help number.
    """
    source = parsed.languages[language.file].source
    for each in messages(menu, language):
        for what in (*_too_long(each), *_tells(each, language.sms), *_endless(each, menu)):
            where, screen = source.value(*each.steps), screen_of(each.steps)
            yield Fault(where, screen, f"{_named(each.steps)} {what}")


def messages(menu: Menu, language: Language) -> Iterator[Message]:
    """Every message of a language, as long as it can become."""
    said = language.sms
    later = {"{count}": str(len(said.series)), "{countries}": _names(language, MOST_ASKED)}
    for key, most in SEGMENTS.items():
        text = getattr(said, key)
        for place, filling in later.items():
            text = text.replace(place, filling)
        yield Message(("sms", key), text, most)
    for n, tip in enumerate(said.series):
        yield Message(("sms", "series", n), tip, TIP_SEGMENTS)
    yield Message(("sms", "embassy"), _longest_embassy(language), EMBASSY_SEGMENTS)
    yield Message(("sms", "heading"), said.heading, 1)
    for name, words in language.words.items():
        if words.keywords:
            text = node_reply(menu, language.code, name, lambda: _all_unconfirmed(menu))
            yield Message(("nodes", name, "text"), text, NODE_SEGMENTS)


def _all_unconfirmed(menu: Menu) -> Sendable[Contact]:
    """Every contact that has a phone, said to be unconfirmed: what a reply has room for."""
    return Sendable(unconfirmed=tuple(each for each in menu.contacts if each.phones))


def longest_lines(said: EmbassyWords) -> dict[str, str]:
    """Each line of the answer about a country, as long as it can become, by its key."""
    local = dict.fromkeys(("police", "emergency", "ambulance"), "0000")
    lines = {key: words.replace("{phone}", local.get(key, LONG_PHONE)) for key, words in said}
    doubted = [key for key, words in said if "{phone}" in words]
    return lines | {key: marked(said, Line(lines[key])).text for key in doubted}


def _longest_embassy(language: Language) -> str:
    """The lines that are never left out of the answer about a country, as long as they may
    be: whatever else is known of it, the answer is no longer.
    """
    lines = longest_lines(language.sms.embassy)
    mission = max((lines[key] for key in ("embassy", "consulate", "duty_phone")), key=len)
    there = [[mission], [lines["duty_diplomat"], lines["duty_hours"]]]
    first = max(lines["police"], lines["emergency"], key=len)
    name = _names(language, 1, LONG_NAME)
    texts = [
        "\n".join([name, first, lines["abroad"], *each, lines["here"], lines["help_here"]])
        for each in there
    ]
    return max(texts, key=lambda text: measure(text).units)


def _names(language: Language, count: int, letters: int = 16) -> str:
    """Names of countries, as long as they may be, in letters of the language."""
    letter = next(filter(str.isalpha, language.sms.heading), "x")
    return ", ".join([letter.upper() + letter * (letters - 1)] * count)


def _too_long(message: Message) -> Iterator[str]:
    size = measure(message.text)
    if size.segments > message.most:
        yield (
            f"needs {size.segments} segments ({size.units} units, {size.encoding}),"
            f" at most {message.most}: shorten it"
        )


def _tells(message: Message, said: SmsWords) -> Iterator[str]:
    if not is_neutral(message.text, said):
        yield "has a first line that tells what it is about: begin with neutral words"


def _endless(message: Message, menu: Menu) -> Iterator[str]:
    hotline = menu.numbers.get("hotline")
    last = message.text.strip().split("\n")[-1]
    if message.steps[:2] == ("sms", "series") and hotline and not last.endswith(hotline.number):
        yield "does not end with {hotline}: let the last line be the help number"


def _named(steps: KeyPath) -> str:
    if steps[0] == "nodes":
        return "as an SMS"
    return f"'{steps[1]}'" if len(steps) == 2 else f"'{steps[1]}' {int(steps[2]) + 1}"
