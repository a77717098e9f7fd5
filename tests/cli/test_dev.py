"""`make dev`: which changes start the service anew, and what stays the same from start to start."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from watchfiles import Change

from cli import dev
from cli.dev import HOUSE, keep_secrets, needs_restart, serve_and_watch

ANEW = {
    "main.py": True,
    "sms/replies.py": True,
    "web/health/page.html": True,
    "web/health/page.yaml": True,
    "menus/live.py": True,
    "menus/loading/load.py": True,
    "menus/en.yaml": False,
    "menus/contacts.csv": False,
    "tests/conftest.py": False,
    "docs/README.md": False,
    "web/__pycache__/pages.pyc": False,
    "web/.pages.py.swp": False,
}
SECRETS = ("KOMEK_CALLBACK_SECRET", "KOMEK_OPERATOR_TOKEN")


@pytest.mark.parametrize("path", ANEW)
def test_what_starts_the_service_anew(path: str) -> None:
    assert needs_restart(Change.modified, str(HOUSE / path)) is ANEW[path]


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No secret is set; what is set meanwhile is gone afterwards."""
    monkeypatch.chdir(tmp_path)  # where there is no `.env`
    for name in SECRETS:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return monkeypatch


def test_secrets_that_are_not_set_are_made_once_for_all_starts(unset: pytest.MonkeyPatch) -> None:
    keep_secrets()
    made = [os.environ[name] for name in SECRETS]
    assert len({*made}) == 2
    assert min(map(len, made)) >= 22
    keep_secrets()
    assert [os.environ[name] for name in SECRETS] == made


def test_what_is_started_and_watched(unset: pytest.MonkeyPatch) -> None:
    started: list[tuple[Path, str, Callable[..., bool]]] = []

    def run(folder: Path, *, target: str, watch_filter: Callable[..., bool]) -> None:
        started.append((folder, target, watch_filter))

    unset.setattr(dev, "run_process", run)
    serve_and_watch()
    [(folder, command, watched)] = started
    assert (folder, watched) == (HOUSE, needs_restart)
    assert command.endswith("main.py serve")
    assert os.environ["KOMEK_OPERATOR_TOKEN"]
