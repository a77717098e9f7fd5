"""`main.py text …` and `worker`: SMS from the command line."""

import asyncio
import signal
from typing import Annotated, TypeVar

import typer
from rich.panel import Panel
from rich.text import Text

from cli.consoles import out
from cli.context import CommandContext, join_or_exit, refuse, settings_or_exit, with_sms
from cli.digest import digest_commands
from cli.simulated_text import RealGateway, SimulatedText, send_as
from menus.live import LiveMenu, follow_changes
from runtime.logs import start_log
from runtime.msisdn import is_msisdn
from runtime.settings import Settings
from sms.bootstrap import build_sms, content_of
from sms.encoding import measure
from sms.states import State
from ussd.gateways import sms_dialects

T = TypeVar("T")


def sms_commands(context: CommandContext) -> typer.Typer:
    """`text` and `worker`, and `digest` with its own."""
    cli = typer.Typer()
    cli.add_typer(digest_commands(context), name="digest")

    @cli.command()
    def text(
        message: Annotated[str, typer.Argument(help="What is texted, such as EMBASSY TURKEY")],
        sender: Annotated[
            str | None,
            typer.Option("--from", metavar="MSISDN", help="Let this number really text it"),
        ] = None,
        explain: Annotated[
            bool, typer.Option("--explain", help="Say what was recognised, and why it won")
        ] = False,
    ) -> None:
        """What a texted message would be answered, and what that costs.  With --from,
        the service that runs hears it, and the phone's inbox is shown; simulator only.
        With --explain nothing is sent: --from then says from where it would come.
        """
        if sender is None or explain:
            _preview(context, message, sender or "", explain=explain)
        else:
            _show(_send_as(context, sender, message), settings_or_exit())

    @cli.command()
    def worker() -> None:
        """Send SMS and run the schedules, beside a `serve --no-worker`."""
        settings = settings_or_exit()
        start_log(settings.log)
        menu = context.live_menu(settings, None)
        asyncio.run(_work_until_stopped(join_or_exit(settings), menu))

    return cli


def _preview(context: CommandContext, message: str, sender: str, *, explain: bool) -> None:
    settings = settings_or_exit()
    content = content_of(settings, context.menu(settings))
    out.print(_drawn(content.preview(message, sender)))
    for line in content.reasons_for(message, sender) if explain else ():
        out.print(line, markup=False)


def _send_as(context: CommandContext, sender: str, message: str) -> SimulatedText:
    if not is_msisdn(sender):
        refuse(f"{sender} is no phone number: write + and digits, such as +77010000000")
    try:
        return with_sms(context, lambda sms: send_as(sms, sender, message))
    except RealGateway:
        refuse("--from is for the simulator: with another gateway it would send a real SMS")


def _show(simulated: SimulatedText, settings: Settings) -> None:
    """The inbox, the newest last; one line when there is no reply, or not yet."""
    for each in simulated.inbox:
        out.print(_drawn(each.text, f"{each.at.astimezone(settings.zone):%d.%m. %H:%M}"))
    match simulated.reply:
        case None:
            out.print("no reply: KOMEK_PREFIXES leaves this number out, or it had its replies")
        case State.QUEUED | State.SENDING:
            refuse("the reply waits, since no worker runs: start one with `main.py worker`")
        case State.FAILED | State.EXPIRED | State.UNKNOWN:
            refuse(f"the reply is {simulated.reply}: see the log of the service")


def _drawn(text: str, when: str = "") -> Panel:
    size = measure(text)
    title = f"{size.segments} segments, {size.encoding}"
    return Panel(Text(text), width=44, title=title, subtitle=when or None)


async def _work_until_stopped(settings: Settings, menu: LiveMenu) -> None:
    """Until SIGTERM or SIGINT; then the call under way is finished."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    sms = build_sms(settings, menu, sms_dialects(settings))
    following = asyncio.create_task(follow_changes(menu, stop))
    await sms.work(stop)
    await following
    await sms.redis.aclose()
