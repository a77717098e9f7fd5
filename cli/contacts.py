"""`main.py contacts …`: the list of contacts, for those who keep it true."""

import datetime
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from menus.contacts import (
    Changes,
    Contact,
    apply,
    import_changes,
    only_sendable,
    read_contacts,
    too_old,
    verify,
)
from menus.faults import Fault
from runtime.clock import utc_now

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

MOST_NAMED = 10
"""Contacts in one line of a check."""

Keeping = Callable[[], tuple[Path, int]]
"""The file of contacts, and how many days old one may be to be sent."""


def contact_commands(keeping: Keeping) -> typer.Typer:
    """The commands on the file that `keeping` names when one is called."""
    cli = typer.Typer(no_args_is_help=True, help="Check, list, verify and import contacts.")
    for name, made in (
        ("check", _check),
        ("list", _list),
        ("verify", _verify),
        ("import", _import),
    ):
        cli.command(name)(made(keeping))
    return cli


def _check(keeping: Keeping) -> Callable[..., None]:
    def check() -> None:
        """Every fault of the file, and how many contacts may be sent."""
        path, days = keeping()
        contacts, faults = read_contacts(path)
        _stop_at(faults)
        sendable = only_sendable(contacts, _today(), days)
        out.print(f"No faults: {len(contacts)} contacts, {len(sendable)} of them may be sent.")

    return check


def _list(keeping: Keeping) -> Callable[..., None]:
    def list_(
        unverified: Annotated[bool, typer.Option(help="Only what may not be sent")] = False,
    ) -> None:
        """The contacts: who, which phones, how sure.  With --unverified, the to-do list."""
        path, days = keeping()
        contacts, faults = read_contacts(path)
        sendable = set(only_sendable(contacts, _today(), days))
        out.print(_table(c for c in contacts if not (unverified and c in sendable)))
        _stop_at(faults)

    return list_


def _verify(keeping: Keeping) -> Callable[..., None]:
    def verify_(
        id_: Annotated[str, typer.Argument(metavar="ID")],
        by: Annotated[str, typer.Option(help="Who called or asked")],
        on: Annotated[datetime.datetime, typer.Option(formats=["%Y-%m-%d"])],
        source: Annotated[str, typer.Option(help="Whom they asked, or where they read it")],
    ) -> None:
        """Write down that a contact was verified.  From then on it may be sent."""
        _stop_at(verify(keeping()[0], id_, by, on.date(), source))
        out.print(f"{id_}: verified by {by} on {on.date()}", markup=False)

    return verify_


def _import(keeping: Keeping) -> Callable[..., None]:
    def import_(
        file: Annotated[Path, typer.Argument(help="A newer list, in the form of contacts.csv")],
        yes: Annotated[bool, typer.Option("--yes", help="Apply without asking")] = False,
    ) -> None:
        """Show what a newer list would change, then apply it."""
        path = keeping()[0]
        changes = import_changes(path, file)
        _stop_at(changes.faults)
        _show(changes)
        if yes or typer.confirm("Apply?"):
            _stop_at(apply(path, changes))
            out.print(f"{len(changes.added)} added, {len(changes.changed)} changed.")

    return import_


def note_on_age(contacts: Iterable[Contact], oldest_days: int) -> str:
    """How many may not be sent only because they are old, and which; empty if none."""
    ids = [each.id for each in too_old(contacts, _today(), oldest_days)]
    if not ids:
        return ""
    more = f" and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else ""
    limit = f"older than {oldest_days} days (KOMEK_CONTACTS_OLDEST_DAYS)"
    named = ", ".join(ids[:MOST_NAMED])
    return f"Note: {len(ids)} contacts may not be sent, being {limit}: {named}{more}."


def _show(changes: Changes) -> None:
    for contact in changes.added:
        out.print(f"new      {contact.id}  {', '.join(contact.phones)}", markup=False)
    for before, after in changes.changed:
        phones = f"{', '.join(before.phones)} -> {', '.join(after.phones)}"
        out.print(f"changed  {after.id}  {phones}", markup=False)
    for contact in changes.removed_not:
        out.print(f"kept     {contact.id}: the newer list lacks it", markup=False)


def _table(contacts: Iterable[Contact]) -> Table:
    """Ids and phones stay whole also in 80 columns: they are copied."""
    copied = Column("ID", no_wrap=True), Column("Phones", no_wrap=True)
    table = Table(*copied, Column("Name, how sure", overflow="fold"))
    for each in contacts:
        verified = f"{each.verified_by} {each.verified_on}" if each.verified_on else ""
        about = "\n".join(filter(None, (each.name, each.confidence, each.date, verified)))
        table.add_row(each.id, "\n".join(each.phones), escape(about))
    return table


def _stop_at(faults: tuple[Fault, ...]) -> None:
    if faults:
        for fault in faults:
            err.print(str(fault), soft_wrap=True, markup=False)
        raise typer.Exit(1)


def _today() -> datetime.date:
    return utc_now().date()
