"""`main.py dial` and `screens`: what phones show, from the command line."""

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.table import Table

from cli.consoles import out
from cli.context import CommandContext, refuse, settings_or_exit
from cli.terminal_phone import draw, talk
from ussd.bootstrap import budget_of, screens_of
from ussd.gateways import answers_of
from ussd.preview import all_screens, conversation, text_dialled
from ussd.summary import Summary, summaries_of


def dial_commands(context: CommandContext) -> typer.Typer:
    """`dial` and `screens`."""
    cli = typer.Typer()

    @cli.command()
    def dial(
        code: Annotated[str | None, typer.Argument(help="Default: KOMEK_SERVICE_CODE")] = None,
        keys: Annotated[str | None, typer.Option(help="Answers joined by *, such as 2*1")] = None,
    ) -> None:
        """A phone in the terminal.  With --keys: print the screens and end."""
        settings = settings_or_exit()
        budget, answers = budget_of(settings), _with_the_code(settings.service_code, code)
        screens = screens_of(settings, context.menu(settings))
        if keys is None:
            talk(out, screens, budget, answers)
            return
        for shown in conversation(screens, answers + answers_of(keys)):
            out.print(draw(shown, budget))

    @cli.command()
    def screens(
        language: Annotated[str | None, typer.Option(help="One language, such as ru")] = None,
        summary: Annotated[
            bool, typer.Option("--summary", help="Figures instead: pages, and keys to help")
        ] = False,
    ) -> None:
        """Everything that a phone can show, page by page, with its size."""
        settings = settings_or_exit()
        menu = context.menu(settings)
        if language not in (None, *menu.all_languages):
            refuse(f"There is no language {language}: {', '.join(menu.all_languages)}")
        shown = screens_of(settings, menu)
        if summary:
            codes = [language] if language else menu.all_languages
            out.print(summary_table(summaries_of(menu, shown, codes)))
            return
        for each in all_screens(shown, language):
            out.print(draw(each, budget_of(settings)))

    return cli


def summary_table(summaries: Iterable[Summary]) -> Table:
    """How long the words of each language take."""
    keys = "keys to a number, held", "keys to tips by SMS"
    pages = "texts", "pages", "with facts", "their pages"
    table = Table("language", *pages, *keys, caption="Keys from the dial on.")
    for each in summaries:
        figures = (each.texts, each.pages, each.with_facts, each.fact_pages)
        reached = (each.to_number, each.to_tips)
        table.add_row(each.language, *("-" if n is None else str(n) for n in (*figures, *reached)))
    return table


def _with_the_code(ours: str, code: str | None) -> tuple[str, ...]:
    """The answers that are dialled together with the code."""
    text = text_dialled(ours, code or ours)
    if text is None:
        refuse(f"{code} is another service; this one answers {ours}")
    return answers_of(text)
