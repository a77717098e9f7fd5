"""`main.py text …`, `worker` and `digest …`: SMS from the command line."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.panel import Panel

from menus.contacts import only_sendable
from menus.live import LiveMenu, follow_changes
from menus.model import Menu
from sms.answering import preview
from sms.embedded_redis import NoServer
from sms.encoding import measure
from sms.provision import joined
from sms.sender import REDIS_TROUBLE, utc_now
from sms.settings import Settings
from sms.texting import Texting, texting

T = TypeVar("T")

err = Console(stderr=True, highlight=False)
out = Console(highlight=False)


@dataclass(frozen=True, slots=True)
class House:
    """What the commands ask of the house when one is called; each may end the command."""

    settings: Callable[[], Settings]
    menu: Callable[[Settings], Menu]
    live_menu: Callable[[Settings, Menu | None], LiveMenu]
    log: Callable[[], None]


def sms_commands(house: House) -> typer.Typer:
    """`text` and `worker`, and `digest` with its own."""
    cli = typer.Typer()
    cli.add_typer(digest_commands(house), name="digest")

    @cli.command()
    def text(
        message: Annotated[str, typer.Argument(help="What is texted, such as EMBASSY TURKEY")],
    ) -> None:
        """What a texted message would be answered, and what that costs."""
        settings = house.settings()
        menu = house.menu(settings)
        contacts = only_sendable(menu.contacts, utc_now().date(), settings.contacts_oldest_days)
        reply = preview(message, menu, contacts)
        size = measure(reply)
        out.print(Panel(reply, width=44, title=f"{size.segments} segments, {size.encoding}"))

    @cli.command()
    def worker() -> None:
        """Send SMS and run the schedules, beside a `serve --no-worker`."""
        settings = house.settings()
        menu = house.menu(settings)
        house.log()
        settings = joined_or_exit(settings)
        asyncio.run(_work_until_stopped(settings, house.live_menu(settings, menu)))

    return cli


def digest_commands(house: House) -> typer.Typer:
    """`digest due`, `run` and `status`."""
    cli = typer.Typer(no_args_is_help=True, help="The series of tips: what is due, run it, state.")

    @cli.command()
    def due() -> None:
        """How many people have a tip due now."""
        count = _with_texting(house, lambda post: post.subscriptions.waiting(utc_now()))
        out.print(f"{count} due")

    @cli.command("run")
    def run_now() -> None:
        """Queue what is due now; nothing outside the hours that are allowed."""
        done = _with_texting(house, lambda post: post.run_due())
        out.print(f"{done.queued} queued, {done.held_back} held back by the cap")

    @cli.command()
    def status() -> None:
        """What waits in the outbox."""
        for lane, count in _with_texting(house, lambda post: post.outbox.waiting()).items():
            out.print(f"{lane}: {count} waiting")

    return cli


def joined_or_exit(settings: Settings) -> Settings:
    try:
        return joined(settings)
    except NoServer as error:
        err.print(str(error))
        raise typer.Exit(1) from None


async def _work_until_stopped(settings: Settings, menu: LiveMenu) -> None:
    """Until SIGTERM or SIGINT; then the call under way is finished."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    post = texting(settings, menu)
    following = asyncio.create_task(follow_changes(menu, stop))
    await post.work(stop)
    await following
    await post.redis.aclose()


def _with_texting(house: House, ask: Callable[[Texting], Awaitable[T]]) -> T:
    """Ask something of the service's SMS."""
    settings = joined_or_exit(house.settings())

    async def asked() -> T:
        post = texting(settings, house.live_menu(settings, None))
        try:
            return await ask(post)
        finally:
            await post.redis.aclose()

    try:
        return asyncio.run(asked())
    except REDIS_TROUBLE as error:
        err.print(f"Redis does not answer ({type(error).__name__})", style="red")
        raise typer.Exit(1) from None
