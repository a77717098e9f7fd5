"""Komek: the world put together, the web application, the command line."""

import asyncio
import base64
import gc
import logging
import multiprocessing
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

import typer
import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from pydantic import SecretStr, ValidationError
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from rich.console import Console
from uvicorn.supervisors import Multiprocess

from menus.contact_commands import contact_commands, note_on_age
from menus.faults import BrokenMenu
from menus.live import LiveMenu, follow_changes, reload_when_asked
from menus.load import load
from menus.model import Menu
from menus.shelf import Shelf
from sms import africastalking as sms_gateway
from sms.alphabet_check import latin_stays_gsm7
from sms.budget_check import messages_fit
from sms.callback import Callbacks
from sms.commands import House, sms_commands
from sms.countries import countries_named
from sms.embedded_redis import NoServer, embedded_redis
from sms.end_with_parent import end_with
from sms.keyword_check import capitals_are_keywords, keywords_clear
from sms.sealing import Seal
from sms.settings import Settings
from sms.texting import Texting, data_key_of, kept_key, texting
from ussd import africastalking as ussd_gateway
from ussd.fit_check import fits_on_screens
from ussd.hop import Dialogue
from ussd.paging import Budget
from ussd.phone import conversation, drawn, everything, talk, text_dialled
from ussd.screens import Screens
from ussd.sessions import REDIS_SECONDS, Sessions
from web.contacts_import import import_pages
from web.contacts_page import Kept, contact_pages
from web.door import Door
from web.health_page import Health, health_pages
from web.last_errors import LastErrors
from web.menu_page import MenuView, menu_pages
from web.operator import door_pages, lead_to_the_door
from web.pages import HERE as WEB
from web.pages import Pages, Shielded

T = TypeVar("T")

err = Console(stderr=True, highlight=False)
out = Console(highlight=False)


def settings_or_exit() -> Settings:
    """The settings, or one clear line for each that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        for each in error.errors():
            name = "_".join(str(step) for step in each["loc"]).upper()
            what = each["msg"].removeprefix("Value error, ")
            err.print(f"KOMEK_{name}: {what}", style="red", soft_wrap=True)
        raise typer.Exit(1) from None


# --- The world put together ---------------------------------------------------


def budget_of(settings: Settings) -> Budget:
    return Budget(settings.ussd_septets, settings.ussd_units)


def read_menu(budget: Budget, folder: Path) -> Menu:
    """The menu of a folder, checked for every channel.  Raises `BrokenMenu`."""
    screens = (latin_stays_gsm7, fits_on_screens(budget))
    messages = (messages_fit, keywords_clear, capitals_are_keywords, countries_named(folder))
    return load(folder, [*screens, *messages])


def secret_of(settings: Settings) -> str:
    """The secret of the callbacks.  Raises `ValueError` if the settings have none."""
    if settings.callback_secret is None:
        raise ValueError("no callback secret")
    return settings.callback_secret.get_secret_value()


def token_of(settings: Settings) -> str | None:
    """What opens the operator's pages; without it nobody sees them."""
    return settings.operator_token.get_secret_value() if settings.operator_token else None


