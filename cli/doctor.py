"""`main.py doctor`: everything that a launch needs, asked of the real parts, in one list."""

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import Annotated

import typer

from cli.consoles import out
from cli.context import CommandContext
from menus.live import LiveMenu
from runtime.data_keys import keys_of
from runtime.embedded_redis import NoServer
from runtime.encryption import Seal
from runtime.provision import join_running
from runtime.redis_client import connect
from runtime.settings import Settings, faults_in
from sms.outbox import Outbox
from ussd.gateways import faults_in_settings
from web.health import Finding, Parts, Verdict, findings_of, health_words

REDIS_SECONDS = 2.0


def doctor_command(context: CommandContext) -> typer.Typer:
    """`doctor`, in a set of commands of its own."""
    cli = typer.Typer()

    @cli.command()
    def doctor(
        url: Annotated[
            str, typer.Option(help="Where gateways reach us; by itself, KOMEK_PUBLIC_URL")
        ] = "",
    ) -> None:
        """Ask the real parts for all that a launch needs.  Nothing is sent."""
        given = {"public_url": url} if url else {}
        if faults := faults_in_settings() or faults_in(Settings, **given):
            tell((Verdict.MEND, each) for each in faults)
            raise typer.Exit(1)
        settings = Settings.model_validate(given)
        findings = asyncio.run(_told(settings, _menu_of(context, settings)))
        if any(each.verdict is Verdict.MEND for each in findings):
            raise typer.Exit(1)

    return cli


def tell(lines: Iterable[tuple[Verdict, str]]) -> None:
    for verdict, sentence in lines:
        out.print(f"{verdict:<15} {sentence}", soft_wrap=True, markup=False, highlight=False)


async def _told(settings: Settings, menu: LiveMenu | None) -> list[Finding]:
    """What is found, once it is printed."""
    async with AsyncExitStack() as stack:
        findings = await findings_of(await _parts(settings, menu, stack))
        tell((each.verdict, each.told(health_words("en"))) for each in findings)
    return findings


async def _parts(settings: Settings, menu: LiveMenu | None, stack: AsyncExitStack) -> Parts:
    """With the Redis and the data key of the service that runs, if one does."""
    try:
        settings = join_running(settings)
    except NoServer:
        return Parts(settings, menu, None, None)
    redis = await stack.enter_async_context(connect(settings.redis_url or "", REDIS_SECONDS))
    outbox = Outbox(redis, Seal(keys_of(settings)), prefixes=settings.prefixes)
    return Parts(settings, menu, redis, outbox)


def _menu_of(context: CommandContext, settings: Settings) -> LiveMenu | None:
    """None, its faults printed, where it has some and no earlier one is kept."""
    try:
        return context.live_menu(settings, None)
    except typer.Exit:
        return None
