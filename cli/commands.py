"""All commands but `serve`."""

import typer

from cli.check import check_command
from cli.contacts import contact_commands
from cli.context import CommandContext
from cli.dial import dial_commands
from cli.doctor import doctor_command
from cli.forget import forget_command
from cli.gateways import gateway_commands
from cli.language import language_commands
from cli.operators import operator_commands
from cli.send_test import send_test_command
from cli.stats import stats_command
from cli.texts import sms_commands


def other_commands(context: CommandContext) -> typer.Typer:
    """The commands, with what `main.py` lends them."""
    cli = typer.Typer()
    cli.add_typer(check_command(context))
    cli.add_typer(dial_commands(context))
    cli.add_typer(doctor_command(context))
    cli.add_typer(contact_commands(context), name="contacts")
    cli.add_typer(forget_command())
    cli.add_typer(gateway_commands(), name="gateway")
    cli.add_typer(language_commands(), name="language")
    cli.add_typer(operator_commands(), name="operator")
    cli.add_typer(sms_commands(context))
    cli.add_typer(send_test_command(context))
    cli.add_typer(stats_command(context))
    return cli