def connect(url: str) -> Redis:
    """A client that asks once and does not wait: a hop is answered without it."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=64,
        timeout=REDIS_SECONDS,  # for a connection, when all are busy
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )
    return Redis(connection_pool=pool)


def live_menu(settings: Settings) -> LiveMenu:
    """The menu of the settings.  Raises `BrokenMenu`."""
    read = partial(read_menu, budget_of(settings))
    return LiveMenu(settings.menus_dir, read, Shelf(settings.data_dir / "menus", read))


def create_app(settings: Settings) -> Callbacks:
    """The web application of complete settings.  Raises `BrokenMenu`."""
    redis, menu, secret = (
        connect(settings.redis_url or ""),
        live_menu(settings),
        secret_of(settings),
    )
    sessions, post = Sessions(redis), texting(settings, menu)
    dialogue = Dialogue(menu, sessions, budget_of(settings))
    callbacks = {
        "ussd": ussd_gateway.ussd_callback(secret, dialogue),
        "ussd/end": ussd_gateway.end_callback(secret, sessions),
        "sms": sms_gateway.inbound_callback(secret, post.answering.hear),
        "sms/delivery": sms_gateway.report_callback(secret, post.take_report),
        "sms/opt-out": sms_gateway.opt_out_callback(secret, post.answering.stop),
    }
    app = FastAPI(
        lifespan=partial(lifespan, menu, redis, post, settings.worker),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    for path, state in (("/healthz", alive), ("/readyz", partial(ready, menu, redis))):
        app.add_api_route(path, state, methods=["GET", "HEAD"])
    add_pages(app, settings, post)
    return Callbacks({("africastalking", what): each for what, each in callbacks.items()}, app)


def add_pages(app: FastAPI, settings: Settings, post: Texting) -> None:
    """The pages that people look at."""
    pages, seal = Pages(), Seal(data_key_of(settings))
    door = Door(token_of(settings), pages, post.redis, seal)
    view = MenuView(post.menu, budget_of(settings), settings.service_code)
    app.include_router(door_pages(door))
    app.include_router(menu_pages(door, pages, view))
    kept = Kept(post.menu, settings.contacts_oldest_days)
    app.include_router(import_pages(door, pages, kept))
    app.include_router(contact_pages(door, pages, kept))
    health = Health(settings, post, LastErrors().listen())
    app.include_router(health_pages(door, pages, health))
    app.mount("/static", StaticFiles(directory=WEB / "static"))
    lead_to_the_door(app)
    app.add_middleware(Shielded)


@asynccontextmanager
async def lifespan(
    menu: LiveMenu, redis: Redis, post: Texting, worker: bool, _app: FastAPI
) -> AsyncIterator[None]:
    """While the application runs, the menu follows its files and SIGHUP, and what is
    queued is sent.
    """
    gc.collect()
    gc.freeze()  # what lives as long as we do need not be looked through again
    stop, hangup = asyncio.Event(), asyncio.Event()
    if not at_a_terminal():
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hangup.set)
    asking = asyncio.create_task(reload_when_asked(menu, hangup))
    tasks = [asyncio.create_task(follow_changes(menu, stop))]
    tasks += [asyncio.create_task(asyncio.to_thread(post.answering.make_ready))]
    tasks += [asyncio.create_task(post.work(stop))] if worker else []
    yield
    stop.set()
    asking.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await redis.aclose()
    await post.redis.aclose()


def at_a_terminal() -> bool:
    """There a hang-up means that the window was closed; elsewhere, that an operator
    wants the menu read again.
    """
    return sys.stdin is not None and sys.stdin.isatty()


async def alive() -> dict[str, str]:
    return {"status": "alive"}


async def ready(menu: LiveMenu, redis: Redis) -> JSONResponse:
    """Whether Redis answers; which menu is in force, and how many faults a newer
    one was refused for.
    """
    answers = False
    with suppress(RedisError, OSError, TimeoutError):
        async with asyncio.timeout(REDIS_SECONDS):
            answers = bool(await redis.ping())
    content = {
        "redis": "answers" if answers else "does not answer; hops go by their text",
        "menu": menu.current.version,
        "faults of a refused change": len(menu.refused),
    }
    return JSONResponse(content, 200 if answers else 503)


# --- The command line ---------------------------------------------------------

cli = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Default: KOMEK_HOST")] = None,
    port: Annotated[int | None, typer.Option(help="Default: KOMEK_PORT")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes")] = 1,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Send no SMS here")] = False,
) -> None:
    """Answer the gateway's callbacks."""
    settings = settings_or_exit()
    chosen = {"host": host, "port": port, "worker": False if no_worker else None}
    settings = settings.model_copy(update={k: v for k, v in chosen.items() if v is not None})
    menu_or_exit(settings)
    log_plainly()
    if not at_a_terminal():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is a menu to read again
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that what we started ends too
    with ExitStack() as stack:
        run(complete(settings, stack), workers)


def log_plainly() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for name in ("uvicorn", "watchfiles"):  # they tell of each start and change
        logging.getLogger(name).setLevel(logging.WARNING)


def complete(settings: Settings, stack: ExitStack) -> Settings:
    """The settings with what a simulator makes for itself: a server, a secret."""
    url, secret, key = settings.redis_url, settings.callback_secret, settings.data_key
    try:
        url = url or stack.enter_context(embedded_redis(settings.data_dir))
    except NoServer as error:
        err.print(str(error), style="red")
        raise typer.Exit(1) from None
    secret = secret or SecretStr(secrets.token_urlsafe(16))
    key = key or SecretStr(kept_key(settings.data_dir / "data-key"))
    token = settings.operator_token
    if settings.gateway == "simulator":
        token = token or SecretStr(secrets.token_urlsafe(16))
    made = {"redis_url": url, "callback_secret": secret, "data_key": key, "operator_token": token}
    return settings.model_copy(update=made)


