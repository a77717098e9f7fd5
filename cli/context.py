"""What every command shares: the parts that `main.py` lends, refusals, and SMS for one call."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn, TypeVar

import typer
from rich.console import Console

from menus.live import LiveMenu
from menus.model import Menu
from runtime.embedded_redis import NoServer
from runtime.provision import joined
from runtime.redis_client import REDIS_ERRORS
from runtime.settings import Settings
from sms.bootstrap import SmsService, texting

T = TypeVar("T")

err = Console(stderr=True, highlight=False)


@dataclass(frozen=True, slots=True)
class CommandContext:
    """What the commands ask of the house when one is called; each may end the command."""

    settings: Callable[[], Settings]
    menu: Callable[[Settings], Menu]
    live_menu: Callable[[Settings, Menu | None], LiveMenu]
    log: Callable[[], None]


def refuse(why: str) -> NoReturn:
    """End the command, and say why."""
    err.print(why, style="red", soft_wrap=True, markup=False)
    raise typer.Exit(1)


def join_or_exit(settings: Settings) -> Settings:
    try:
        return joined(settings)
    except NoServer as error:
        refuse(str(error))


def with_sms(house: CommandContext, ask: Callable[[SmsService], Awaitable[T]]) -> T:
    """Ask something of the service's SMS."""
    settings = join_or_exit(house.settings())

    async def asked() -> T:
        post = texting(settings, house.live_menu(settings, None))
        try:
            return await ask(post)
        finally:
            await post.redis.aclose()

    try:
        return asyncio.run(asked())
    except REDIS_ERRORS as error:
        refuse(f"Redis does not answer ({type(error).__name__})")
