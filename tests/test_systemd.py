"""The unit of systemd: what it may do, see and take; and that it starts what there is."""

import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer

import main
from tests.test_docs import text_of
from tests.test_house import HOUSE

UNIT = HOUSE / "docs" / "systemd" / "komek@.service"
MOST_EXPOSED = 1.2
"""Of ten, as `systemd-analyze security` counts."""


def directives(unit: Path) -> Mapping[str, Sequence[str]]:
    """Each setting of a unit, with its values in order."""
    found = defaultdict[str, list[str]](list)
    for name, value in re.findall(r"^(\w+)=(.*)$", unit.read_text("utf-8"), re.MULTILINE):
        found[name].append(value)
    return found


SETTINGS = directives(UNIT)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("PrivateDevices", "yes"),
        ("MemoryDenyWriteExecute", "yes"),
        ("RestrictNamespaces", "yes"),
        ("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6"),
        ("LimitCORE", "0"),
        ("UMask", "0077"),
        ("StateDirectory", "komek"),
        ("StateDirectoryMode", "0700"),
        ("Restart", "always"),
        ("User", "komek"),
    ],
)
def test_it_is_shut_in(name: str, value: str) -> None:
    assert SETTINGS[name] == [value]


def test_only_calls_of_a_service_are_left() -> None:
    assert SETTINGS["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]


def test_nothing_is_written_but_its_data() -> None:
    assert "ReadWritePaths" not in SETTINGS
    [environment] = SETTINGS["Environment"]
    assert f"KOMEK_DATA_DIR=/var/lib/{SETTINGS['StateDirectory'][0]}" in environment.split()


def test_nothing_comes_before_the_start() -> None:
    """What comes before could refuse, such as `check` a faulty menu."""
    assert not [name for name in SETTINGS if name.startswith(("ExecStartPre", "ExecCondition"))]
    assert SETTINGS["StartLimitIntervalSec"] == ["0"]


def test_it_starts_commands_that_there_are() -> None:
    [start] = SETTINGS["ExecStart"]
    assert start.endswith("main.py %i")
    command: Any = typer.main.get_command(main.cli)
    commands = set(command.list_commands(typer.Context(command)))
    instances = set(
        re.findall(r"komek@(\w+)", UNIT.read_text("utf-8") + text_of("docs/running.md"))
    )
    assert {"serve", "worker"} == instances - {""} <= commands


@pytest.mark.usefixtures("processes")
def test_systemd_finds_little_exposed(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd-analyze here: the tests above look at the same settings")
    unit = shutil.copy(UNIT, tmp_path / "komek@serve.service")
    most = f"--threshold={MOST_EXPOSED * 10:.0f}"
    done = subprocess.run(
        [analyze, "security", "--offline=yes", "--no-pager", most, unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
