"""The dialogues of tests/conversations, played in three ways with one result.

A conversation is a text file that those who write the words can read and write:

    # what happens, and to whom
    > dial
    Police 102
    1 English
    > 1
    ...
    [end]

`> dial` dials the code (`> dial 2*1`: straight to a screen), any other `> ` line is
an answer, exactly as typed (`>` alone: nothing typed).  The screen follows, line by
line; `[end]` says that the session is over.

`make conversations` writes the screens anew after a change of words; read them.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis

from menus.model import Menu
from tests.support.service import Service, new_number, new_session
from ussd.engine import play, show, show_not_sent
from ussd.gateways.africastalking import answers_of, reply
from ussd.screens import Place, Screens

FOLDER = Path(__file__).parents[1] / "conversations"
FILES = sorted(FOLDER.glob("*.txt"))
END = "[end]"
TURN = re.compile(r"^> ?", re.MULTILINE)


@dataclass(frozen=True)
class Turn:
    """What the caller did, as the gateway's `text`, and the screen that follows."""

    line: str
    text: str
    screen: str


def turns(content: str) -> list[Turn]:
    """The turns of a conversation, in order."""
    found: list[Turn] = []
    text = ""
    for block in TURN.split(content)[1:]:
        line, _, screen = block.partition("\n")
        if line.startswith("dial"):
            text = line.removeprefix("dial").strip()
        else:
            text = f"{text}*{line}" if text else line
        kept = [each for each in screen.splitlines() if each.strip() and each[0] != "#"]
        found.append(Turn(line, text, "\n".join(kept)))
    return found


def as_written(reply_text: str) -> str:
    """A reply to the gateway, as a conversation writes it."""
    kind, _, screen = reply_text.partition(" ")
    return f"{screen}\n{END}" if kind == "END" else screen


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_engine_says_what_is_written(
    file: Path, screens: Screens, request: pytest.FixtureRequest
) -> None:
    written = turns(file.read_text(encoding="utf-8"))
    said = [as_written(reply(show(screens, play(screens, answers_of(t.text))))) for t in written]
    if request.config.getoption("--rewrite"):
        rewrite(file, said)
        return
    assert written, f"{file.name} holds no turn"
    for turn, screen in zip(written, said, strict=True):
        assert screen == turn.screen, f"{file.name}: after > {turn.line}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_service_says_what_is_written(file: Path, service: Service) -> None:
    session, number = new_session(), new_number()
    for turn in turns(file.read_text(encoding="utf-8")):
        assert as_written(service.hop(session, turn.text, number)) == turn.screen


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_service_says_it_again_and_without_its_memory(
    file: Path, service: Service, screens: Screens, redis_url: str
) -> None:
    """Only consent is not taken from who may not have seen the question, nor is it known
    that it was given.
    """
    session, number = new_session(), new_number()
    with Redis.from_url(redis_url) as redis:
        for turn in turns(file.read_text(encoding="utf-8")):
            first = service.hop(session, turn.text, number)
            assert service.hop(session, turn.text, number) == first
            redis.flushall()
            played = play(screens, answers_of(turn.text))
            again = show_not_sent(screens, played) if played.request else show(screens, played)
            assert service.hop(session, turn.text, number) == reply(again)
            assert as_written(first) == turn.screen or played.since


def rewrite(file: Path, said: list[str]) -> None:
    """Write the conversation anew: its comments and answers, and what is said now."""
    head, *blocks = TURN.split(file.read_text(encoding="utf-8"))
    lines = [block.partition("\n")[0] for block in blocks]
    turns_now = [f"\n> {line}\n{screen}\n" for line, screen in zip(lines, said, strict=True)]
    file.write_text(head.rstrip() + "\n" + "".join(turns_now), encoding="utf-8")


# --- What there is a conversation of ---------------------------------------------

NEEDS = (
    *("held", "in danger abroad", "leaving", "a migrant inside", "the checklist"),
    "a number that is not confirmed",
)


def needs_met(at: Place, shown: str, menu: Menu) -> dict[str, bool]:
    """For whom a screen of a conversation is."""
    found, said = bool(at.countries), menu.language(at.language or "en").sms.embassy
    conditions = (
        at.node in menu.nodes["signs"].choices,
        at.node == "embassy_abroad" and found,
        at.node in menu.nodes["leaving"].choices,
        at.node == "embassy_here" and found,
        at.node == "checklist" and bool(at.answers),
        found and said.unconfirmed in shown,
    )
    return dict(zip(NEEDS, conditions, strict=True))


def test_each_language_and_its_latin_letters_has_a_conversation_of_each_need(
    screens: Screens, menu: Menu
) -> None:
    met = set[tuple[str, str]]()
    for file in FILES:
        for turn in turns(file.read_text(encoding="utf-8")):
            at = play(screens, answers_of(turn.text)).history[-1].place
            needs = needs_met(at, turn.screen, menu).items()
            met |= {(at.language, need) for need, is_met in needs if is_met}
    assert met >= {(code, need) for code in menu.all_languages for need in NEEDS}
