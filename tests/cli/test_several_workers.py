"""`serve --workers 2`: each process follows what changes, one may end, none outlives the first.

To start three processes takes long: each way to end is tried after a way to change the menu.
"""

import os
import re
import signal
import sys
from pathlib import Path

import psutil
import pytest

from tests.cli.test_command_line import ends_at_sigterm
from tests.menus.test_menu_reload import BLIND, TO_LABEL, new_label, send_sighup, versions
from tests.runtime.test_http_server import called
from tests.support.service import OPERATOR_TOKEN, new_session
from tests.support.trees import Server, serving, until
from tests.web.test_editor_pages import IN_DANGER, entered

pytestmark = pytest.mark.usefixtures("processes")


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc; elsewhere workers live on")
def test_each_heeds_sighup_and_all_end_with_their_parent(tree: Path) -> None:
    with serving(tree, "--workers", "2", **BLIND) as server:
        until(lambda: len(heeding_workers(server)) == 2, "both workers run")
        workers = heeding_workers(server)
        before = versions(server)
        old = server.hop("began-before", TO_LABEL)
        new_label(tree / "menus", "New ")
        send_sighup(server)
        until(lambda: versions(server).isdisjoint(before), "all have the new menu")

        assert heeding_workers(server) == workers, "none was started anew"
        for n in range(10):
            assert "2 New " in server.hop(f"began-after-{n}", TO_LABEL)
            assert server.hop("began-before", f"{TO_LABEL}{'*2*0' * n}") == old

        family = psutil.Process(server.process.pid).children(recursive=True)
        assert len(family) >= 3, "two workers and the server"
        server.process.kill()
        until(lambda: not any(each.is_running() for each in family), "all have ended")


def heeding_workers(server: Server) -> set[int]:
    """The processes below the first that have the menu and heed SIGHUP."""
    children = psutil.Process(server.process.pid).children()
    return {child.pid for child in children if heeds_sighup(child.pid)}


def heeds_sighup(pid: int) -> bool:
    """Whether it catches the signal; a process that has just ended does not."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", status, re.MULTILINE)
    assert caught
    return bool(int(caught[1], 16) >> (signal.SIGHUP - 1) & 1)


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_each_takes_up_what_one_published_one_ends_unnoticed_and_all_at_sigterm(tree: Path) -> None:
    with serving(tree, "--workers", "2", KOMEK_OPERATOR_TOKEN=OPERATOR_TOKEN) as server:
        with entered(server.url, "Aigul") as somebody:
            somebody.publishes(label="For all")
        until(
            lambda: all(
                "For all" in server.hop(f"s{n}-{new_session()}", IN_DANGER) for n in range(12)
            ),
            "each worker has the new words",
        )
        with called(server.url) as failures:
            first = min(heeding_workers(server))
            os.kill(first, signal.SIGTERM)
            until(lambda: not psutil.pid_exists(first), "it has ended")
        assert failures == []
        ends_at_sigterm(server)
