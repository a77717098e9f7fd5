"""Komek: the service composed from its rooms, the web application, the command line."""

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI
from redis.asyncio import Redis

from cli.consoles import err, out
from cli.contacts import contact_commands, notes_on_numbers
from cli.context import CommandContext, refuse, settings_or_exit
from cli.dial import dial_commands
from cli.doctor import doctor_command
from cli.forget import forget_command
from cli.gateways import gateway_commands
from cli.language import language_commands
from cli.send_test import send_test_command
from cli.stats import stats_command
from cli.texts import sms_commands
from cli.welcome import welcome
from menus.editing import NotWritable, not_usual, write_usual
from menus.faults import BrokenMenu
from menus.live import LiveMenu, follow_changes, reload_when_asked
from menus.loading import Reader, load, offering, read_folder, untranslated_texts
from menus.model import Menu, is_read
from menus.versions import VersionStore
from runtime.callbacks import Callback, CallbackRouter
from runtime.embedded_redis import NoServer
from runtime.encryption import Seal
from runtime.logs import start_log
from runtime.processes import Workers, at_a_terminal, export_settings, settings_in_worker
from runtime.provision import start_what_is_missing
from runtime.redis_client import connect
from runtime.settings import Settings, data_key_of, secret_of
from sms.bootstrap import SmsService, build_sms
from sms.checks import (
    capitals_are_keywords,
    keywords_clear,
    latin_stays_gsm7,
    messages_fit,
    patterns_clear,
    spelt_in_gsm7,
    spelt_keywords_heard,
)
from sms.content import make_ready
from ussd.answers import Answers, answers_in
from ussd.bootstrap import budget_of, screens_of
from ussd.checks import fits_on_screens
from ussd.gateways import UssdHandlers, gateways_of, sms_dialects
from ussd.hop import Dialogue
from ussd.paging import Budget
from ussd.scripts import REDIS_SECONDS
from ussd.sessions import Sessions
from web.bootstrap import add_pages
from web.health import alive, ready

log = logging.getLogger(__name__)

# --- Composition -------------------------------------------------------------


def read_menu(budget: Budget, folder: Path, languages: Sequence[str] = ()) -> Menu:
    """The menu of a folder, checked for every channel in every language; it offers
    `languages`, or all.  Raises `BrokenMenu`.
    """
    screens = (latin_stays_gsm7, spelt_in_gsm7, fits_on_screens(budget))
    messages = (messages_fit, keywords_clear, capitals_are_keywords, patterns_clear)
    return offering(load(folder, [*screens, *messages, spelt_keywords_heard]), languages)


def menu_reader(settings: Settings) -> Reader:
    """Reads the menu of any folder by these settings."""
    return partial(read_menu, budget_of(settings), languages=settings.languages)


def live_menu(settings: Settings, first: Menu | None = None) -> LiveMenu:
    """The menu of the settings, kept up to date; `first`, if it has just been read.  Raises
    `BrokenMenu`.
    """
    read = menu_reader(settings)
    shelf = VersionStore(settings.data_dir / "menus", read)
    return LiveMenu(settings.menus_dir, read, shelf, first, prepare=make_ready)


def create_app(settings: Settings, first: Menu | None = None) -> CallbackRouter:
    """The web application.  The settings have a Redis address, a secret and a data key.
    Raises `BrokenMenu`.
    """
    redis, menu = connect(settings.redis_url or "", REDIS_SECONDS), live_menu(settings, first)
    sms = build_sms(settings, menu, sms_dialects(settings))
    seal = Seal(data_key_of(settings))
    sessions, answers = Sessions(redis, seal), Answers(sms.redis, seal)
    dialogue = Dialogue(menu, sessions, partial(screens_of, settings), sms.consents.fulfil)
    app = FastAPI(
        lifespan=partial(lifespan, menu, redis, sms, settings.worker),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    for path, state in (("/healthz", alive), ("/readyz", partial(ready, menu, redis))):
        app.add_api_route(path, state, methods=["GET", "HEAD"])
    add_pages(app, settings, sms, menu_reader(settings))
    return CallbackRouter(callbacks_of(settings, sms, dialogue, sessions, answers), app)


def callbacks_of(
    settings: Settings, sms: SmsService, dialogue: Dialogue, sessions: Sessions, answers: Answers
) -> dict[tuple[str, str], Callback]:
    """What the gateways that are set up post to, by gateway and end of the address."""
    secret, callbacks = secret_of(settings), dict[tuple[str, str], Callback]()
    dialled = partial(answers_in, service_code=settings.service_code)
    for gateway in gateways_of(settings):
        answer = partial(dialogue.answer, gateway=gateway.name)
        ussd = UssdHandlers(answer, dialogue.emergency, sessions.end, answers, dialled)
        callbacks |= gateway.callbacks(secret, sms.handlers(gateway.name), ussd)
    return callbacks


@asynccontextmanager
async def lifespan(
    menu: LiveMenu, redis: Redis, sms: SmsService, worker: bool, _app: FastAPI
) -> AsyncIterator[None]:
    """Beside the application: reload the menu when its files change or on SIGHUP, and send
    what is queued.
    """
    gc.collect()
    gc.freeze()  # what lives as long as we do need not be collected
    stop, hangup = asyncio.Event(), asyncio.Event()
    if not at_a_terminal():
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hangup.set)
    asking = asyncio.create_task(reload_when_asked(menu, hangup))
    tasks = [asyncio.create_task(follow_changes(menu, stop))]
    tasks += [asyncio.create_task(asyncio.to_thread(make_ready, menu.current))]
    tasks += [asyncio.create_task(sms.work(stop))] if worker else []
    yield
    stop.set()
    asking.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await redis.aclose()
    await sms.redis.aclose()


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
    start_log(settings.log)
    menu = menu_to_start_with(settings)
    if not at_a_terminal():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is a menu to read again
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that the stack closes
    with ExitStack() as stack:
        run(start_or_exit(settings, stack), workers, menu)


