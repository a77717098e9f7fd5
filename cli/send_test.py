"""`main.py send-test MSISDN`: one plain message by a gateway, and what became of it."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated
from uuid import uuid4

import typer

from cli.consoles import out
from cli.context import CommandContext, refuse, settings_or_exit, with_sms
from runtime.clock import utc_now
from runtime.msisdn import is_msisdn, is_possible
from runtime.settings import Settings
from sms.bootstrap import SmsService
from sms.outbox import MessageKind, Outbox, Outgoing, PutResult, read_outbox_status
from sms.states import State

TEXT = "Test message. No reply is needed."
"""Plain: it may be read by whoever holds the phone."""
LOOK_SECONDS = 0.1
WORKER_SECONDS = 30.0
"""How long a worker may take to send it, and the gateway to answer."""
LASTS = timedelta(minutes=5)

_NOT_PUT = {
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
            str, typer.Option(help="One of KOMEK_GATEWAY, where that names several")
        ] = "",
        wait: Annotated[int, typer.Option(min=0, max=600, help="Seconds, for a report")] = 30,
        yes: Annotated[bool, typer.Option("--yes", help="Send without asking")] = False,
    ) -> None:
        """Send one plain SMS, after a question, and say what became of it."""
        settings = settings_or_exit()
        chosen = _chosen(settings, gateway)
        if why := doubt_about(msisdn, settings.prefixes):
            refuse(f"{msisdn} {why}")
        if not (yes or typer.confirm(f'Send "{TEXT}" to {msisdn} by {chosen}?')):
            raise typer.Exit(1)
        _tell(*with_sms(context, lambda sms: _sent(sms, msisdn, chosen, wait)))

    return cli


def _chosen(settings: Settings, gateway: str) -> str:
    """The gateway that was named, or the only one; the command ends where there is neither."""
    names = ", ".join(settings.gateway)
    if settings.simulated:
        refuse("KOMEK_GATEWAY is the simulator: nothing leaves this machine; see main.py text")
    if not gateway and len(settings.gateway) > 1:
        refuse(f"KOMEK_GATEWAY names several: choose one by --gateway: {names}")
    if gateway and gateway not in settings.gateway:
        refuse(f"{gateway} is not among KOMEK_GATEWAY: {names}")
    return gateway or settings.gateway[0]


def doubt_about(msisdn: str, prefixes: Sequence[str]) -> str:
    """Why nothing can be sent to this; empty if something can."""
    if not is_msisdn(msisdn):
        return "is no phone number: write + and digits, such as +77010000000"
    if not msisdn.startswith(tuple(prefixes)):
        return f"is left out by KOMEK_PREFIXES: {', '.join(prefixes)}"
    return "" if is_possible(msisdn) else "has too few digits or too many: nobody has it"


async def _sent(sms: SmsService, msisdn: str, gateway: str, wait: int) -> tuple[State, str]:
    """What became of it, and why.  It goes through the outbox, as every message does: a call
    that breaks off is not made again, and a worker keeps to the rate of the gateway.
    """
    if not (await read_outbox_status(sms.redis, sms.outbox)).worker_alive:
        refuse("not sent: no process sends SMS; start main.py serve or main.py worker")
    key, now = f"test:{uuid4().hex}", utc_now()
    message = Outgoing(key, msisdn, TEXT, MessageKind.REPLY, now + LASTS, gateway)
    put = await sms.outbox.put(message, now)
    if put is not PutResult.QUEUED:
        refuse(f"not sent: {_NOT_PUT.get(put, put)}")
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
