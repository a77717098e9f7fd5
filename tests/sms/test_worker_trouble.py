"""Workers that are stopped, cancelled or killed, and servers that are."""

import asyncio
import os
import random
import signal
from contextlib import suppress

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from runtime.embedded_redis import embedded_redis
from sms.outbox.outbox import Caps, Outbox, Rate
from sms.outbox.worker import WorkerConfig, run_worker
from sms.states import State
from tests.support.outbox_trials import Count, hung, killed, refused
from tests.support.outboxes import GATEWAY, SEAL
from tests.support.patience import PATIENCE
from tests.support.service import short_folder
from tests.support.worker_process import connect
from tests.support.workers import CONFIG, UNLIMITED, Gateway, owe, until, until_empty, working

pytestmark = pytest.mark.usefixtures("processes")


@pytest.fixture
def caps() -> Caps:
    return UNLIMITED


# --- Ending and dying


async def test_stopping_finishes_the_calls_under_way_and_begins_no_more(outbox: Outbox) -> None:
    gateway = Gateway(seconds=0.3)
    await owe(outbox, 30)
    async with working(outbox, gateway):
        await asyncio.sleep(0.15)
    called = len(gateway.calls)
    states = [await outbox.state_of(f"reply{n}") for n in range(30)]
    assert 0 < called <= 8
    assert states.count(State.ACCEPTED) == called
    assert states.count(State.QUEUED) == 30 - called
    async with working(
        outbox, gateway, WorkerConfig(CONFIG.rate, 30, lease=0.05, maintain_every=0.02)
    ):
        for n in range(30):
            await until(outbox, f"reply{n}", State.ACCEPTED)
    assert len(gateway.texted) == 30


async def test_waiting_for_the_rate_does_not_hold_up_stopping(outbox: Outbox) -> None:
    await owe(outbox, 3)
    gateway = Gateway()
    async with asyncio.timeout(60):
        async with working(outbox, gateway, WorkerConfig(Rate(0.01, 1))):
            await asyncio.sleep(0.3)
    states = [await outbox.state_of(f"reply{n}") for n in range(3)]
    assert sorted(map(str, states)) == ["accepted", "queued", "queued"]


async def test_a_worker_cancelled_at_any_moment_texts_nobody_twice(outbox: Outbox) -> None:
    gateway = Gateway(seconds=0.004)
    await owe(outbox, 200)
    config = WorkerConfig(CONFIG.rate, 4, lease=0.1, maintain_every=0.02)
    for _ in range(30):
        task = asyncio.create_task(
            run_worker(outbox, {GATEWAY: gateway}, asyncio.Event(), config=config)
        )
        await asyncio.sleep(random.uniform(0, 0.03))
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    async with working(outbox, gateway, config):
        await until_empty(outbox)
    assert len(gateway.texted) == len(set(gateway.texted))
    states = {await outbox.state_of(f"reply{n}") for n in range(200)}
    assert states <= {State.ACCEPTED, State.UNKNOWN}


async def test_redis_killed_under_load_loses_and_repeats_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gateway = Gateway(seconds=0.003)
    with short_folder() as folder, embedded_redis(folder) as url:
        async with connect(url) as client:
            outbox = Outbox(client, SEAL, UNLIMITED)
            await owe(outbox, 400)
            async with working(
                outbox, gateway, WorkerConfig(CONFIG.rate, lease=3.0, maintain_every=0.05)
            ):
                for _ in range(2):
                    await asyncio.sleep(0.2)
                    pid = (await client.info("server"))["process_id"]
                    _kill(int(pid))
                    await until_answering(client)
                await until_empty(outbox)
            states = [await outbox.state_of(f"reply{n}") for n in range(400)]
    assert len(gateway.texted) == len(set(gateway.texted)) == 400
    assert set(states) == {State.ACCEPTED}
    assert 1 <= caplog.text.count("Redis does not answer") <= 12
    assert "7700" not in caplog.text


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


async def until_answering(client: Redis) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(RedisError):
                await client.ping()
                return
            await asyncio.sleep(0.05)


async def test_a_frozen_redis_does_not_make_a_message_go_twice() -> None:
    """An answer that comes too late is asked for again, and is the same answer."""
    gateway = Gateway(seconds=0.002)
    with short_folder() as folder, embedded_redis(folder) as url:
        async with connect(url, seconds=0.3) as client:
            outbox = Outbox(client, SEAL, UNLIMITED)
            await owe(outbox, 300)
            pid = int((await client.info("server"))["process_id"])
            async with working(
                outbox, gateway, WorkerConfig(CONFIG.rate, lease=2.0, maintain_every=0.05)
            ):
                for _ in range(2):
                    await asyncio.sleep(0.1)
                    os.kill(pid, signal.SIGSTOP)
                    await asyncio.sleep(0.8)
                    os.kill(pid, signal.SIGCONT)
                await until_empty(outbox)
            states = {await outbox.state_of(f"reply{n}") for n in range(300)}
    assert len(gateway.texted) == len(set(gateway.texted)) == 300
    assert states == {State.ACCEPTED}


def _held(counts: list[Count]) -> None:
    assert [count for count in counts if not count.holds] == []


async def test_short_kill_9_of_the_worker_texts_nobody_twice() -> None:
    _held(await killed(kills=6, sends=80))


async def test_short_accepted_then_hung_is_unknown_and_not_sent_again() -> None:
    _held(await hung(sends=12, read=0.5))


async def test_short_a_refusing_gateway_gets_each_message_once_when_it_recovers() -> None:
    _held(await refused(replies=20, minutes=2.0, speed=60.0))
