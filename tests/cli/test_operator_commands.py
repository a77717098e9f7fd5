"""`main.py operator …`: a token told once, its hash kept, and nothing else of it."""

import json
import stat
from pathlib import Path

import pytest

from runtime.clock import utc_today
from tests.support.commands import command, ended_well, refused
from web.auth.roster import hash_of

FILE = Path("data/operators.jsonl")


def added(tree: Path, name: str, role: str) -> str:
    """The token."""
    said = ended_well(command(tree, "operator", "add", name, "--role", role))
    assert said.startswith(f"The token of {name}, told only now: ")
    return said.split()[-1]


def test_who_is_added_is_listed_and_can_be_removed(tree: Path) -> None:
    assert "Nobody" in ended_well(command(tree, "operator", "list"))
    tokens = added(tree, "Әсел Н.", "words"), added(tree, "Dana", "read")
    listed = ended_well(command(tree, "operator", "list"))
    today = str(utc_today())
    assert [each.split(maxsplit=2) for each in listed.splitlines()] == [
        ["words", today, "Әсел Н."],
        ["read", today, "Dana"],
    ]
    kept = (tree / FILE).read_text("utf-8")
    assert [json.loads(each)["token"] for each in kept.splitlines()] == [*map(hash_of, tokens)]
    assert not [each for each in tokens if each in kept + listed]
    assert stat.S_IMODE((tree / FILE).stat().st_mode) == 0o600
    ended_well(command(tree, "operator", "remove", "Dana"))
    assert "Dana" not in ended_well(command(tree, "operator", "list"))


REFUSED = {
    "the same name": (("add", "dana", "--role", "all"), "dana is there already: remove it first"),
    "no name": (("add", " ", "--role", "all"), "a name has 1 to 60 plain characters"),
    "two lines": (("add", "a\nb", "--role", "all"), "a name has 1 to 60 plain characters"),
    "nobody": (("remove", "Aigul"), "there is no operator Aigul"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_done_is_told_in_a_line(tree: Path, name: str) -> None:
    added(tree, "Dana", "read")
    before = (tree / FILE).read_bytes()
    arguments, why = REFUSED[name]
    assert refused(command(tree, "operator", *arguments)) == [why]
    assert (tree / FILE).read_bytes() == before


@pytest.mark.parametrize("content", [b"x\n", b'{"name":"Dana"}\n', b"\xff\n"])
def test_a_file_with_a_fault_is_told_by_its_place(tree: Path, content: bytes) -> None:
    (tree / FILE).parent.mkdir(mode=0o700)
    (tree / FILE).write_bytes(content)
    for arguments in (("list",), ("add", "Aigul", "--role", "all"), ("remove", "Dana")):
        [line] = refused(command(tree, "operator", *arguments))
        assert line.startswith(str(FILE))
    assert (tree / FILE).read_bytes() == content


def test_no_other_role_is_known(tree: Path) -> None:
    done = command(tree, "operator", "add", "Dana", "--role", "king")
    assert done.returncode == 2
    assert not (tree / FILE).exists()
