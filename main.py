"""Komek: settings, the world put together, the web application, the command line."""

import asyncio
import gc
import logging
import multiprocessing
import os
import re
import secrets
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer
import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from rich.console import Console
from uvicorn.supervisors import Multiprocess

from menus.faults import BrokenMenu
from menus.live import LiveMenu, follow_changes, reload_when_asked
from menus.load import load
from menus.model import Menu
from menus.shelf import Shelf
from sms.alphabet_check import latin_stays_gsm7
from sms.callback import Callbacks
from sms.embedded_redis import NoServer, embedded_redis
from sms.end_with_parent import end_with
from ussd import africastalking
from ussd.fit_check import fits_on_screens
from ussd.hop import Dialogue
from ussd.paging import Budget
from ussd.phone import conversation, drawn, everything, talk, text_dialled
from ussd.screens import Screens
from ussd.sessions import REDIS_SECONDS, Sessions

err = Console(stderr=True, highlight=False)
out = Console(highlight=False)


# --- Settings -----------------------------------------------------------------


def strong(secret: SecretStr) -> SecretStr:
    """The secret, if it can stand in a path and nobody can guess it."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{22,}", secret.get_secret_value()):
        raise ValueError("needs 22 or more of A-Z a-z 0-9 _ - (128 bits)")
    return secret


def content(path: object) -> str:
    """The secret that a file holds."""
    try:
        return Path(str(path)).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(getattr(error, "strerror", None) or "is not text") from None


def address(url: str) -> str:
    """The address of a Redis, if it is one."""
    parse_url(url)  # raises ValueError, and says which addresses there are
    return url


Secret = Annotated[SecretStr, AfterValidator(strong)]
SecretFile = Annotated[Secret, BeforeValidator(content)]


class Settings(BaseSettings):
    """KOMEK_… variables of the environment or of a `.env` file."""

    model_config = SettingsConfigDict(
        env_prefix="KOMEK_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    redis_url: Annotated[str, AfterValidator(address)] | None = None
    data_dir: Path = Path("data")
    menus_dir: Path = Path(__file__).parent / "menus"
    gateway: Literal["simulator", "africastalking"] = "simulator"
    service_code: Annotated[str, Field(pattern=r"^\*[0-9]+(\*[0-9]+)*#$")] = "*384*55#"
    callback_secret_file: SecretFile | None = None
    callback_secret: Annotated[Secret | None, Field(validate_default=True)] = None
    ussd_septets: Annotated[int, Field(ge=60, le=182)] = 160
    ussd_units: Annotated[int, Field(ge=60, le=80)] = 70
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000

    @field_validator("callback_secret")
    @classmethod
    def _one_of_two(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        secret = secret or info.data.get("callback_secret_file")
        file_is_wrong = "callback_secret_file" not in info.data
        if not (secret or file_is_wrong) and info.data.get("gateway") == "africastalking":
            raise ValueError("is missing; set it, or …_FILE to a file that holds it")
        return secret

    @property
    def budget(self) -> Budget:
        return Budget(self.ussd_septets, self.ussd_units)


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


def read_menu(budget: Budget, folder: Path) -> Menu:
    """The menu of a folder, checked for every channel.  Raises `BrokenMenu`."""
    return load(folder, [latin_stays_gsm7, fits_on_screens(budget)])


def secret_of(settings: Settings) -> str:
    """The secret of the callbacks.  Raises `ValueError` if the settings have none."""
    if settings.callback_secret is None:
        raise ValueError("no callback secret")
    return settings.callback_secret.get_secret_value()


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


def create_app(settings: Settings) -> Callbacks:
    """The web application of complete settings.  Raises `BrokenMenu`."""
    redis = connect(settings.redis_url or "")
    secret = secret_of(settings)
    read = partial(read_menu, settings.budget)
    menu = LiveMenu(settings.menus_dir, read, Shelf(settings.data_dir / "menus", read))
    sessions = Sessions(redis)
    dialogue = Dialogue(menu, sessions, settings.budget)
    hop = africastalking.ussd_callback(secret, dialogue)
    end = africastalking.end_callback(secret, sessions)

    app = FastAPI(
        lifespan=partial(lifespan, menu, redis),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    for path, state in (("/healthz", alive), ("/readyz", partial(ready, menu, redis))):
        app.add_api_route(path, state, methods=["GET", "HEAD"])
    return Callbacks({("africastalking", "ussd"): hop, ("africastalking", "ussd/end"): end}, app)


@asynccontextmanager
async def lifespan(menu: LiveMenu, redis: Redis, _app: FastAPI) -> AsyncIterator[None]:
    """While the application runs, the menu follows its files and SIGHUP."""
    gc.collect()
    gc.freeze()  # what lives as long as we do need not be looked through again
    stop, hangup = asyncio.Event(), asyncio.Event()
    if not at_a_terminal():
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hangup.set)
    asking = asyncio.create_task(reload_when_asked(menu, hangup))
    following = asyncio.create_task(follow_changes(menu, stop))
    yield
    stop.set()
    asking.cancel()
    await following
    await redis.aclose()


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
) -> None:
    """Answer the gateway's callbacks."""
    settings = settings_or_exit()
    chosen = {"host": host, "port": port}
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
    url, secret = settings.redis_url, settings.callback_secret
    try:
        url = url or stack.enter_context(embedded_redis(settings.data_dir))
    except NoServer as error:
        err.print(str(error), style="red")
        raise typer.Exit(1) from None
    secret = secret or SecretStr(secrets.token_urlsafe(16))
    return settings.model_copy(update={"redis_url": url, "callback_secret": secret})


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
    out.print(f"\n[bold]Komek answers {code}[/] ({settings.gateway})\n")
    out.print(f"Callback, for the gateway: {callback}", soft_wrap=True)
    out.print(f"End of session:            {callback}/end", soft_wrap=True)
    out.print(f"State:                     {base}/readyz\n", soft_wrap=True)
    out.print("Try next, in another terminal:")
    out.print("  .venv/bin/python main.py dial      a phone; dial, then type an answer")
    out.print("  .venv/bin/python main.py screens   everything that a phone can show")
    form = "sessionId=try-1&phoneNumber=%2B77010000000&text="
    out.print(f"  curl -d '{form}' {callback}\n", soft_wrap=True)


@cli.command()
def check() -> None:
    """Name every fault of the menu, the words and the numbers, with file and line."""
    menu = menu_or_exit(settings_or_exit())
    parts = f"{len(menu.nodes)} nodes, {len(menu.facts)} facts, {len(menu.numbers)} numbers"
    out.print(f"No faults: {parts}, {len(menu.languages)} languages. Version {menu.version}.")
    for language in menu.languages.values():
        if language.native_reader == "not yet":
            out.print(f"Note: no native speaker has read menus/{language.code}.yaml yet.")


def menu_or_exit(settings: Settings) -> Menu:
    try:
        return read_menu(settings.budget, settings.menus_dir)
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
    answers = africastalking.answers_of(with_code)
    screens = Screens(menu_or_exit(settings), settings.budget)
    if keys is None:
        talk(out, screens, settings.budget, answers)
        return
    for shown in conversation(screens, answers + africastalking.answers_of(keys)):
        out.print(drawn(shown, settings.budget))


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
    for shown in everything(Screens(menu, settings.budget), language):
        out.print(drawn(shown, settings.budget))


if __name__ == "__main__":
    cli()
