"""`main.py digest …`: the series of tips from the command line."""

import asyncio

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import (
    Progress as Bar,
)

from cli.consoles import out
from cli.context import CommandContext, with_sms
from runtime.clock import utc_now
from sms.bootstrap import SmsService
from sms.outbox import read_outbox_status
from sms.series import Progress, Run, read_progress

LOOK_SECONDS = 0.5
COLUMNS = (
    BarColumn(),
    MofNCompleteColumn(),
    TextColumn("{task.fields[told]}"),
    TextColumn("{task.fields[rate]}"),
    TimeRemainingColumn(),
)


def digest_commands(context: CommandContext) -> typer.Typer:
    """`digest due`, `run` and `status`."""
    cli = typer.Typer(no_args_is_help=True, help="The series of tips: what is due, run it, state.")

    @cli.command()
    def due() -> None:
        """How many people have a tip due now."""
        count = with_sms(context, lambda sms: sms.subscriptions.waiting(utc_now()))
        out.print(f"{count} due")

    @cli.command("run")
    def run_now() -> None:
        """Queue what is due now; nothing outside the hours that are allowed.  In a terminal
        it then shows how the workers send it, until all is sent; Ctrl-C ends only the showing.
        """
        out.print(with_sms(context, _run_due))

    @cli.command()
    def status() -> None:
        """What waits in the outbox, and what became of today's tips."""
        for line in with_sms(context, _status):
            out.print(line)

    return cli


async def _status(sms: SmsService) -> list[str]:
    queues = await sms.outbox.waiting()
    today = await read_progress(sms.redis, sms.subscriptions, utc_now())
    return [*(f"{queue}: {count} waiting" for queue, count in queues.items()), _told(today)]


async def _run_due(sms: SmsService) -> str:
    """What a run did; outside the hours, what waits and until when."""
    calendar, now = sms.calendar, utc_now()
    if calendar.allows(now):
        done = await (_run_and_show(sms) if out.is_terminal else sms.run_due())
        return f"{done.queued} queued, {done.held_back} held back by the cap"
    count = await sms.subscriptions.waiting(now)
    following = calendar.first_from(now).astimezone(calendar.zone)
    return f"outside the hours, {count} due; next at {following:%Y-%m-%d %H:%M} ({calendar.zone})"


async def _run_and_show(sms: SmsService) -> Run:
    """Run, and show what becomes of it until nothing waits, or nobody is there to send it."""
    before = await read_progress(sms.redis, sms.subscriptions, utc_now())
    running = asyncio.create_task(sms.run_due())
    with Bar(*COLUMNS, console=out) as bar:
        task = bar.add_task("", total=before.left, told="", rate="")
        while True:
            queued = running.done()
            now = await read_progress(sms.redis, sms.subscriptions, utc_now())
            _show(bar, task, before, now)
            if queued and not (now.waiting and await _somebody_sends(sms)):
                break
            await asyncio.sleep(LOOK_SECONDS)
    if now.waiting:
        out.print("no worker runs: start one with `main.py worker`")
    return await running


def _show(bar: Bar, task: TaskID, before: Progress, now: Progress) -> None:
    """`before`: when the run began, since the day may have had runs before."""
    done = now.done - before.done
    bar.update(task, completed=done, total=done + now.left, told=_told(now))
    speed = bar.tasks[task].speed
    bar.update(task, rate=f"{speed:.0f} a second" if speed else "")


def _told(progress: Progress) -> str:
    parts = {
        "sent": progress.sent,
        "waiting": progress.left,
        "unknown": progress.unknown,
        "not sent": progress.not_sent,
    }
    return "today: " + ", ".join(f"{count} {what}" for what, count in parts.items())


async def _somebody_sends(sms: SmsService) -> bool:
    return (await read_outbox_status(sms.redis, sms.outbox)).worker_alive
