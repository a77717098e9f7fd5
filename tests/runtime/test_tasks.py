"""A task that must run as long as the process: whatever ends it, it is told and begun anew."""

import asyncio
from collections.abc import Callable

import pytest

from runtime import tasks
from runtime.tasks import keep_running
from tests.support.patience import PATIENCE


def returns() -> None:
    pass


def fails() -> None:
    raise KeyError("+77010000000")


def fails_in_a_group() -> None:
    raise BaseExceptionGroup("several", [KeyError("+77010000000")])


def is_cancelled() -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("ends", "why"),
    [
        (returns, "by itself"),
        (fails, "KeyError at"),
        (fails_in_a_group, "KeyError at"),
        (is_cancelled, "cancelled"),
    ],
)
async def test_whatever_ends_it_it_begins_anew(
    ends: Callable[[], None],
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(tasks, "AGAIN_SECONDS", 0.001)
    stop, times = asyncio.Event(), 0

    async def run() -> None:
        nonlocal times
        times += 1
        if times == 3:
            stop.set()
        else:
            ends()

    await asyncio.wait_for(keep_running("the menu", run, stop), PATIENCE)
    assert times == 3
    assert caplog.text.count(f"the menu ended ({why}") == 2
    assert "+7701" not in caplog.text


async def test_it_ends_when_it_is_cancelled_itself() -> None:
    stop, ended = asyncio.Event(), asyncio.Event()

    async def run() -> None:
        try:
            await stop.wait()
        finally:
            ended.set()

    task = asyncio.create_task(keep_running("the menu", run, stop))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(ended.wait(), PATIENCE)
