"""Komek: the world put together, the web application, the command line."""

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles
from pydantic import ValidationError
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from rich.console import Console

from menus.contact_commands import contact_commands, note_on_age
from menus.faults import BrokenMenu
from menus.history import History
from menus.live import LiveMenu, follow_changes, reload_when_asked
from menus.load import load
from menus.model import Menu
from menus.publishing import Desk
from menus.shelf import Shelf
from sms import africastalking as sms_gateway
from sms.alphabet_check import latin_stays_gsm7
from sms.answering import make_ready
from sms.budget_check import messages_fit
from sms.callback import Callbacks
from sms.commands import House, sms_commands
from sms.embedded_redis import NoServer
from sms.keyword_check import capitals_are_keywords, keywords_clear
from sms.processes import Workers, at_a_terminal, hand_down, handed_down
from sms.provision import complete
from sms.sealing import Seal
from sms.settings import Settings, data_key_of, secret_of, token_of
from sms.simulator import Simulator
from sms.texting import Texting, library_of, texting
from sms.welcome import welcome
from ussd import africastalking as ussd_gateway
from ussd.fit_check import fits_on_screens
from ussd.health import alive, ready
from ussd.hop import Dialogue
from ussd.paging import Budget
from ussd.phone import conversation, drawn, everything, talk, text_dialled
from ussd.screens import Screens
from ussd.sessions import REDIS_SECONDS, Sessions
from web.contacts_import import import_pages
from web.contacts_page import Kept, contact_pages
from web.door import Door
from web.figures import Figures
from web.figures_page import Price, figures_pages
from web.health_page import Health, health_pages
from web.last_errors import LastErrors
from web.menu_page import MenuView, menu_pages
from web.metrics import metrics_page
from web.operator import door_pages, lead_to_the_door
from web.origin import NoOtherName
from web.pages import HERE as WEB
from web.pages import Pages, Shielded
from web.phone import Network, phone_pages
from web.stats_command import stats_command
from web.trouble import trouble_pages
from web.words_pages import words_pages

err = Console(stderr=True, highlight=False)
out = Console(highlight=False)

FIRST_HOP = "sessionId=try-1&phoneNumber=%2B77010000000&text="
"""The form of one, to be tried by hand."""


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
    messages = (messages_fit, keywords_clear, capitals_are_keywords)
    return load(folder, [*screens, *messages])


def screens_of(settings: Settings, menu: Menu) -> Screens:
    """The menu as phones show it today."""
    return Screens(menu, budget_of(settings), partial(library_of, settings, menu))


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


def live_menu(settings: Settings, first: Menu | None = None) -> LiveMenu:
    """The menu of the settings; `first`: as just read.  Raises `BrokenMenu`."""
    read = partial(read_menu, budget_of(settings))
    shelf = Shelf(settings.data_dir / "menus", read)
    return LiveMenu(settings.menus_dir, read, shelf, first, prepare=make_ready)


def create_app(settings: Settings, first: Menu | None = None) -> Callbacks:
    """The web application of complete settings.  Raises `BrokenMenu`."""
    redis, menu, secret = (
        connect(settings.redis_url or ""),
        live_menu(settings, first),
        secret_of(settings),
    )
    sessions, post = Sessions(redis, Seal(data_key_of(settings))), texting(settings, menu)
    dialogue = Dialogue(menu, sessions, budget_of(settings), post.library, post.granting.grant)
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
    door, phones = Door(token_of(settings), pages, post.redis, seal), partial(screens_of, settings)
    app.include_router(door_pages(door))
    if isinstance(post.gateway, Simulator):
        callback = f"/africastalking/{secret_of(settings)}"
        network = Network(callback, settings.service_code, settings.short_code, budget_of(settings))
        here = [Depends(NoOtherName(settings.host))]
        phone = phone_pages(pages, network, post, post.gateway, seal)
        trouble = trouble_pages(post.redis, post.gateway, Sessions(post.redis, seal))
        app.include_router(phone, dependencies=here)
        app.include_router(trouble, dependencies=here)
    figures = Figures(post.redis, post.menu, post.outbox, post.unknown_words)
    price, menu = Price.of(settings.segment_price), post.menu
    app.include_router(figures_pages(door, pages, figures, menu, price))
    app.include_router(metrics_page(post.redis, menu, figures))
    app.include_router(words_pages(door, pages, desk_of(settings, post.menu), phones))
    view = MenuView(post.menu, phones, settings.service_code)
    app.include_router(menu_pages(door, pages, view))
    kept = Kept(post.menu, settings.contacts_oldest_days)
    app.include_router(import_pages(door, pages, kept))
    app.include_router(contact_pages(door, pages, kept))
    health = Health(settings, post, LastErrors().listen())
    app.include_router(health_pages(door, pages, health))
    app.mount("/static", StaticFiles(directory=WEB / "static"))
    lead_to_the_door(app)
    app.add_middleware(Shielded)


def desk_of(settings: Settings, menu: LiveMenu) -> Desk:
    """Where the operator edits words."""
    history = History(settings.data_dir / "words-history.jsonl")
    return Desk(menu, partial(read_menu, budget_of(settings)), history, settings.data_dir)


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
    tasks += [asyncio.create_task(asyncio.to_thread(make_ready, menu.current))]
    tasks += [asyncio.create_task(post.work(stop))] if worker else []
    yield
    stop.set()
    asking.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await redis.aclose()
    await post.redis.aclose()


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
    menu = menu_or_exit(settings)
    log_plainly()
    if not at_a_terminal():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is a menu to read again
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that what we started ends too
    with ExitStack() as stack:
        run(complete_or_exit(settings, stack), workers, menu)


def log_plainly() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for name in ("uvicorn", "watchfiles"):  # they tell of each start and change
        logging.getLogger(name).setLevel(logging.WARNING)


def complete_or_exit(settings: Settings, stack: ExitStack) -> Settings:
    try:
        return complete(settings, stack)
    except NoServer as error:
        err.print(str(error), style="red")
        raise typer.Exit(1) from None


def run(settings: Settings, workers: int, menu: Menu) -> None:
    """Serve until a signal.  Access logs stay off: a path holds the secret."""
    config = uvicorn.Config(
        create_app(settings, menu) if workers == 1 else "main:create_worker",
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
    welcome(out, settings, sockets[0].getsockname()[1], FIRST_HOP)
    if workers == 1:
        uvicorn.Server(config).run(sockets)
    else:
        hand_down(settings)
        Workers(config, sockets).run()


def create_worker() -> Callbacks:
    """The application in a process of its own, which ends with the one that made it."""
    settings = handed_down()
    log_plainly()
    return create_app(settings)


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
    with faults_told():
        return read_menu(budget_of(settings), settings.menus_dir)


def live_menu_or_exit(settings: Settings, first: Menu | None = None) -> LiveMenu:
    with faults_told():
        return live_menu(settings, first)


@contextmanager
def faults_told() -> Iterator[None]:
    """All of them, and then the end of the command."""
    try:
        yield
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
    screens = screens_of(settings, menu_or_exit(settings))
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
    for shown in everything(screens_of(settings, menu), language):
        out.print(drawn(shown, budget_of(settings)))


cli.add_typer(contact_commands(lambda: contacts_kept(settings_or_exit())), name="contacts")
HOUSE = House(settings_or_exit, menu_or_exit, live_menu_or_exit, log_plainly)
cli.add_typer(sms_commands(HOUSE))
cli.add_typer(stats_command(HOUSE))

if __name__ == "__main__":
    cli()
