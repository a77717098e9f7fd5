"""Random input for whatever reads what others write: nothing but what is foreseen may be raised.

    .venv/bin/python -m benchmarks.fuzz --seconds 120 [--seed N] [--only YAML]

Each input is a sample with some pieces put in, cut out or said again.  The seed makes a run
repeatable, as far as the time reaches.  Ends with 1 where anything uncaught came up.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from main import read_menu
from menus.contacts import read_sheet
from menus.parsing import read
from runtime.callbacks import BadRequest, parse_form
from runtime.logs import redacted
from runtime.msisdn import country_of, is_msisdn, is_possible, with_plus
from runtime.settings import Settings
from sms.understanding.country_search import countries_of
from sms.understanding.matching import understand
from sms.understanding.vocabulary import Vocabulary, vocabulary_of
from tests.support.inputs import rows_of
from ussd.paging import Budget, Frame, pages

MENUS = Settings.model_validate({}).menus_dir
LONGEST = 4000
"""Characters of a sample and of an input: what is longer is refused before."""
PIECES = [
    *"*#+=&%;,:\"'\\/-?|<>[]{}()!~@`\n\r\t \0\x1b\x85",
    *("\u0301", "\u202e", "\u2028", "\ufeff", "\ud800", "\udfff", "\uffff", "\U0001f198", "İ", "ß"),
    *("%2B", "%00", "%ED%A0%80", "%25", "&id=", "&a=1" * 300),
    *("+7701", "١٢٣", "１２", "𝟏", "²", "99999999999", "-1", "1e9", "+881612345678"),
    *(
        "&a [*a]",
        "*a",
        "!!python/object:x",
        "? ",
        "- ",
        "---\n",
        "|\n",
        ">\n",
        "[" * 200,
        "2026-02-31",
    ),
    *("2026-02-31", "STOP", "НЕLР", "EMBASSY ", "посольство ", "\n\n", ";;;", '""'),
]


@dataclass
class Target:
    """What reads, samples of what it reads, and what it may raise."""

    read: Callable[[str], object]
    samples: list[str]
    foreseen: tuple[type[Exception], ...] = ()


@dataclass
class Count:
    """What became of the inputs of a target."""

    inputs: int = 0
    refused: int = 0
    slowest: float = 0.0
    uncaught: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, target: Target, given: str) -> None:
        self.inputs += 1
        begun = time.perf_counter()
        try:
            target.read(given)
        except target.foreseen:
            self.refused += 1
        except Exception as error:
            self.uncaught[redacted(error)] += 1
            self.examples.setdefault(redacted(error), given)
        self.slowest = max(self.slowest, time.perf_counter() - begun)


def octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def read_number(text: str) -> None:
    for number in (text, with_plus(text)):
        if is_msisdn(number):
            country_of(number)
            is_possible(number)


def read_keyword(vocabulary: Vocabulary, text: str) -> None:
    for country in (None, "KZ", country_of("+905000000000")):
        understand(text, vocabulary, country)


def turn_pages(text: str) -> None:
    """Every page fits, and joined they are the text."""
    frame, budget = Frame(keys=("0", "0-back"), keys_if_more=("9", "9-more 0-back")), Budget()
    found = list(pages(text, frame, budget))
    assert all(budget.holds(page.shown) for page in found), "a page is too long"
    assert "".join(text[page.start : page.end] for page in found) == text, "something is lost"


def read_yaml(folder: Path, text: str) -> None:
    file = folder / "en.yaml"
    file.write_bytes(octets(text))
    read(file, file.name)


def targets(folder: Path) -> dict[str, Target]:
    menu = read_menu(Budget(), MENUS)
    vocabulary = vocabulary_of(menu, countries_of(menu))
    texts = [row.message for row in rows_of()]
    words = [each.text for each in menu.language("ru").words.values() if each.text]
    files = [file.read_text(encoding="utf-8") for file in sorted(MENUS.glob("*.yaml"))]
    forms = ["id=1&from=%2B77010000000&text=HELP", "sessionId=A&text=3*1&phoneNumber=%2B7701"]
    numbers = ["+77010000000", "77010000000", " 77010000000", "+905000000000", "+881612345678"]
    sheet = (MENUS / "contacts.csv").read_text(encoding="utf-8")
    return {
        "form parser": Target(lambda text: parse_form(octets(text)), forms, (BadRequest,)),
        "number reader": Target(read_number, numbers),
        "keyword reader": Target(partial(read_keyword, vocabulary), texts),
        "pager": Target(turn_pages, words),
        "contacts reader": Target(lambda text: read_sheet(octets(text), "list.csv"), [sheet]),
        "YAML reader": Target(partial(read_yaml, folder), files),
    }


def mutated(chance: random.Random, sample: str) -> str:
    """A sample, changed at one to six places."""
    text = sample[:LONGEST]
    for _ in range(chance.randint(1, 6)):
        start = chance.randint(0, len(text))
        end = min(len(text), start + chance.choice((0, 0, 1, 3, 30)))
        text = text[:start] + _piece(chance, text[start:end]) + text[end:]
    return text[:LONGEST]


def _piece(chance: random.Random, here: str) -> str:
    """In place of what is here."""
    choices = ("", here * 2, chr(chance.randrange(0x110000)), chance.choice(PIECES))
    return chance.choice((*choices, chance.choice(PIECES) * chance.randint(2, 50)))


def run(target: Target, seed: str, seconds: float) -> Count:
    chance, count, end = random.Random(seed), Count(), time.monotonic() + seconds
    while time.monotonic() < end:
        count.add(target, mutated(chance, chance.choice(target.samples)))
    return count


def report(name: str, count: Count) -> str:
    uncaught = count.uncaught.total()
    row = f"| {name} | {count.inputs} | {count.refused} | {uncaught} | {count.slowest * 1e3:.0f} |"
    errors = [
        f"  {n} × {what}: {count.examples[what][:200]!a}" for what, n in count.uncaught.items()
    ]
    return "\n".join([row, *errors])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--seconds", type=float, default=10.0, help="for each reader")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", default="", help="the readers whose name has this")
    given = options.parse_args()
    print(f"seed {given.seed}, {given.seconds:g} s each", flush=True)
    print("| reader | inputs | refused | uncaught | slowest, ms |\n|---|---:|---:|---:|---:|")
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, target in targets(Path(folder)).items():
            if given.only in name:
                count = run(target, f"{given.seed} {name}", given.seconds)
                failed += count.uncaught.total()
                print(report(name, count), flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
