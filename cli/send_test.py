"""`main.py send-test MSISDN`: one plain message by a gateway, and what became of it."""

import asyncio
from datetime import timedelta
from typing import Annotated
from uuid import uuid4

import typer

from cli.consoles import out
from cli.context import CommandContext, refuse, settings_or_exit, with_sms
from runtime.clock import utc_now
from runtime.msisdn import is_msisdn
from sms.bootstrap import SmsService
from sms.outbox import Kind, Outbox, Outgoing, PutResult
from sms.states import State

TEXT = "Test message. No reply is needed."
"""Plain: it may be read by whoever holds the phone."""
LOOK_SECONDS = 0.1
WORKER_SECONDS = 30.0
"""How long a worker may take to send it, and the gateway to answer."""
LASTS = timedelta(minutes=5)

_NOT_PUT = {
    PutResult.REFUSED: "KOMEK_PREFIXES leaves this number out",
    PutResult.CAPPED: "a cap is met: this number, or the service, had its messages",
}
_SAID = {
    State.ACCEPTED: "accepted: the gateway has it; no report says yet that the phone has",
    State.DELIVERED: "delivered: the phone has it",
    State.UNKNOWN: "unknown: the gateway may have it, and it is not sent again",
}
_WAITS = {State.QUEUED, State.SENDING}


def send_test_command(context: CommandContext) -> typer.Typer:
    """`send-test`, in a set of commands of its own."""
    cli = typer.Typer()

    @cli.command(name="send-test")
    def send_test(
        msisdn: Annotated[str, typer.Argument(help="Such as +77010000000")],
        gateway: Annotated[
            str, typer.Option(help="One of KOMEK_GATEWAY; by itself, the first")
        ] = "",
        wait: Annotated[int, typer.Option(min=0, max=600, help="Seconds, for a report")] = 30,
        yes: Annotated[bool, typer.Option("--yes", help="Send without asking")] = False,
    ) -> None:
        """Send one plain SMS, after a question, and say what became of it."""
        settings = settings_or_exit()
        chosen = gateway or settings.gateway[0]
        if not is_msisdn(msisdn):
            refuse(f"{msisdn} is no phone number: write + and digits, such as +77010000000")
        if chosen not in settings.gateway:
            refuse(f"{chosen} is not among KOMEK_GATEWAY: {', '.join(settings.gateway)}")
        if not (yes or typer.confirm(f'Send "{TEXT}" to {msisdn} by {chosen}?')):
            raise typer.Exit(1)
        _tell(*with_sms(context, lambda sms: _sent(sms, msisdn, chosen, wait)))

    return cli


async def _sent(sms: SmsService, msisdn: str, gateway: str, wait: int) -> tuple[State, str]:
    """What became of it, and why."""
    key, now = f"test:{uuid4().hex}", utc_now()
    message = Outgoing(key, msisdn, TEXT, Kind.REPLY, now + LASTS, gateway)
    put = await sms.outbox.put(message, now)
    if put in _NOT_PUT:
        refuse(f"not sent: {_NOT_PUT[put]}")
    await _until_not(_WAITS, sms.outbox, key, WORKER_SECONDS)
    await _until_not({State.ACCEPTED, State.UNKNOWN}, sms.outbox, key, wait)
    return await sms.outbox.fate_of(key)


async def _until_not(states: set[State], outbox: Outbox, key: str, seconds: float) -> None:
    for _ in range(int(seconds / LOOK_SECONDS)):
        if await outbox.state_of(key) not in states:
            return
        await asyncio.sleep(LOOK_SECONDS)


def _tell(state: State, why: str) -> None:
    if state in _SAID:
        out.print(_SAID[state])
        return
    reason = f": {why}" if why else ""
    waits = "; it is sent within five minutes, or not at all" if state in _WAITS else ""
    refuse(f"{state}{reason}{waits}")
