"""A menu of many times the size: the tree again and again, each under a key of its own.

The first tree stays where it is.  Its copies have no keywords, since a keyword asks for one node,
and no actions of their own.
"""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.dialogues import Dialogue

ROOMS = ("copies_a", "copies_b")
"""Menus that the first menu leads to beside its own choices, its keys 6 and 7."""
IN_A_ROOM = 8
FIRST_KEY = 6

_NODE = re.compile(r"(?m)^  (\w+):\n((?:    .*\n|\n(?=    ))+)")
_KEYWORDS = re.compile(r"(?m)^    keywords:.*\n(?:      .*\n)*")
_LISTS = re.compile(r"(?m)^(    choices: \[)(.*)(\])$")


def grow(menus: Path, to: Path, times: int) -> None:
    """Write the data files of a menu of so many trees, 17 at most."""
    shutil.copytree(menus, to)
    tree = (menus / "tree.yaml").read_text("utf-8")
    nodes = dict(_NODE.findall(tree.partition("\nnodes:\n")[2]))
    copied = [name for name, said in nodes.items() if "does:" not in said]
    rooms = _rooms(times)
    with (to / "tree.yaml").open("w", encoding="utf-8") as file:
        file.write(tree.replace("trafficking]", f"trafficking, {', '.join(rooms)}]", 1).rstrip())
        for room, copies in rooms.items():
            choices = ", ".join(f"main_{n}" for n in copies)
            file.write(f"\n  {room}:\n    kind: menu\n    choices: [{choices}]\n")
        file.writelines(_copies(nodes, copied, times, lambda said, n: _renamed(said, copied, n)))
    for path in menus.glob("??.yaml"):
        words = path.read_text("utf-8")
        said = dict(_NODE.findall(words.partition("\nnodes:\n")[2]))
        with (to / path.name).open("a", encoding="utf-8") as file:
            file.writelines(f"  {room}:\n    label: More\n" for room in rooms)
            file.writelines(f"  main_{n}:\n    label: {n}\n" for n in range(2, times + 1))
            file.writelines(_copies(said, copied, times, lambda words, _: _KEYWORDS.sub("", words)))


def in_each_tree(dialogues: Sequence[Dialogue], times: int) -> list[Dialogue]:
    """The dialogues, on the first tree and on each of its copies."""
    return [*dialogues, *(each for n in range(2, times + 1) for each in _in_copy(dialogues, n))]


def _in_copy(dialogues: Sequence[Dialogue], n: int) -> Iterator[Dialogue]:
    room, place = divmod(n - 2, IN_A_ROOM)
    keys = f"{FIRST_KEY + room}*{place + 1}"
    for dialogue in dialogues:
        if dialogue[-1].count("*"):
            yield tuple(_behind_the_language(text, keys) for text in dialogue)


def _behind_the_language(text: str, keys: str) -> str:
    language, star, rest = text.partition("*")
    return f"{language}*{keys}{star}{rest}" if language else text


def _rooms(times: int) -> dict[str, Sequence[int]]:
    copies = range(2, times + 1)
    parts = [copies[at : at + IN_A_ROOM] for at in range(0, len(copies), IN_A_ROOM)]
    return dict(zip(ROOMS, parts, strict=False))


def _copies(
    nodes: dict[str, str], copied: Sequence[str], times: int, said_in: Callable[[str, int], str]
) -> Iterator[str]:
    for n in range(2, times + 1):
        for name in copied:
            if name in nodes:
                yield f"  {name}_{n}:\n{said_in(nodes[name], n)}"


def _renamed(said: str, copied: Sequence[str], n: int) -> str:
    """With its choices in the same copy, where they are copied."""

    def choices(found: re.Match[str]) -> str:
        names = (f"{each}_{n}" if each in copied else each for each in found[2].split(", "))
        return f"{found[1]}{', '.join(names)}{found[3]}"

    return _LISTS.sub(choices, said)
