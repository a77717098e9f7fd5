"""`main.py forget MSISDN`: everything that is kept of a number, forgotten.

Each room forgets its own; then Redis makes its files anew, which still hold what was deleted.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from cli.consoles import err, out
from cli.context import CommandContext, join_or_exit, refuse, settings_or_exit
from runtime.append_only_file import rewrite, save_anew
from runtime.clock import utc_now
from runtime.data_keys import keys_of
from runtime.encryption import Seal
from runtime.msisdn import is_msisdn
from runtime.redis_client import REDIS_ERRORS, connect, servers_of
from runtime.settings import Settings
from sms.country_requests import CountryRequests
from sms.gateways import Simulator
from sms.outbox import forget_messages
from sms.series import Calendar, Subscriptions
from sms.unknown_words import UnknownWords
from ussd.answers import Answers
from ussd.sessions import Sessions

REDIS_SECONDS = 5.0
PAUSE_SECONDS = 1.0
"""What was under way when the number was forgotten has then been written, and is forgotten too."""
PARTLY = 3
"""The exit code where Redis has forgotten, and a file may still hold it."""
QUESTION = "Forget this number? What waits to be sent to it is not sent."
NO_NUMBER = (
    "this is no phone number: write + and all its digits, such as +77010000000; "
    "where people dial an 8 in front, write +7"
)


def forget_command(_context: CommandContext) -> typer.Typer:
    """`forget`, in a set of commands of its own."""
    cli = typer.Typer()

    @cli.command()
    def forget(
        msisdn: Annotated[
            str, typer.Argument(help="Such as +77010000000; left out, it is asked for")
        ] = "",
        yes: Annotated[bool, typer.Option("--yes", help="Forget without asking")] = False,
    ) -> None:
        """Forget all that is kept of a number, also in the files of Redis.

        Exit codes: 0 forgotten; 1 refused, or Redis does not answer: do it again; 3 forgotten,
        but a file may still hold it, as the lines say.
        """
        settings = join_or_exit(settings_or_exit())
        msisdn = msisdn or typer.prompt("Number", type=str).strip()
        if not is_msisdn(msisdn):
            refuse(NO_NUMBER)
        if not (yes or typer.confirm(QUESTION)):
            raise typer.Exit(1)
        try:
            left = asyncio.run(_forget(settings, msisdn))
        except REDIS_ERRORS as error:
            refuse(f"Redis does not answer ({type(error).__name__}): do it again")
        if left:
            _end_partly(left)

    return cli


def _end_partly(left: list[str]) -> NoReturn:
    for line in left:
        err.print(line, style="red", soft_wrap=True, markup=False)
    raise typer.Exit(PARTLY)


async def _forget(settings: Settings, msisdn: str) -> list[str]:
    """Print what was forgotten; what is still to be done, a line each."""
    seal = Seal(keys_of(settings))
    async with connect(settings.redis_url or "", REDIS_SECONDS) as redis:
        _tell(await forget_number(redis, seal, msisdn))
        left = await _make_files_anew(redis)
    return left + [_about_copy(path) for path in _torn_copies(settings.data_dir)]


def _tell(counts: Counter[str]) -> None:
    """How much of everything; no number."""
    if not counts.total():
        out.print("Nothing was known of this number; look whether it is written right.")
        return
    out.print("Forgotten:")
    for what, count in counts.items():
        if count:
            out.print(f"  {what}: {count}")


async def forget_number(redis: Redis, seal: Seal, msisdn: str) -> Counter[str]:
    """Let each room forget, twice; how much of everything.  Raises `REDIS_ERRORS`."""
    subscriptions = Subscriptions(redis, seal, Calendar())
    counts = Counter(series=int(await subscriptions.runs(msisdn)))
    await subscriptions.stop(msisdn)  # no tip leaves from now on
    for each in seal.apart():
        counts.update(await _forget_once(redis, each, msisdn, seal))
    await asyncio.sleep(PAUSE_SECONDS)
    await subscriptions.forget(msisdn)
    for each in seal.apart():
        counts.update(await _forget_once(redis, each, msisdn, seal))
    with suppress(ResponseError):  # forbidden
        for server in await servers_of(redis):
            await redis.slowlog_reset(**server)  # it quotes commands
    return counts


async def _forget_once(redis: Redis, seal: Seal, msisdn: str, all_keys: Seal) -> dict[str, int]:
    """What is kept under one key."""
    now = utc_now()
    outbox = await forget_messages(redis, seal, msisdn, now, all_keys)
    return {
        "messages": outbox.messages,
        "delivery reports": outbox.reports,
        "days on which it was texted": outbox.days,
        "words not understood": await UnknownWords(redis, seal).forget(msisdn, now),
        "countries asked about": await CountryRequests(redis, seal).forget(msisdn, now),
        "days on which it called": await Sessions(redis, seal).forget_caller(msisdn),
        "dialled sessions": await Answers(redis, seal).forget(msisdn),
        "texts in the simulator": await Simulator(redis, seal).forget(msisdn),
    }


# --- Files --------------------------------------------------------------------


async def _make_files_anew(redis: Redis) -> list[str]:
    """What could not be made anew, a line each."""
    makers = {"append-only file": rewrite, "snapshot": save_anew}
    return [why for name, make in makers.items() if (why := await _fault(name, make(redis)))]


async def _fault(name: str, making: Awaitable[bool]) -> str:
    """Why a file could not be made anew; empty where it was, or where there is none."""
    try:
        made = await making
    except ResponseError as error:
        return f"the {name} of Redis is not made anew, and may hold the number: {error}"
    except TimeoutError:
        return f"the {name} of Redis is still being made anew: until then it may hold the number"
    if made:
        out.print(f"The {name} of Redis was made anew.")
    return ""


def _torn_copies(data_dir: Path) -> list[Path]:
    """Copies that the start kept of an append-only file before it cut it."""
    return sorted(data_dir.glob("appendonlydir.torn-*"))


def _about_copy(path: Path) -> str:
    return f"{path} is a copy of an earlier append-only file, and may hold it: delete it"