def run(settings: Settings, workers: int) -> None:
    """Serve until a signal.  Access logs stay off: a path holds the secret."""
    config = uvicorn.Config(
        create_app(settings) if workers == 1 else "main:create_worker",
        factory=workers > 1,
        workers=workers,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    sockets = [config.bind_socket()]
    welcome(settings, sockets[0].getsockname()[1])
    if workers == 1:
        uvicorn.Server(config).run(sockets)
    else:
        hand_down(settings)
        Workers(config, sockets).run()


def hand_down(settings: Settings) -> None:
    """Let the worker processes find what this one made for itself."""
    os.environ["KOMEK_REDIS_URL"] = settings.redis_url or ""
    os.environ["KOMEK_CALLBACK_SECRET"] = secret_of(settings)
    os.environ["KOMEK_DATA_KEY"] = base64.b64encode(data_key_of(settings)).decode()
    os.environ["KOMEK_OPERATOR_TOKEN"] = token_of(settings) or ""
    os.environ["KOMEK_WORKER"] = str(settings.worker)


def create_worker() -> Callbacks:
    """The application in a process of its own, which ends with the one that made it."""
    if (parent := multiprocessing.parent_process()) and parent.pid:
        end_with(parent.pid, signal.SIGTERM)
    log_plainly()
    return create_app(Settings())


class Workers(Multiprocess):
    """Several processes on one port.  SIGHUP reloads the menu in each of them."""

    def handle_hup(self) -> None:
        if at_a_terminal():
            self.handle_term()
            return
        for process in self.processes:
            if process.pid:
                os.kill(process.pid, signal.SIGHUP)


def welcome(settings: Settings, port: int) -> None:
    """Say where the service is and what to try first."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    code, base = settings.service_code, f"http://{host}:{port}"
    callback = f"{base}/africastalking/{secret_of(settings)}/ussd"
    out.print(f"\n[bold]Komek answers {code}[/] and texts to {settings.short_code}", end=" ")
    out.print(f"({settings.gateway})\n")
    out.print(f"Callback, for the gateway: {callback}", soft_wrap=True)
    out.print(f"End of session:            {callback}/end", soft_wrap=True)
    out.print(
        f"Texts and reports:         {callback[:-4]}sms, …/delivery, …/opt-out", soft_wrap=True
    )
    out.print(f"State:                     {base}/readyz", soft_wrap=True)
    if settings.gateway == "simulator":
        out.print(f"A phone, to look at:       {base}/", soft_wrap=True)
    if token := token_of(settings):
        out.print(f"Operator's pages:          {base}/operator  token: {token}", soft_wrap=True)
    out.print("\nTry next, in another terminal:")
    out.print("  .venv/bin/python main.py dial      a phone; dial, then type an answer")
    out.print("  .venv/bin/python main.py screens   everything that a phone can show")
    out.print("  .venv/bin/python main.py text HELP  what a text is answered")
    form = "sessionId=try-1&phoneNumber=%2B77010000000&text="
    out.print(f"  curl -d '{form}' {callback}\n", soft_wrap=True)


def contacts_kept(settings: Settings) -> tuple[Path, int]:
    return settings.menus_dir / "contacts.csv", settings.contacts_oldest_days


@cli.command()
def check() -> None:
    """Name every fault of the menu, the words and the numbers, with file and line."""
    settings = settings_or_exit()
    menu = menu_or_exit(settings)
    parts = f"{len(menu.nodes)} nodes, {len(menu.facts)} facts, {len(menu.numbers)} numbers"
    out.print(f"No faults: {parts}, {len(menu.languages)} languages. Version {menu.version}.")
    for language in menu.languages.values():
        if language.native_reader == "not yet":
            out.print(f"Note: no native speaker has read menus/{language.code}.yaml yet.")
    if note := note_on_age(menu.contacts, settings.contacts_oldest_days):
        out.print(note, soft_wrap=True)


def menu_or_exit(settings: Settings) -> Menu:
    try:
        return read_menu(budget_of(settings), settings.menus_dir)
    except BrokenMenu as broken:
        for fault in broken.faults:
            err.print(str(fault), soft_wrap=True, markup=False)
        err.print(f"{len(broken.faults)} faults: the menu is not used.", style="red")
        raise typer.Exit(1) from None


@cli.command()
def dial(
    code: Annotated[str | None, typer.Argument(help="Default: KOMEK_SERVICE_CODE")] = None,
    keys: Annotated[str | None, typer.Option(help="Answers joined by *, such as 2*1")] = None,
) -> None:
    """A phone in the terminal.  With --keys: print the screens and end."""
    settings = settings_or_exit()
    ours, text = settings.service_code, code or settings.service_code
    with_code = text_dialled(ours, text)
    if with_code is None:
        err.print(f"{text} is another service; this one answers {ours}", style="red")
        raise typer.Exit(1)
    answers = ussd_gateway.answers_of(with_code)
    screens = Screens(menu_or_exit(settings), budget_of(settings))
    if keys is None:
        talk(out, screens, budget_of(settings), answers)
        return
    for shown in conversation(screens, answers + ussd_gateway.answers_of(keys)):
        out.print(drawn(shown, budget_of(settings)))


@cli.command()
def screens(
    language: Annotated[str | None, typer.Option(help="One language, such as ru")] = None,
) -> None:
    """Everything that a phone can show, page by page, with its size."""
    settings = settings_or_exit()
    menu = menu_or_exit(settings)
    if language not in (None, *menu.languages):
        err.print(f"There is no language {language}: {', '.join(menu.languages)}", style="red")
        raise typer.Exit(1)
    for shown in everything(Screens(menu, budget_of(settings)), language):
        out.print(drawn(shown, budget_of(settings)))


cli.add_typer(contact_commands(lambda: contacts_kept(settings_or_exit())), name="contacts")
cli.add_typer(sms_commands(House(settings_or_exit, menu_or_exit, live_menu, log_plainly)))

if __name__ == "__main__":
    cli()
