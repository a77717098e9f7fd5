"""Whether the replies to what people send are right; `python -m tests.support.answers`.

It prints the share that is right, by form and by need; with `--wrong PART` each message of
that part that is not; with a path, of another file in the form of `inputs.txt`.  A reply is
`right`; or `safe`, where it does not meet the need, and names numbers to call, and nothing
that it must not have; or `wrong`.
"""

import argparse
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from menus.contacts import (
    Contact,
    Rule,
    emergency_of,
    missions_in_kazakhstan,
    missions_of_kazakhstan,
    sendable,
)
from menus.model import Menu
from runtime.msisdn import country_of
from sms.embassy_reply import CountryDirectory
from sms.replies import reply_to
from sms.requests import (
    HOME,
    Confirm,
    Digest,
    Embassy,
    NodeRequest,
    Request,
    Series,
    Stop,
    Unknown,
)
from sms.understanding.country_search import countries_of
from sms.understanding.matching import understand
from sms.understanding.vocabulary import Vocabulary, vocabulary_of
from tests.support.inputs import TABLE, Row, rows_of
from tests.support.menus_read import read_once
from tests.support.trees import MENUS

FORMS_OF_TRAFFICKING = ("trafficking", "common", "forms", "lures", "motive")
EMERGENCY_KINDS = ("police", "all services", "ambulance")


@dataclass(frozen=True, slots=True)
class World:
    """What the rows are answered by."""

    menu: Menu
    vocabulary: Vocabulary
    directory: CountryDirectory

    @property
    def advice(self) -> set[str]:
        """The nodes for somebody who is about to leave."""
        return {"leaving", *self.menu.nodes["leaving"].choices}

    @property
    def help(self) -> set[str]:
        """The nodes for somebody in need."""
        above = {"danger", "signs", "helpers"}
        below = {each for node in above for each in self.menu.nodes[node].choices}
        return (above | below) - {"advice", "service"}

    def contacts(self) -> tuple[Contact, ...]:
        """All that are sent, the sure ones first."""
        return tuple(each for kind in self.directory.contacts.both for each in kind)

    def number(self, name: str) -> str:
        return self.menu.numbers[name].number


@cache
def world() -> World:
    """The menu of the repository, with the contacts that are sent on one day."""
    menu = read_once(MENUS)
    countries = countries_of(menu)
    contacts = sendable(menu.contacts, date(2026, 11, 25), Rule(1095))
    return World(menu, vocabulary_of(menu, countries), CountryDirectory(countries, contacts))


@dataclass(frozen=True, slots=True)
class Answer:
    """What came out for a row."""

    row: Row
    request: Request
    reply: str
    by: World

    # --- What the reply has ---

    def names_a_number(self) -> bool:
        return bool(re.search(r"\d{3}", self.reply))

    def has(self, token: str) -> bool:
        """Whether the reply has what the token stands for."""
        name, _, code = token.partition("@")
        return _HAS[name](self, code) if name in _HAS else token.strip('"') in self.reply

    def says(self, number: str) -> bool:
        """However its digits are grouped; a short one not as a part of another."""
        digits = [re.escape(char) for char in number if char in "+0123456789"]
        return bool(re.search(rf"(?<![\d+]){'[ -]?'.join(digits)}(?!\d)", self.reply))

    def says_police(self, code: str) -> bool:
        """Of a country; where others have its number too, by whom the reply is about."""
        if not code:
            return self.says(self.by.number("police"))
        phones = self.emergency_phones(code)
        if self.is_about(code):
            if isinstance(self.request, Embassy) and self.request.finds == "here":
                return False
            return not phones or any(map(self.says, phones))
        others = {each.number for each in self.by.menu.numbers.values()}
        if isinstance(self.request, Embassy):
            others.update(*map(self.emergency_phones, self.request.codes))
        return any(map(self.says, phones - others))

    def emergency_phones(self, code: str) -> set[str]:
        found = emergency_of(self.by.contacts(), code)
        return {each.phones[0] for each in found if each.kind in EMERGENCY_KINDS}

    def says_mission(self, code: str) -> bool:
        contacts = self.by.contacts()
        found = (*missions_of_kazakhstan(contacts, code), *missions_in_kazakhstan(contacts, code))
        phones = [phone for each in found for phone in each.phones]
        return not phones or any(map(self.says, phones))

    def gives_advice(self) -> bool:
        for language in self.by.menu.all_languages.values():
            texts = [language.words[node].text for node in self.by.advice]
            first = [text.split("\n")[0] for text in (*texts, language.sms.digest) if text]
            if any(line in self.reply for line in first):
                return True
        return False

    def says_stopped(self) -> bool:
        said = (each.sms.stopped for each in self.by.menu.all_languages.values())
        return any(each in self.reply for each in said)

    # --- What was asked for ---

    def is_about(self, *codes: str) -> bool:
        return isinstance(self.request, Embassy) and sorted(self.request.codes) == sorted(codes)

    def is_node(self, nodes: Iterable[str]) -> bool:
        return isinstance(self.request, NodeRequest) and self.request.node in nodes

    def meets(self, need: str) -> bool:
        kind, *rest = need.split()
        return _MEETS[kind](self, rest)

    def is_helped(self, codes: list[str]) -> bool:
        """At home by our numbers; elsewhere by those there, and the duty diplomat."""
        if codes and codes != [HOME]:
            return self.is_about(*codes) and self.has(f"POLICE@{codes[0]}") and self.has("DIPLOMAT")
        abroad = isinstance(self.request, Embassy) and len(self.request.codes) == 1
        if "DIPLOMAT" in self.row.must and abroad:
            return True
        return self.is_node(self.by.help) and (self.has("HOTLINE") or self.has("POLICE"))

    def is_advised(self, topics: list[str]) -> bool:
        nodes = FORMS_OF_TRAFFICKING if topics == ["trafficking"] else topics
        if topics == ["checklist"] and "checklist" not in self.by.menu.nodes:
            nodes = ["leaving"]
        return self.is_node(nodes)

    def is_in_its_language(self) -> bool:
        """In one that the row names, as far as they are offered."""
        menu, request = self.by.menu, self.request
        offered, codes = set(menu.languages), [request.language]
        if isinstance(request, Unknown) and request.also:
            codes.append(request.also)
        wanted = set(self.row.languages) & offered or offered - {"en"}
        return "any" in self.row.languages or bool(
            {menu.language(code).file for code in codes} & wanted
        )

    # --- The verdict ---

    def faults(self) -> list[str]:
        """All that is wrong."""
        needs, row = self.row.needs, self.row
        return [
            *([] if any(map(self.meets, needs)) else [f"not {' or '.join(needs)}"]),
            *(f"no {each}" for each in row.must if not self.has(each)),
            *(f"has {each}" for each in row.must_not if self.has(each)),
            *([] if self.is_in_its_language() else [f"in {self.request.language}"]),
        ]

    def is_safe(self) -> bool:
        """Whether what is wrong does not mislead."""
        named = {code for need in self.row.needs for code in need.split()[1:]}
        request = self.request
        elsewhere = isinstance(request, Embassy) and request.codes and not named & {*request.codes}
        forbidden = any(map(self.has, self.row.must_not))
        return self.names_a_number() and not elsewhere and not forbidden

    def verdict(self) -> str:
        return "right" if not self.faults() else "safe" if self.is_safe() else "wrong"


