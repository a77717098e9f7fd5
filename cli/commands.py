"""All commands but `serve`, each loaded when it is asked for: together they take half a second."""

from importlib import import_module

import typer

from cli.context import CommandContext

MAKERS = {
    ("check",): "check.check_command",
    ("dial", "screens"): "dial.dial_commands",
    ("doctor",): "doctor.doctor_command",
    ("contacts",): "contacts.contact_commands",
    ("forget",): "forget.forget_command",
    ("gateway",): "gateways.gateway_commands",
    ("key",): "keys.key_commands",
    ("language",): "language.language_commands",
    ("text", "worker", "digest"): "texts.sms_commands",
    ("operator",): "operators.operator_commands",
    ("send-test",): "send_test.send_test_command",
    ("stats",): "stats.stats_command",
}
"""By the names of commands, the file of this room and the function in it that makes them."""
_GROUPS = {"contacts", "gateway", "key", "language", "operator"}
"""Those with commands of their own."""


def other_commands(context: CommandContext, wanted: str | None = None) -> typer.Typer:
    """The command that is wanted, or else all, with what `main.py` lends them."""
    cli = typer.Typer()
    for names, maker in MAKERS.items():
        if wanted is None or wanted in names:
            file, function = maker.split(".")
            made = getattr(import_module(f"cli.{file}"), function)(context)
            cli.add_typer(made, name=names[0] if names[0] in _GROUPS else None)
    return cli
