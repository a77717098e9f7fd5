"""Tasks that run as long as the process: one that ends is told, and started again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from runtime.logs import redacted

AGAIN_SECONDS = 1.0

log = logging.getLogger(__name__)


async def keep_running(
    name: str, run: Callable[[], Awaitable[object]], stop: asyncio.Event
) -> None:
    """Run it until `stop` is set; then it must end by itself.  Ends it earlier, by a mistake of
    ours or because somebody cancelled it, the log says so and it begins anew.
    """
    while not stop.is_set():
        task = asyncio.ensure_future(run())
        try:
            await asyncio.wait({task})
        finally:
            task.cancel()  # where we are cancelled ourselves
        if not stop.is_set():
            log.error("%s ended (%s); it is started again", name, _why(task))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), AGAIN_SECONDS)
        elif not task.cancelled() and task.exception():
            log.error("%s failed while it ended (%s)", name, _why(task))


def _why(task: "asyncio.Future[object]") -> str:
    """The kind and place of what went wrong, below a group that tells of it."""
    error = None if task.cancelled() else task.exception()
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if error is None:
        return "cancelled" if task.cancelled() else "by itself"
    return redacted(error)
