"""`main.py stats`: the figures of the operator's page, in the terminal or as CSV."""

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.table import Table

from cli.consoles import out
from cli.context import CommandContext, with_sms
from runtime.clock import utc_now
from runtime.small_counts import MIN_PEOPLE
from sms.bootstrap import SmsService
from sms.unknown_words import UnknownWord
from web.figures import Day, FigureStore, csv_of, sum_of


def stats_command(context: CommandContext) -> typer.Typer:
    """`stats`, in a set of commands of its own."""
    cli = typer.Typer()

    @cli.command()
    def stats(
        days: Annotated[int, typer.Option(min=1, max=366, help="How many, before today")] = 30,
        csv: Annotated[bool, typer.Option("--csv", help="As CSV, day by day")] = False,
    ) -> None:
        """What people asked for, in figures of which none stands for 1 to 10 people."""
        found, words = with_sms(context, lambda sms: _asked(sms, days))
        if csv:
            print(csv_of(found, words), end="")
        else:
            out.print(_table(found, words))

    return cli


async def _asked(sms: SmsService, days: int) -> tuple[list[Day], list[UnknownWord]]:
    store = FigureStore.of(sms)
    return await store.days(days, utc_now()), await store.unknown_words(utc_now())


def _table(days: list[Day], words: Iterable[UnknownWord]) -> Table:
    note = f"At least so many. What is not here: fewer than {MIN_PEOPLE} people, or nobody."
    table = Table("what", "", "at least", title=f"{days[-1].day} to {days[0].day}", caption=note)
    for what, cells in sum_of(day.all for day in days).items():
        for cell, number in sorted(cells.items(), key=lambda each: -each[1]):
            table.add_row(what, cell, f"{number:,}")
    for each in words:
        table.add_row(f"not understood, {each.month}", each.word, f"{each.people:,}")
    return table