_HAS: dict[str, Callable[[Answer, str], bool]] = {
    "HOTLINE": lambda answer, _: answer.says(answer.by.number("hotline")),
    "DIPLOMAT": lambda answer, _: answer.says(answer.by.number("duty_diplomat")),
    "POLICE": Answer.says_police,
    "MISSION": Answer.says_mission,
    "STOPPED": lambda answer, _: answer.says_stopped(),
    "ASKED-BACK": lambda answer, _: not answer.names_a_number(),
    "ADVICE": lambda answer, _: answer.gives_advice(),
}
_MEETS: dict[str, Callable[[Answer, list[str]], bool]] = {
    "danger": Answer.is_helped,
    "papers": Answer.is_helped,
    "embassy": lambda answer, codes: answer.is_about(*codes),
    "about": Answer.is_advised,
    "screen": Answer.is_node,
    "unknown": lambda answer, _: isinstance(answer.request, Unknown) and answer.names_a_number(),
    "stop": lambda answer, _: isinstance(answer.request, Stop),
    "yes": lambda answer, _: isinstance(answer.request, Confirm),
    "digest": lambda answer, _: isinstance(answer.request, Digest),
    "series": lambda answer, _: isinstance(answer.request, Series),
    "who": lambda answer, _: answer.is_node(["who"]),
    "free": lambda answer, _: answer.is_node(["free"]),
    "private": lambda answer, _: answer.is_node(["private"]),
}


def answers(rows: Iterable[Row], by: World) -> Iterator[Answer]:
    for row in rows:
        request = understand(row.message, by.vocabulary, country_of(row.sender))
        yield Answer(row, request, reply_to(request, by.menu, lambda: by.directory), by)


# --- Reporting ------------------------------------------------------------------


def report(found: Iterable[Answer], wrong: str = "") -> Iterator[str]:
    """Shares by part, form and need; of the part `wrong` also what is not right."""
    every = list(found)
    yield f"all            {_share(every)}"
    for part in dict.fromkeys(each.row.part for each in every):
        of_part = [each for each in every if each.row.part == part]
        yield f"\n{part:<15}{_share(of_part)}"
        yield from _by("form", of_part, lambda answer: answer.row.form)
        yield from _by("need", of_part, lambda answer: answer.row.kind)
        if part == wrong:
            yield from (_line(each) for each in of_part if each.faults())


def _by(title: str, found: list[Answer], key: Callable[[Answer], str]) -> Iterator[str]:
    for group in sorted({*map(key, found)}):
        share = _share([each for each in found if key(each) == group])
        yield f"  {title} {group:<15}{share}"


def _share(found: list[Answer]) -> str:
    count = Counter(each.verdict() for each in found)
    right = 100 * count["right"] / len(found)
    kinds = ", ".join(f"{count[verdict]} {verdict}" for verdict in ("right", "safe", "wrong"))
    return f"{len(found):5} messages {right:6.1f} % right ({kinds})"


def _line(answer: Answer) -> str:
    faults = ", ".join(answer.faults())
    return f"{answer.verdict()} {answer.row}\n      {faults}: {answer.request}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("path", type=Path, nargs="?", default=TABLE)
    options.add_argument("--wrong", default="", metavar="PART", help="list what is not right")
    given = options.parse_args()
    for line in report(answers(rows_of(given.path), world()), given.wrong):
        print(line)


if __name__ == "__main__":
    main()
