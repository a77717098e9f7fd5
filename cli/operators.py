"""`main.py operator …`: who may enter the operator's pages, and what each may change."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from cli.consoles import out
from cli.context import CommandContext, refuse, settings_or_exit
from runtime.clock import utc_today
from web.auth import FaultyRoster, Role, Roster

Name = Annotated[str, typer.Argument(help="As it stands beside what they change")]


def operator_commands(_context: CommandContext) -> typer.Typer:
    """`operator`, with its own commands."""
    cli = typer.Typer(no_args_is_help=True, help="Operators, each with a token and a role.")

    @cli.command()
    def add(
        name: Name,
        role: Annotated[Role, typer.Option(help="What they may change; all may look")],
    ) -> None:
        """Make a token for somebody.  It is told once, and only its hash is kept."""
        with told_in_a_line():
            token = roster().add(name, role, utc_today())
        out.print(f"The token of {name}, told only now: {token}", markup=False, soft_wrap=True)

    @cli.command(name="list")
    def list_() -> None:
        """Who has a token, since when, and for what."""
        with told_in_a_line():
            entries = roster().read()
        for each in entries:
            out.print(f"{each.role:<10}{each.since}  {each.name}", markup=False, soft_wrap=True)
        if not entries:
            out.print("Nobody has a token of their own.")

    @cli.command()
    def remove(name: Name) -> None:
        """From now on their token opens nothing, and whoever is logged in by it is out."""
        with told_in_a_line():
            found = roster().remove(name)
        if not found:
            refuse(f"there is no operator {name}")
        out.print(f"{name} is removed.", markup=False)

    return cli


def roster() -> Roster:
    return Roster(settings_or_exit().operators)


@contextmanager
def told_in_a_line() -> Iterator[None]:
    """End the command with what is wrong with the file or the name."""
    try:
        yield
    except FaultyRoster as fault:
        refuse(str(fault))
    except ValueError as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"the file of operators cannot be read or written: {error.strerror or error}")
