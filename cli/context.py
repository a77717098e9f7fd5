"""What every command shares: the parts that `main.py` lends, refusals, and SMS for one call."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn, TypeVar

import typer

from menus.live import LiveMenu
from menus.model import Menu
from runtime.embedded_redis import NoServer
from runtime.provision import join_running
from runtime.redis_client import REDIS_ERRORS
from runtime.settings import Settings
from sms.bootstrap import SmsService, build_sms
from ussd.gateways import faults_in_settings, sms_dialects

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CommandContext:
    """What `main.py` lends to the commands; each of these may end the command."""

    menu: Callable[[Settings], Menu]
    live_menu: Callable[[Settings, Menu | None], LiveMenu]


def say_fault(why: str) -> None:
    """Without Rich, of which a service that runs for months needs nothing: 2 MB."""
    typer.secho(why, fg="red", err=True)


def refuse(why: str) -> NoReturn:
    """End the command, and say why."""
    say_fault(why)
    raise typer.Exit(1)


def settings_or_exit() -> Settings:
    """The settings, or one clear line for each that is wrong."""
    if faults := faults_in_settings():
        for each in faults:
            say_fault(each)
        raise typer.Exit(1)
    return Settings()


def join_or_exit(settings: Settings) -> Settings:
    try:
        return join_running(settings)
    except NoServer as error:
        refuse(str(error))


def with_sms(context: CommandContext, ask: Callable[[SmsService], Awaitable[T]]) -> T:
    """Ask something of the service's SMS."""
    settings = join_or_exit(settings_or_exit())

    async def asked() -> T:
        sms = build_sms(settings, context.live_menu(settings, None), sms_dialects(settings))
        try:
            return await ask(sms)
        finally:
            await sms.redis.aclose()

    try:
        return asyncio.run(asked())
    except REDIS_ERRORS as error:
        refuse(f"Redis does not answer ({type(error).__name__})")
