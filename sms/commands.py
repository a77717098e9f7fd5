"""`main.py text …`, `worker` and `digest …`: SMS from the command line."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, TypeVar

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.panel import Panel

from menus.live import LiveMenu, follow_changes
from menus.model import Menu
from sms.answering import preview
from sms.embedded_redis import running_redis
from sms.encoding import measure
from sms.sender import REDIS_TROUBLE, utc_now
from sms.settings import Settings
from sms.texting import Texting, countries_of, kept_key, library_of, texting

T = TypeVar("T")

err = Console(stderr=True, highlight=False)
out = Console(highlight=False)


@dataclass(frozen=True, slots=True)
class House:
    """What the commands ask of the house when one is called; each may end the command."""

    settings: Callable[[], Settings]
    menu: Callable[[Settings], Menu]
    live_menu: Callable[[Settings], LiveMenu]
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
        reply = preview(message, menu, library_of(settings, partial(countries_of, settings), menu))
        size = measure(reply)
        out.print(Panel(reply, width=44, title=f"{size.segments} segments, {size.encoding}"))

    @cli.command()
    def worker() -> None:
        """Send SMS and run the schedules, beside a `serve --no-worker`."""
        settings = house.settings()
        house.menu(settings)
        house.log()
        asyncio.run(_work_until_stopped(joined(settings), house))

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


def joined(settings: Settings) -> Settings:
    """The settings with the server and the key of the service that runs already."""
    url = settings.redis_url or running_redis(settings.data_dir)
    if url is None:
        err.print(f"no service runs on {settings.data_dir}: start it, or set KOMEK_REDIS_URL")
        raise typer.Exit(1)
    key = settings.data_key or SecretStr(kept_key(settings.data_dir / "data-key"))
    return settings.model_copy(update={"redis_url": url, "data_key": key})


async def _work_until_stopped(settings: Settings, house: House) -> None:
    """Until SIGTERM or SIGINT; then the call under way is finished."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    menu = house.live_menu(settings)
    post = texting(settings, menu)
    following = asyncio.create_task(follow_changes(menu, stop))
    await post.work(stop)
    await following
    await post.redis.aclose()


def _with_texting(house: House, ask: Callable[[Texting], Awaitable[T]]) -> T:
    """Ask something of the service's SMS."""
    settings = joined(house.settings())

    async def asked() -> T:
        post = texting(settings, house.live_menu(settings))
        try:
            return await ask(post)
        finally:
            await post.redis.aclose()

    try:
        return asyncio.run(asked())
    except REDIS_TROUBLE as error:
        err.print(f"Redis does not answer ({type(error).__name__})", style="red")
        raise typer.Exit(1) from None
