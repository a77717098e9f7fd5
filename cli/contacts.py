"""`main.py contacts …`: the list of contacts, for those who keep it true."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from cli.consoles import out
from cli.contact_calls import call_commands, file_of, stop_at
from cli.context import CommandContext, refuse, settings_or_exit
from menus.contacts import (
    REPAIRS,
    Changes,
    Contact,
    Doubt,
    Repair,
    Rule,
    apply,
    changes_from,
    doubt_of,
    read_contacts,
    read_sheet,
    sendable,
    too_old,
)
from menus.model import Menu
from runtime.clock import utc_today
from runtime.settings import Settings

MOST_NAMED = 10
"""Contacts in one line of a check."""


def contact_commands(context: CommandContext) -> typer.Typer:
    """`contacts`, with its own commands."""
    cli = typer.Typer(no_args_is_help=True, help="Check, list, call and import contacts.")
    cli.add_typer(file_commands())
    cli.add_typer(call_commands(context))
    return cli


def file_commands() -> typer.Typer:
    """The commands on the whole file."""
    cli = typer.Typer()

    @cli.command()
    def check() -> None:
        """Every fault of the file, and how many contacts may be sent."""
        settings = settings_or_exit()
        contacts, faults = read_contacts(file_of(settings))
        stop_at(faults)
        sure, unconfirmed = sendable(contacts, utc_today(), Rule.of(settings)).both
        sent = len(sure) + len(unconfirmed)
        out.print(f"No faults: {len(contacts)} contacts, {sent} of them may be sent.")
        if unconfirmed:
            out.print(f"{len(unconfirmed)} of these are said to be not confirmed.")

    @cli.command(name="list")
    def list_(
        unverified: Annotated[bool, typer.Option(help="Only what is not sure")] = False,
    ) -> None:
        """The contacts: who, which phones, how sure.  With --unverified, the to-do list."""
        settings = settings_or_exit()
        contacts, faults = read_contacts(file_of(settings))
        sure = set(sendable(contacts, utc_today(), Rule.of(settings)).sure)
        out.print(table_of(each for each in contacts if not (unverified and each in sure)))
        stop_at(faults)

    @cli.command(name="import")
    def import_(
        newer: Annotated[
            Path, typer.Argument(metavar="FILE", help="A newer list, in the form of contacts.csv")
        ],
        yes: Annotated[bool, typer.Option("--yes", help="Apply without asking")] = False,
    ) -> None:
        """Show what a newer list would change, then apply it."""
        file = file_of(settings_or_exit())
        sheet = read_sheet(content_of(newer), newer.name)
        changes = changes_from(file, sheet.table)
        show_repairs(sheet.repairs)
        stop_at(changes.faults)
        show(changes)
        if yes or typer.confirm("Apply?"):
            stop_at(apply(file, changes))
            out.print(f"{len(changes.added)} added, {len(changes.changed)} changed.")

    return cli


def notes_on_numbers(menu: Menu, settings: Settings) -> Iterator[str]:
    """What is not sure: each number that every screen may show, and contacts past their age."""
    rule, today = Rule.of(settings), utc_today()
    limit = f"older than {rule.oldest_days} days (KOMEK_CONTACTS_OLDEST_DAYS)"
    for name, number in menu.numbers.items():
        if doubt := doubt_of(number, today, rule.oldest_days):
            why = f"being {limit}" if doubt is Doubt.TOO_OLD else doubt.replace("_", " ")
            yield (
                f"Note: {name} {number.number} of numbers.yaml is shown, but not sure, {why}: "
                "call it, then write verified_by, verified_on and verified_source."
            )
    if ids := [each.id for each in too_old(menu.contacts, today, rule.oldest_days)]:
        more = f" and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else ""
        so = "sent as not confirmed" if rule.unconfirmed else "not sent"
        named = ", ".join(ids[:MOST_NAMED])
        yield f"Note: {len(ids)} contacts are {so}, being {limit}: {named}{more}."


def content_of(file: Path) -> bytes:
    """What the file holds; one line and the end, where it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        refuse(f"{file} cannot be read: {error.strerror}")


def show_repairs(repairs: Iterable[Repair]) -> None:
    """What was put right in a list before it is looked at, a line for each cell."""
    for each in repairs:
        cell = f"{each.id}  {each.before} -> {each.after}  " if each.id else ""
        out.print(f"mended   {cell}{REPAIRS[each.reason]}", markup=False, soft_wrap=True)


def show(changes: Changes) -> None:
    """What a newer list would do, a line for each contact or cell."""
    for contact in changes.added:
        out.print(f"new      {contact.id}  {', '.join(contact.phones)}", markup=False)
    for each in changes.differences:
        cell = f"{each.id}  {each.column}: {each.before} -> {each.after}"
        out.print(f"changed  {cell}", markup=False, soft_wrap=True)
    for contact in changes.missing:
        out.print(f"kept     {contact.id}: the newer list lacks it", markup=False)


def table_of(contacts: Iterable[Contact]) -> Table:
    """Ids and phones stay whole also in 80 columns: they are copied."""
    copied = Column("ID", no_wrap=True), Column("Phones", no_wrap=True)
    table = Table(*copied, Column("Name, how sure", overflow="fold"))
    for each in contacts:
        verified = f"{each.verified_by} {each.verified_on}" if each.verified_on else ""
        about = "\n".join(filter(None, (each.name, each.confidence, each.date, verified)))
        table.add_row(each.id, "\n".join(each.phones), escape(about))
    return table
