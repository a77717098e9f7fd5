"""Redis and the gateway break while people call, or Redis cannot start at all."""

import asyncio
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from redis.exceptions import RedisError

from benchmarks.calls import Tally, call_often, text
from benchmarks.trials.worlds import (
    PATIENCE,
    Row,
    World,
    fake_world,
    lost_of,
    world,
)
from tests.support.outbox_trials import number
from tests.support.service import short_folder


async def broken(
    on: World, what: str, many: int, breaks: Callable[[], object]
) -> tuple[str, Tally, float]:
    """Calls from the moment that something breaks; and when `/readyz` told so."""
    told = asyncio.create_task(on.seconds_until(503))
    breaks()
    tally = await call_often(on.port, many)
    return f"{many} calls, {what}", tally, await told


def broken_row(result: tuple[str, Tally, float], most: float, recovery: float) -> Row:
    done, tally, told = result
    right = not tally.failed and not tally.wrong
    holds = right and max(tally.seconds) <= most and told <= 5 and recovery < PATIENCE
    came = f"{tally}; told after {told:.1f} s, ready again after {recovery:.1f} s"
    return Row(done, f"right screens, ≤ {most:g} s; told ≤ 5 s; recovers", came, holds)


async def redis_killed(size: float) -> list[Row]:
    """Killed again as soon as it is back, until the calls are over."""
    with world() as on:
        over = asyncio.Event()

        async def keep_killing() -> None:
            while not over.is_set():
                with suppress(RedisError, OSError):
                    os.kill(on.redis_pid(), signal.SIGKILL)
                await asyncio.sleep(0.02)

        killer = asyncio.create_task(keep_killing())
        result = await broken(on, "Redis killed", int(1000 * size), lambda: None)
        over.set()
        await killer
        return [broken_row(result, 1.0, await on.seconds_until(200))]


async def redis_stopped(size: float) -> list[Row]:
    with world() as on:
        pid = on.redis_pid()
        stop = lambda: os.kill(pid, signal.SIGSTOP)  # noqa: E731
        result = await broken(on, "Redis stopped (SIGSTOP)", int(1000 * size), stop)
        os.kill(pid, signal.SIGCONT)
        return [broken_row(result, 2.0, await on.seconds_until(200))]


async def redis_full(size: float) -> list[Row]:
    """Simulated: `maxmemory 1` with `noeviction`, by which Redis refuses every write."""
    with world() as on:
        fill = lambda: on.redis.config_set("maxmemory", 1)  # noqa: E731
        result = await broken(on, "Redis full (maxmemory 1)", int(1000 * size), fill)
        answers = [await text(on.port, f"in{n}", number(n)) for n in range(20)]
        on.redis.config_set("maxmemory", 0)
        recovery = await on.seconds_until(200)
        answered = ", ".join(f"{many} x {status}" for status, many in Counter(answers).items())
        taken = {n for n, status in enumerate(answers) if status == 200}
        lost = await lost_of(on.redis_url, taken)
        came, holds = f"{answered}; {lost} lost", not lost and {*answers} <= {200, 503}
        texts = Row("20 texts, Redis full", "503, or 200 and stored", came, holds)
        return [broken_row(result, 1.0, recovery), texts]


async def gateway_hung(size: float) -> list[Row]:
    with world(KOMEK_WORKER="true") as on:
        on.gateway.mode = "hang"
        await asyncio.gather(*(text(on.port, f"hung{n}", number(n)) for n in range(50)))
        tally = await call_often(on.port, many := int(1000 * size))
        holds = not tally.failed and not tally.wrong and max(tally.seconds) <= 1
        done = f"{many} calls, the gateway hung, 50 texts asked for"
        return [Row(done, "right screens, ≤ 1 s", str(tally), holds)]


# --- Redis cannot start


def of_somebody_else(folder: Path) -> Callable[[], object]:
    """As a file in the folder's place is for root, too.  What makes it well again."""
    (folder / "redis").write_bytes(b"")
    return (folder / "redis").unlink


def no_program(folder: Path) -> Callable[[], object]:
    """A program of that name which ends at once."""
    program = folder / "valkey-server"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    return program.unlink


def torn_manifest(folder: Path) -> Callable[[], object]:
    """What no tool mends."""
    files = folder / "redis" / "appendonlydir"
    files.mkdir(parents=True, mode=0o700)
    manifest = files / "appendonly.aof.manifest"
    manifest.write_text("torn")
    return manifest.unlink


def full_disk(folder: Path) -> Callable[[], object]:
    """A disk of 64 KB, filled; only root may mount one."""
    subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder],
        check=True,
        capture_output=True,
    )
    filling = folder / "filling"
    with suppress(OSError), filling.open("wb", buffering=0) as file:
        while file.write(bytes(1024)):
            pass
    return filling.unlink


STARTS: dict[str, Callable[[Path], Callable[[], object]]] = {
    "a data directory that is not ours": of_somebody_else,
    "a program that ends at once": no_program,
    "a torn manifest": torn_manifest,
    "a full disk": full_disk,
}


async def starts(size: float) -> list[Row]:
    return [await start(name, spoil, max(5, int(100 * size))) for name, spoil in STARTS.items()]


async def start(name: str, spoil: Callable[[Path], Callable[[], object]], many: int) -> Row:
    """The service is started on it, called, and then what was wrong is put right."""
    done, wanted = f"start with {name}, {many} calls", "right screens; texts 503; taken up"
    with short_folder() as folder, unmounted(folder / "data"):
        try:
            mend = spoil(folder / "data")
        except (OSError, subprocess.CalledProcessError) as error:
            return Row(done, wanted, f"not tried here: {type(error).__name__}", holds=False)
        with fake_world(folder, folder / "data" / "redis") as on:
            tally, ready = await call_often(on.port, many), on.readiness()
            before = await text(on.port, "in1", number(1))
            mend()
            recovery = await on.seconds_until(200)
            after = await text(on.port, "in1", number(1))
            told = sum("embedded Redis does not run" in line for line in on.told)
    came = f"{tally}; /readyz {ready}, a text {before}, {told} line in the log; "
    came += f"mended: ready after {recovery:.0f} s, the text {after}"
    right = not tally.failed and not tally.wrong and (ready, before, after) == (503, 503, 200)
    return Row(done, wanted, came, right and told >= 1 and recovery < PATIENCE)


@contextmanager
def unmounted(folder: Path) -> Iterator[None]:
    folder.mkdir()
    try:
        yield
    finally:
        subprocess.run(["/bin/umount", "--lazy", folder], check=False, capture_output=True)