def menu_to_start_with(settings: Settings) -> Menu | None:
    """The folder's menu; None while it has faults and a good version of it is kept, with
    which callers are served.  Without one the command ends.
    """
    try:
        return menu_reader(settings)(settings.menus_dir)
    except BrokenMenu:
        live_menu_or_exit(settings)
        return None


def start_or_exit(settings: Settings, stack: ExitStack) -> Settings:
    try:
        return start_what_is_missing(settings, stack)
    except NoServer as error:
        refuse(str(error))


def run(settings: Settings, workers: int, menu: Menu | None) -> None:
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
        timeout_worker_healthcheck=60,  # on a busy machine a worker needs that long to begin
    )
    sockets = [config.bind_socket()]
    say_where(settings, sockets[0].getsockname()[1])
    if workers == 1:
        uvicorn.Server(config).run(sockets)
    else:
        export_settings(settings)
        Workers(config, sockets).run()


def say_where(settings: Settings, port: int) -> None:
    """To people by `welcome`; in a log of JSON by one line, which tells no secret."""
    if settings.log == "json":
        log.info("service: listens on %s, port %d", settings.host, port)
    else:
        welcome(out, settings, port)


def create_worker() -> CallbackRouter:
    """The application of a worker process, which ends with its parent."""
    settings = settings_in_worker()
    start_log(settings.log)
    return create_app(settings)


@cli.command()
def check(
    write: Annotated[
        bool, typer.Option("--write", help="Write the language files in the usual form")
    ] = False,
) -> None:
    """Name every fault of the menu, the words and the numbers, with file and line."""
    settings = settings_or_exit()
    menu = menu_or_exit(settings)
    if write:
        write_usual_or_exit(settings.menus_dir)
        menu = menu_or_exit(settings)
    parts = f"{len(menu.nodes)} nodes, {len(menu.facts)} facts, {len(menu.numbers)} numbers"
    out.print(f"No faults: {parts}, {len(menu.languages)} languages. Version {menu.version}.")
    for language in menu.languages.values():
        if not is_read(language.native_reader):
            out.print(f"Note: no native speaker has read menus/{language.code}.yaml yet.")
    for each in untranslated_texts(read_folder(settings.menus_dir)):
        out.print(f"Note: {each}", soft_wrap=True, markup=False)
    for each in not_usual(settings.menus_dir):
        out.print(f"Note: {each}; `main.py check --write` puts it right.", soft_wrap=True)
    for note in notes_on_numbers(menu, settings):
        out.print(note, soft_wrap=True)


def write_usual_or_exit(folder: Path) -> None:
    try:
        for path in write_usual(folder):
            out.print(f"Written in the usual form: {folder.name}/{path.name}", soft_wrap=True)
    except (NotWritable, OSError) as error:
        refuse(str(error))


def menu_or_exit(settings: Settings) -> Menu:
    with exit_on_faults():
        return menu_reader(settings)(settings.menus_dir)


def live_menu_or_exit(settings: Settings, first: Menu | None = None) -> LiveMenu:
    with exit_on_faults():
        return live_menu(settings, first)


@contextmanager
def exit_on_faults() -> Iterator[None]:
    """Print all faults of a broken menu, and end the command."""
    try:
        yield
    except BrokenMenu as broken:
        for fault in broken.faults:
            err.print(str(fault), soft_wrap=True, markup=False)
        err.print(f"{len(broken.faults)} faults: the menu is not used.", style="red")
        raise typer.Exit(1) from None


CONTEXT = CommandContext(menu_or_exit, live_menu_or_exit)
cli.add_typer(dial_commands(CONTEXT))
cli.add_typer(doctor_command(CONTEXT))
cli.add_typer(contact_commands(CONTEXT), name="contacts")
cli.add_typer(forget_command())
cli.add_typer(gateway_commands(), name="gateway")
cli.add_typer(language_commands(), name="language")
cli.add_typer(sms_commands(CONTEXT))
cli.add_typer(send_test_command(CONTEXT))
cli.add_typer(stats_command(CONTEXT))

if __name__ == "__main__":
    cli()
