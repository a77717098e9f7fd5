"""`main.py contacts calls`, and what a call found out: `verify`, `correct`, `withdraw`,
`unanswered`.
"""

import asyncio
import datetime
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from cli.consoles import err, out
from cli.context import CommandContext, settings_or_exit
from menus.contacts import (
    Call,
    Gap,
    Mark,
    Rule,
    call_list,
    correct,
    note_unanswered,
    verify,
    withdraw,
)
from menus.faults import Fault
from menus.model import Menu
from runtime.clock import utc_now, utc_today
from runtime.embedded_redis import NoServer
from runtime.provision import join_running
from runtime.redis_client import REDIS_ERRORS
from runtime.settings import Settings
from sms.bootstrap import build_sms
from ussd.gateways import sms_dialects

Id = Annotated[str, typer.Argument(metavar="ID")]
By = Annotated[str, typer.Option(help="Who called or asked")]
On = Annotated[datetime.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Default: today")]
Source = Annotated[str, typer.Option(help="Who answered, or where it was read")]

FIRST = 20
"""Calls that are shown, unless all are asked for."""
GAPS = {
    Gap.NOTHING: "nothing is sent yet",
    Gap.UNCONFIRMED: "only not confirmed",
    Gap.SURE: "a sure one is sent",
}


def call_commands(context: CommandContext) -> typer.Typer:
    """The list of calls, and the commands that write what a call found out."""
    cli = typer.Typer()
    cli.add_typer(outcomes())

    @cli.command()
    def calls(
        all_: Annotated[bool, typer.Option("--all", help="Not only the first 20")] = False,
    ) -> None:
        """Which number to call next: where most people ask, and where most is missing."""
        settings = settings_or_exit()
        menu = context.menu(settings)
        asked = asked_of(context, settings, menu)
        found = call_list(
            menu.contacts, asked, menu.names.commonest, utc_today(), Rule.of(settings)
        )
        out.print(table_of(found if all_ else found[:FIRST]))
        out.print(f"{len(found)} to call.")

    return cli


def outcomes() -> typer.Typer:
    """The commands that write into the file what a call found out."""
    cli = typer.Typer()

    @cli.command(name="verify")
    def verify_(id_: Id, by: By, source: Source, on: On = None) -> None:
        """The number is right: write down who answered.  From then on it is sure."""
        stop_at(verify(file_of(settings_or_exit()), id_, Mark(by, day_of(on), source)))
        out.print(f"{id_}: verified by {by} on {day_of(on)}", markup=False)

    @cli.command(name="correct")
    def correct_(
        id_: Id,
        phones: Annotated[str, typer.Argument(help="One, or several with ; between them")],
        by: By,
        source: Source,
        on: On = None,
    ) -> None:
        """Another number is right: write it in place of the old one."""
        stop_at(correct(file_of(settings_or_exit()), id_, phones, Mark(by, day_of(on), source)))
        out.print(f"{id_}: corrected by {by} on {day_of(on)}", markup=False)

    @cli.command(name="withdraw")
    def withdraw_(id_: Id, by: By, source: Source, on: On = None) -> None:
        """The number is wrong: it is never sent again."""
        stop_at(withdraw(file_of(settings_or_exit()), id_, Mark(by, day_of(on), source)))
        out.print(f"{id_}: withdrawn by {by} on {day_of(on)}", markup=False)

    @cli.command()
    def unanswered(id_: Id, on: On = None) -> None:
        """Nobody answered: it comes last in the list of calls for two days."""
        stop_at(note_unanswered(file_of(settings_or_exit()), id_, day_of(on)))
        out.print(f"{id_}: not answered on {day_of(on)}", markup=False)

    return cli


def file_of(settings: Settings) -> Path:
    return settings.menus_dir / "contacts.csv"


def day_of(on: datetime.datetime | None) -> datetime.date:
    return on.date() if on else utc_today()


def asked_of(context: CommandContext, settings: Settings, menu: Menu) -> Mapping[str, int]:
    """How many people asked about each country; nothing, where no service runs."""

    async def asked() -> Mapping[str, int]:
        live = context.live_menu(settings, menu)
        sms = build_sms(join_running(settings), live, sms_dialects(settings))
        try:
            return await sms.country_requests.people({c.country for c in menu.contacts}, utc_now())
        finally:
            await sms.redis.aclose()

    try:
        return asyncio.run(asked())
    except (NoServer, *REDIS_ERRORS):
        out.print("No service runs here: how often people asked is not known.")
        return {}


def table_of(calls: Iterable[Call]) -> Table:
    """Ids and phones stay whole also in 80 columns: they are copied."""
    copied = Column("ID", no_wrap=True), Column("Phones", no_wrap=True)
    table = Table(*copied, Column("Name, why", overflow="fold"))
    for each in calls:
        phones = "\n".join(shown for _, shown in each.phones)
        table.add_row(each.contact.id, phones, escape("\n".join(reasons(each))))
    return table


def reasons(call: Call) -> list[str]:
    """Who it is, and why it is called next."""
    tried = ", ".join(map(str, call.contact.unanswered))
    asked = f"asked about by {call.people} people or more" if call.people else ""
    there = "" if call.from_here else f"can be dialled in {call.contact.dialled_in} only"
    lines = [call.contact.name, asked, GAPS[call.gap], there, tried and f"not answered: {tried}"]
    return [line for line in lines if line]


def stop_at(faults: tuple[Fault, ...]) -> None:
    """Name the faults and end the command, if there are any."""
    for fault in faults:
        err.print(str(fault), soft_wrap=True, markup=False)
    if faults:
        raise typer.Exit(1)
