"""`main.py dial` and `screens`: what phones show, from the command line."""

from typing import Annotated

import typer

from cli.consoles import out
from cli.context import CommandContext, refuse, settings_or_exit
from cli.terminal_phone import draw, talk
from ussd.bootstrap import budget_of, screens_of
from ussd.gateways import answers_of
from ussd.preview import all_screens, conversation, text_dialled


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
    ) -> None:
        """Everything that a phone can show, page by page, with its size."""
        settings = settings_or_exit()
        menu = context.menu(settings)
        if language not in (None, *menu.languages):
            refuse(f"There is no language {language}: {', '.join(menu.languages)}")
        for shown in all_screens(screens_of(settings, menu), language):
            out.print(draw(shown, budget_of(settings)))

    return cli


def _with_the_code(ours: str, code: str | None) -> tuple[str, ...]:
    """The answers that are dialled together with the code."""
    text = text_dialled(ours, code or ours)
    if text is None:
        refuse(f"{code} is another service; this one answers {ours}")
    return answers_of(text)
