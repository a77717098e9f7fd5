"""Komek: the service composed from its rooms, the web application, the command line."""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.types import ASGIApp
from typer.core import TyperGroup

from cli.context import CommandContext, refuse, say_fault, settings_or_exit
from cli.welcome import welcome
from menus.at_hand import let_go
from menus.faults import BrokenMenu
from menus.live import LiveMenu, follow_changes, reload_when_asked
from menus.loading import Reader, load, offering
from menus.model import Menu
from menus.versions import VersionStore
from runtime.callbacks import Callback, CallbackRouter
from runtime.data_keys import keys_of
from runtime.embedded_redis import AnotherRuns
from runtime.encryption import Seal
from runtime.http_server import BoundedHttp, allow_descriptors, given_socket
from runtime.load_shedding import Bound, report_shed
from runtime.logs import redacted, start_log
from runtime.processes import (
    Handover,
    Workers,
    at_a_terminal,
    export_settings,
    ignore_until_there_is_a_service,
    settings_in_worker,
)
from runtime.provision import kept_at_handover, made_at_start, start_what_is_missing
from runtime.redis_client import connect
from runtime.settings import Settings, secret_of
from runtime.tasks import keep_running
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
from web.application import application_of
from web.probes import probes
from web.recent_errors import RecentErrors

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
    seal = Seal(keys_of(settings))
    sessions, answers = Sessions(redis, seal), Answers(sms.redis, seal)
    dialogue = Dialogue(menu, sessions, partial(screens_of, settings), sms.consents.fulfil)
    pages = partial(make_pages, settings, sms, RecentErrors().listen())
    callbacks = callbacks_of(settings, sms, dialogue, sessions, answers)
    bounds = [sessions.bound, *(each.bound for each in callbacks.values())]
    serving = partial(lifespan, menu, redis, sms, bounds, settings.worker)
    app = application_of(probes(menu, redis, settings.redis_replicas), pages, serving)
    return CallbackRouter(callbacks, app)


def make_pages(settings: Settings, sms: SmsService, errors: RecentErrors) -> ASGIApp:
    """The pages, loaded only now: see `web/application.py`."""
    from web.bootstrap import pages_of  # noqa: PLC0415 (it says why)

    return pages_of(settings, sms, menu_reader(settings), errors)


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
    menu: LiveMenu,
    redis: Redis,
    sms: SmsService,
    bounds: Sequence[Bound],
    worker: bool,
    _app: Starlette,
) -> AsyncIterator[None]:
    """Beside the application: reload the menu when its files change or on SIGHUP, count what
    was shed, and send what is queued.
    """
    let_go()
    gc.collect()
    gc.freeze()  # what lives as long as we do need not be collected
    stop, hangup = asyncio.Event(), asyncio.Event()
    if not at_a_terminal():
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hangup.set)
    running = [
        keep_running("menu: what follows its files", partial(follow_changes, menu, stop), stop),
        keep_running(
            "menu: what heeds SIGHUP", partial(reload_when_asked, menu, hangup, stop), stop
        ),
        keep_running(
            "service: what counts the shed load", partial(report_shed, redis, bounds, stop), stop
        ),
        prepare_answers(menu),
        *([sms.work(stop)] if worker else []),
    ]
    tasks = [asyncio.create_task(each) for each in running]
    yield
    stop.set()
    hangup.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    await redis.aclose()
    await sms.redis.aclose()


async def prepare_answers(menu: LiveMenu) -> None:
    """Build what the first texts would wait for; if that fails, they wait for it."""
    try:
        await asyncio.to_thread(make_ready, menu.current)
    except Exception as error:
        log.error("menu: what answers texts was not prepared (%s)", redacted(error))


# --- The command line ---------------------------------------------------------


class Commands(TyperGroup):
    """`serve`; each other is loaded when it, or the list of all, is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        self._load_others()
        return super().list_commands(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.commands:
            self._load_others(cmd_name)
        return super().get_command(ctx, cmd_name)

    def _load_others(self, wanted: str | None = None) -> None:
        from cli.commands import other_commands  # noqa: PLC0415 (as said above)

        others = typer.main.get_group(other_commands(CONTEXT, wanted)).commands
        self.commands = {**self.commands, **others}


cli = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, help=__doc__)


@cli.callback()
def _command_line() -> None:
    """So that `serve` must be named, though it is the only one at first."""


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
    ignore_until_there_is_a_service()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that the stack closes
    environment, made = dict(os.environ), made_at_start(settings)
    with ExitStack() as stack:
        complete = start_or_exit(settings, stack)
        handover = run(complete, workers, menu, made)
    if handover.asked:
        handover.begin_anew(Path(__file__), environment | kept_at_handover(complete, made))


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
    except AnotherRuns as error:
        refuse(str(error))


def run(settings: Settings, workers: int, menu: Menu | None, made: Collection[str]) -> Handover:
    """Serve until a signal; the answer says whether that asked for a handover.  Access logs stay
    off: a path holds the secret.  `made`: see `welcome`.
    """
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
        http=BoundedHttp,
        ws="none",
    )
    allow_descriptors()
    sockets = [given_socket() or config.bind_socket()]
    say_where(settings, sockets[0].getsockname()[1], made)
    handover = Handover(sockets[0])
    if workers == 1:
        server = uvicorn.Server(config)
        handover.heed(lambda: setattr(server, "should_exit", True))
        server.run(sockets)
    else:
        export_settings(settings)
        Workers(config, sockets).run()
    return handover


def say_where(settings: Settings, port: int, made: Collection[str]) -> None:
    """To people by `welcome`; in a log of JSON by one line, which tells no secret."""
    if settings.log == "json":
        log.info("service: listens on %s, port %d", settings.host, port)
    else:
        welcome(settings, port, made=made)


def create_worker() -> CallbackRouter:
    """The application of a worker process, which ends with its parent."""
    settings = settings_in_worker()
    start_log(settings.log)
    return create_app(settings)


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
            typer.echo(str(fault), err=True)
        say_fault(f"{len(broken.faults)} faults: the menu is not used.")
        raise typer.Exit(1) from None


CONTEXT = CommandContext(menu_or_exit, live_menu_or_exit)

if __name__ == "__main__":
    cli()
