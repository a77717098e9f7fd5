"""`main.py key …`: one data key after another, without loss and without a stop."""

from datetime import datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from cli.consoles import out
from cli.context import CommandContext, refuse, settings_or_exit
from runtime.clock import utc_now
from runtime.data_keys import LOOK_SECONDS, needed_until, with_new_key, without_former
from runtime.encryption import BEGINNING, DataKey, keys_in, text_of
from runtime.files import replace_file
from runtime.provision import load_or_make_key
from runtime.redis_address import cluster_of
from runtime.settings import FileSecret

_NEXT = """\
A new data key is in {file}. It is used from {since} on, in {hours} h.

- Copy the file to where its copy is kept, now: what is kept from then on needs it.
- Processes that read this file take it up within {seconds} s. Others, which have a copy of it
  (containers, credentials of systemd, other machines), need the new file and a start before
  then, one after the other.
- The former key is needed until {until}; then: main.py key drop"""

STAYS = "on a cluster of Redis former keys stay: the first one tells where a number is kept"

KeyFileOption = Annotated[
    Path | None, typer.Option("--file", help="Holds the keys; default: as the settings say")
]


def key_commands(_context: CommandContext) -> typer.Typer:
    """`key`, with its own commands."""
    cli = typer.Typer(no_args_is_help=True, help="Change the data key, without loss or a stop.")

    @cli.command()
    def rotate(file: KeyFileOption = None) -> None:
        """Put a new key beside the one in use, to be used from a midnight of UTC on."""
        held, now = _held(file), utc_now()
        try:
            keys = with_new_key(keys_in(held.get_secret_value()), now)
        except ValueError as error:
            refuse(str(error))
        _write(held, keys)
        since, until = keys[-1].since, needed_until(keys[-1])
        told = {"since": _shown(since), "until": _shown(until), "seconds": int(LOOK_SECONDS)}
        hours = (since - now) // timedelta(hours=1)
        out.print(_NEXT.format(file=held.file, hours=hours, **told), markup=False, soft_wrap=True)

    @cli.command(name="list")
    def list_(file: KeyFileOption = None) -> None:
        """The keys by their names, which all machines must have alike."""
        keys, now = keys_in(_held(file).get_secret_value()), utc_now()
        for key, following in zip_longest(keys, keys[1:]):
            out.print(f"{key.name}  {_use(key, following, now)}", markup=False, soft_wrap=True)

    @cli.command()
    def drop(file: KeyFileOption = None) -> None:
        """Take out former keys that nothing is kept under any more."""
        held, now = _held(file), utc_now()
        _refuse_on_cluster()
        keys = keys_in(held.get_secret_value())
        left = without_former(keys, now)
        if len(left) == len(keys) == 1:
            refuse("there is no former key")
        if len(left) == len(keys):
            refuse(f"the former key is needed until {_shown(needed_until(keys[1]))}")
        _write(held, left)
        out.print(f"Former keys that were taken out: {len(keys) - len(left)}.")

    return cli


def _refuse_on_cluster() -> None:
    if cluster_of(settings_or_exit().redis_url or ""):
        refuse(STAYS)


def _held(file: Path | None) -> FileSecret:
    """The keys, and their file."""
    key = _in_file(file) if file else _of_settings()
    if not isinstance(key, FileSecret):
        refuse("the data key is in no file: put it into one that KOMEK_DATA_KEY_FILE names")
    return key


def _in_file(file: Path) -> FileSecret:
    """Without any settings, which whoever keeps the file need not have."""
    try:
        text = file.read_text("ascii").strip()
        keys_in(text)
    except OSError as error:
        refuse(f"{file} cannot be read: {error.strerror}")
    except ValueError:
        refuse(f"{file} holds no data key")
    return FileSecret(text, file.absolute())


def _of_settings() -> SecretStr:
    settings = settings_or_exit()
    try:
        return settings.data_key or load_or_make_key(settings.data_dir)
    except OSError as error:
        refuse(f"{settings.data_dir}: {error.strerror}")


def _write(held: FileSecret, keys: tuple[DataKey, ...]) -> None:
    try:
        replace_file(held.file, f"{text_of(keys)}\n")
    except OSError as error:
        refuse(f"{held.file} cannot be written: {error.strerror or error}")


def _use(key: DataKey, following: DataKey | None, now: datetime) -> str:
    if key.since > now:
        return f"used from {_shown(key.since)} on"
    if following is None or following.since > now:
        since = "" if key.since == BEGINNING else f" since {_shown(key.since)}"
        return f"in use{since}"
    return f"former; needed until {_shown(needed_until(following))}"


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
