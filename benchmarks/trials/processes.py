"""Processes come and go while people call; many call at once, and for long."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import httpx
import psutil

from benchmarks.calls import DIALOGUES, Tally, call_at, hop, reasons, text
from benchmarks.trials.worlds import Row, World, serving, settings, until_sent, world
from tests.support.fake_gateway import fake_gateway
from tests.support.outbox_trials import number
from tests.support.service import free_port, new_session, short_folder

APART = 10.0
"""Seconds from one signal to the next."""


async def process_between_hops(size: float) -> list[Row]:
    """Before each hop the service has been started anew: no hop meets the process before."""
    many, tally = int(1000 * size), Tally()
    sessions = [(new_session(), random.choice(DIALOGUES)[:5]) for _ in range(many)]
    with short_folder() as folder, fake_gateway() as gateway:
        env = settings(folder, gateway)
        for step in range(5):
            with serving(port := free_port(), env, folder / "log"):
                for id_, turns in sessions:
                    if step < len(turns):
                        await hop(port, turns[step], tally, id_)
    holds = not (tally.wrong or tally.failed or tally.emergency)
    done = f"{many} sessions of five, everything killed and started between all hops"
    return [Row(done, "all right screens", str(tally), holds)]


def rate_of(size: float) -> float:
    """Requests a second: a small trial is for a machine on which others work."""
    return 50 if size >= 1 else 10


async def sigterm(size: float) -> list[Row]:
    """To one of two workers, each in its turn."""
    with world("--workers", "2", KOMEK_WORKER="true") as on:
        times, rate, slow = max(2, int(20 * size)), rate_of(size), 0

        async def end_in_turn() -> None:
            nonlocal slow
            for _ in range(times):
                oldest = min(workers_of(on.process), key=psutil.Process.create_time)
                oldest.terminate()
                await asyncio.sleep(APART)
                slow += is_alive(oldest)

        failed, came = await asked_during(on, rate, times * APART, end_in_turn())
    done = (
        f"SIGTERM of one of two processes {times} times, {APART:.0f} s apart, {rate:g} requests/s"
    )
    wanted = "0 failed, 0 lost, 0 double, out ≤ 10 s"
    return [Row(done, wanted, f"{came}; {slow} out later than 10 s", not failed and not slow)]


async def handed_over(size: float) -> list[Row]:
    return [await handed_over_by(workers, size) for workers in (1, 2)]


async def handed_over_by(workers: int, size: float) -> Row:
    """SIGUSR2 to the process that was started."""
    with world("--workers", str(workers), KOMEK_WORKER="true") as on:
        times, rate = max(2, int(10 * size)), rate_of(size)

        async def hand_over() -> None:
            for _ in range(times):
                os.kill(on.process.pid, signal.SIGUSR2)
                await asyncio.sleep(3 * APART)

        failed, came = await asked_during(on, rate, times * 3 * APART, hand_over())
    done = f"SIGUSR2 {times} times to a service of {workers}, {3 * APART:.0f} s apart, "
    return Row(f"{done}{rate:g} requests/s", "0 failed, 0 lost, 0 double", came, not failed)


async def asked_during(
    on: World, rate: float, seconds: float, happens: Coroutine[Any, Any, None]
) -> tuple[int, str]:
    """So many requests a second meanwhile, one in ten a text; how much failed, and all in words."""
    calls = asyncio.create_task(call_at(on.port, 0.9 * rate, seconds))
    texts = asyncio.create_task(text_at(on.port, 0.1 * rate, seconds))
    await happens
    tally, (acknowledged, refused) = await calls, await texts
    sent = await until_sent(on.gateway, acknowledged)
    lost, twice = (
        sum(number(n) not in sent for n in acknowledged),
        sum(many > 1 for many in sent.values()),
    )
    bad = tally.failed + tally.wrong + tally.emergency + refused
    asked = len(tally.seconds) + len(acknowledged) + refused
    came = f"{bad} of {asked} requests failed{reasons(tally.why)}, "
    came += f"longest {max(tally.seconds):.1f} s; "
    came += f"of {len(acknowledged)} SMS {lost} lost, {twice} double"
    return bad + lost + twice, came


async def text_at(port: int, rate: float, seconds: float, first: int = 0) -> tuple[set[int], int]:
    """The texts that were acknowledged, numbered from `first`, and how many were not."""
    began, tasks = time.monotonic(), []
    for n in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + n / rate - time.monotonic()))
        tasks.append(asyncio.create_task(text(port, f"in{first + n}", number(first + n))))
    said = await asyncio.gather(*tasks)
    taken = {n for n, status in enumerate(said, first) if status == 200}
    return taken, len(said) - len(taken)


def workers_of(process: psutil.Process) -> list[psutil.Process]:
    """Those that live; one that is gone has no command line any more."""
    found = list[psutil.Process]()
    for each in process.children():
        with suppress(psutil.NoSuchProcess):
            found += [each] if "spawn_main" in " ".join(each.cmdline()) else []
    return found


def is_alive(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


# --- Load


async def load(size: float) -> list[Row]:
    """100 requests a second, then five times that."""
    with world() as on:
        usual = await call_at(on.port, 100, seconds := 600 * size)
        crowd = await call_at(on.port, 500, half := 60 * size)
    good = not (usual.failed or usual.wrong or usual.emergency)
    return [
        Row(
            f"100 requests/s for {seconds:.0f} s",
            "p99 ≤ 0.2 s, no error",
            str(usual),
            good and usual.p99 <= 0.2,
        ),
        Row(
            f"500 requests/s for {half:.0f} s",
            "a valid screen each",
            str(crowd),
            not (crowd.failed or crowd.wrong),
        ),
    ]


async def soak(size: float) -> list[Row]:
    """Flat from a sixth of the time on, as after five minutes of thirty."""
    with world() as on:
        seconds = 1800 * size
        await call_at(on.port, 50, seconds / 6)
        before = state_of(on)
        tally = await call_at(on.port, 50, seconds * 5 / 6)
        after = state_of(on)
    (mb, files, keys, labels), (mb_, files_, keys_, labels_) = before, after
    came = f"{mb:.0f} → {mb_:.0f} MB, {files} → {files_} descriptors, {keys} → {keys_} keys, "
    came += f"{labels} → {labels_} lines of metrics; {tally}"
    flat = mb_ <= mb * 1.05 and files_ <= files + 2 and keys_ <= keys + 5 and labels_ <= labels
    done = f"50 calls/s for {seconds:.0f} s; flat from a sixth of it on"
    return [Row(done, "memory ≤ +5 %, the others flat", came, flat and not tally.failed)]


def state_of(on: World) -> tuple[float, int, int, int]:
    """Memory in MB, descriptors, keys but for those of sessions, lines of the metrics."""
    keys = sum(not key.startswith("ussd:session:") for key in on.redis.scan_iter(count=1000))
    metrics = httpx.get(f"http://127.0.0.1:{on.port}/metrics", timeout=30, trust_env=False).text
    memory = on.process.memory_info().rss / 1e6
    return memory, on.process.num_fds(), keys, len(metrics.splitlines())
