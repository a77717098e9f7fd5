"""The recorded conversations of the tests, as forms that a gateway posts."""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import quote_plus

_AT_ONCE = 512
"""Dialogues that go on at the same time.  Two hops of one are further apart than
there are connections, so they arrive in order.
"""
_WHEN_NONE_ARE_RECORDED = [
    f"> {sent}"
    for keys in ("2 1 1 0 2", "1 2 1 9 0 0 7", "3 5 4 00 1", "2 4 2 9 9 00", "3 2 7 x 8 0")
    for sent in ("dial", *keys.split())
]

Dialogue = tuple[str, ...]
"""The `text` of each hop, in order."""


def recorded(folder: Path) -> tuple[list[Dialogue], str]:
    """The dialogues in the `.txt` files of a folder, and where they come from."""
    files = sorted(folder.glob("*.txt"))
    read = [each for file in files for each in dialogues_in(file.read_text("utf-8").split("\n"))]
    if read:
        return read, f"{len(read)} recorded dialogues"
    built_in = list(dialogues_in(_WHEN_NONE_ARE_RECORDED))
    return built_in, f"{len(built_in)} built-in dialogues, as none are recorded"


def dialogues_in(lines: Iterable[str]) -> Iterator[Dialogue]:
    """Each `> dial` begins a dialogue (`> dial 2*1`: with these answers dialled);
    each other `> …` is an answer in it.  All other lines are screens.
    """
    texts: list[str] = []
    for sent in (line[2:] for line in lines if line.startswith(">")):
        if not sent.startswith("dial"):
            texts.append(f"{texts[-1]}*{sent}" if texts and texts[-1] else sent)
            continue
        if texts:
            yield tuple(texts)
        texts = [sent.removeprefix("dial").strip()]
    if texts:
        yield tuple(texts)


def bodies(dialogues: Sequence[Dialogue], count: int) -> Iterator[str]:
    """That many hops, of dialogues that nobody has begun before, interleaved."""
    forms = [tuple(map(quote_plus, dialogue)) for dialogue in dialogues]
    return islice(_interleaved(cycle(forms)), count)


def _interleaved(forms: Iterator[Dialogue]) -> Iterator[str]:
    while True:
        runs = [(new_session_id(), form) for form in islice(forms, _AT_ONCE)]
        for hop in range(max(len(form) for _, form in runs)):
            for session_id, form in runs:
                if hop < len(form):
                    yield body_of(session_id, form[hop])


def new_session_id() -> str:
    return f"ATUid_{secrets.token_hex(16)}"


def body_of(session_id: str, quoted_text: str) -> str:
    return (
        f"sessionId={session_id}&serviceCode=%2A384%2A55%23&networkCode=99999"
        f"&phoneNumber=%2B{msisdn_digits(session_id)}&text={quoted_text}"
    )


def msisdn_digits(session_id: str) -> str:
    """One of ten million numbers for each session, so that callers are counted as ever."""
    return f"7701{int(session_id[-8:], 16) % 10_000_000:07}"
