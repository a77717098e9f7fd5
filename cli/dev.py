"""`make dev`: the service, started anew whenever its code or its pages change.

The menu needs no new start: the service takes it up by itself.  The token of the
operator's pages and the secret of the callbacks stay the same from start to start.
"""

import os
import secrets
import sys
from pathlib import Path

import typer
from watchfiles import Change, DefaultFilter, run_process

from cli.context import settings_or_exit

HOUSE = Path(__file__).parent.parent
OURS = ("main.py", "cli", "menus", "runtime", "sms", "ussd", "web")

_is_no_scratch_file = DefaultFilter()


def needs_restart(change: Change, path: str) -> bool:
    """Whether the service must start anew to see this change."""
    file = Path(path).relative_to(HOUSE)
    is_menu = file.parent == Path("menus") and file.suffix in (".yaml", ".csv")
    return file.parts[0] in OURS and not is_menu and _is_no_scratch_file(change, path)


def keep_secrets() -> None:
    """Set what each start would otherwise make up anew."""
    settings = settings_or_exit()
    for name in ("callback_secret", "operator_token"):
        if not getattr(settings, name):
            os.environ[f"KOMEK_{name.upper()}"] = secrets.token_urlsafe(16)


def serve_and_watch() -> None:
    keep_secrets()
    command = f"{sys.executable} {HOUSE / 'main.py'} serve"
    run_process(HOUSE, target=command, watch_filter=needs_restart)


if __name__ == "__main__":
    typer.run(serve_and_watch)
