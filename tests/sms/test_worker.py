"""The worker in this process: order, rate, results, series, the simulator."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from runtime.embedded_redis import embedded_redis
from runtime.encryption import Seal
from sms.gateways.port import Accepted, NotSent, Outbound, OutcomeUnknown, Rejected, Result
from sms.gateways.simulator import Simulator
from sms.outbox.messages import MessageKind, Queue
from sms.outbox.outbox import Caps, Outbox, Rate
from sms.outbox.scripts import GROUP
from sms.outbox.worker import WorkerConfig, retry_delay
from sms.states import State
from tests.support.outbox_trials import number
from tests.support.outboxes import SEAL, put_batch, states
from tests.support.service import short_folder
from tests.support.traces import content_of, traces
from tests.support.worker_process import connect
from tests.support.workers import (
    CONFIG,
    UNLIMITED,
    Gateway,
    owe,
    until,
    until_empty,
    until_sent,
    working,
)


@pytest.fixture
def caps() -> Caps:
    return UNLIMITED


# --- What comes of a call


async def test_each_reply_is_sent_once_in_a_call_of_its_own(outbox: Outbox) -> None:
    gateway = Gateway(seconds=0.01)
    await owe(outbox, 50)
    async with working(outbox, gateway), working(outbox, gateway), working(outbox, gateway):
        for n in range(50):
            await until(outbox, f"reply{n}", State.ACCEPTED)
    assert sorted(gateway.texted) == [number(n) for n in range(50)]
    assert len(gateway.calls) == 50


@pytest.mark.parametrize(
    ("result", "state"),
    [
        (Accepted("g"), State.ACCEPTED),
        (Rejected("406 UserInBlacklist"), State.FAILED),
        (OutcomeUnknown("no answer"), State.UNKNOWN),
    ],
)
async def test_a_result_is_the_end_of_sending(outbox: Outbox, result: Result, state: State) -> None:
    gateway = Gateway(lambda _: result)
    await owe(outbox, 1)
    async with working(outbox, gateway, WorkerConfig(CONFIG.rate, lease=0.05, maintain_every=0.02)):
        await until(outbox, "reply0", state)
        await asyncio.sleep(0.3)
    assert len(gateway.calls) == 1


async def test_what_a_new_server_gives_out_again_is_sent_once(outbox: Outbox, redis: Redis) -> None:
    """It has not heard that the worker claimed it, nor has the gateway answered yet."""
    answered = asyncio.Event()

    class Slow(Gateway):
        async def send(self, outbound: Outbound) -> dict[str, Result]:
            results = await super().send(outbound)
            await answered.wait()
            return results

    gateway = Slow()
    await owe(outbox, 3)
    async with working(outbox, gateway):
        for n in range(3):
            await until(outbox, f"reply{n}", State.SENDING)
        await redis.xgroup_setid(f"sms:queue:{Queue.REPLIES}", GROUP, "0")
        await asyncio.sleep(0.3)
        answered.set()
        for n in range(3):
            await until(outbox, f"reply{n}", State.ACCEPTED)
        await asyncio.sleep(0.1)
    assert sorted(gateway.texted) == [number(n) for n in range(3)]


async def test_what_was_not_sent_is_tried_again_until_it_goes(outbox: Outbox) -> None:
    left = {number(n): n for n in range(10)}

    def answer(msisdn: str) -> Result:
        left[msisdn] -= 1
        return Accepted(msisdn) if left[msisdn] < 0 else NotSent("throttled")

    gateway = Gateway(answer)
    await owe(outbox, 10)
    async with working(outbox, gateway):
        for n in range(10):
            await until(outbox, f"reply{n}", State.ACCEPTED)
    assert [gateway.texted.count(number(n)) for n in range(10)] == list(range(1, 11))


async def test_what_cannot_be_sent_in_time_expires(outbox: Outbox) -> None:
    """Neither begun nor waiting to be tried again is it sent after its time."""
    shift = timedelta()
    gateway = Gateway(lambda _: NotSent("refused"))
    await owe(outbox, 3)
    async with working(outbox, gateway, now=lambda: datetime.now(UTC) + shift):
        await asyncio.sleep(0.2)
        shift, gateway.answer = timedelta(minutes=15), Accepted
        for n in range(3):
            await until(outbox, f"reply{n}", State.EXPIRED)
        before = len(gateway.calls)
        await asyncio.sleep(0.2)
    assert len(gateway.calls) == before


async def test_a_gateway_that_raises_or_forgets_leaves_all_unknown(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Gateway):
        async def send(self, outbound: Outbound) -> dict[str, Result]:
            self.calls.append(outbound)
            if outbound.to[0] == number(0):
                raise ValueError(f"about {outbound.to}")
            return {}

    gateway = Broken()
    await owe(outbox, 2)
    async with working(outbox, gateway):
        for n in range(2):
            await until(outbox, f"reply{n}", State.UNKNOWN)
    assert len(gateway.calls) == 2
    assert "7700" not in caplog.text


async def test_what_another_data_key_sealed_fails_and_nobody_is_texted(
    outbox: Outbox, redis: Redis
) -> None:
    await owe(outbox, 1)
    gateway = Gateway()
    async with working(Outbox(redis, Seal(b"n" * 32)), gateway):
        await until(outbox, "reply0", State.FAILED)
    assert gateway.calls == []


def test_delays_double_are_spread_and_have_an_end() -> None:
    config = WorkerConfig(first_retry_delay=2.0, longest_retry_delay=30.0)
    for attempts, longest in [(1, 2), (2, 4), (3, 8), (5, 30), (10_000, 30)]:
        seconds = [retry_delay(attempts, config).total_seconds() for _ in range(200)]
        assert longest / 2 <= min(seconds) < max(seconds) <= longest


def test_a_delay_that_would_not_be_kept_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 60 s"):
        WorkerConfig(longest_retry_delay=61.0)


# --- Order and rate


async def test_replies_go_ahead_of_a_series(outbox: Outbox) -> None:
    await owe(outbox, 300, MessageKind.SERIES, "Tip 1.")
    await owe(outbox, 5)
    gateway = Gateway(seconds=0.05)
    async with working(outbox, gateway):
        for n in range(5):
            await until(outbox, f"reply{n}", State.ACCEPTED)
        waiting = await outbox.waiting()
    assert waiting[Queue.SERIES] >= 250


async def test_the_rate_holds_for_all_workers_together(outbox: Outbox) -> None:
    await owe(outbox, 200)
    config, gateway = WorkerConfig(Rate(40, 5)), Gateway()
    async with working(outbox, gateway, config), working(outbox, gateway, config):
        await asyncio.sleep(1.0)
        sent = len(gateway.calls)
    assert 25 <= sent <= 46


# --- Series


async def test_a_batch_goes_out_in_one_call(outbox: Outbox) -> None:
    now, gateway = datetime.now(UTC), Gateway()
    for start in range(0, 250, 100):
        numbers = [number(n) for n in range(start, min(start + 100, 250))]
        await put_batch(outbox, numbers, now)
    async with working(outbox, gateway):
        await until_empty(outbox)
    assert sorted(gateway.texted) == [number(n) for n in range(250)]
    assert sorted((len(call.to), call.text, call.bulk) for call in gateway.calls) == [
        (50, "Tip 1.", True),
        (100, "Tip 1.", True),
        (100, "Tip 1.", True),
    ]


async def test_tips_that_an_older_version_queued_one_by_one_are_sent(outbox: Outbox) -> None:
    gateway = Gateway()
    await owe(outbox, 20, MessageKind.SERIES)
    async with working(outbox, gateway):
        await until_empty(outbox)
    assert sorted(gateway.texted) == [number(n) for n in range(20)]
    for n in range(20):
        assert await outbox.state_of(f"series{n}") is State.ACCEPTED


async def test_a_bulk_call_has_a_result_for_each(outbox: Outbox, redis: Redis) -> None:
    kinds: list[Result] = [Accepted("g"), Rejected("no"), OutcomeUnknown("?")]
    ends = [State.ACCEPTED, State.FAILED, State.UNKNOWN]
    gateway = Gateway(lambda msisdn: kinds[int(msisdn[-1]) % 3])
    await put_batch(outbox, [number(n) for n in range(10)], datetime.now(UTC))
    async with working(outbox, gateway):
        await until_empty(outbox)
    assert len(gateway.texted) == 10
    assert await states(redis) == {SEAL.index(number(n)): [ends[n % 3]] for n in range(10)}


async def test_of_a_batch_only_who_was_not_texted_is_tried_again(outbox: Outbox) -> None:
    left = {number(n): n for n in range(10)}

    def answer(msisdn: str) -> Result:
        left[msisdn] -= 1
        return Accepted(msisdn) if left[msisdn] < 0 else NotSent("throttled")

    gateway = Gateway(answer)
    await put_batch(outbox, [*left], datetime.now(UTC))
    async with working(outbox, gateway):
        for n in range(10):
            await until_sent(outbox, number(n))
    assert [len(call.to) for call in gateway.calls] == list(range(10, 0, -1))
    assert [gateway.texted.count(number(n)) for n in range(10)] == list(range(1, 11))


# --- The simulator, and the whole way


async def test_the_simulator_delivers_to_an_inbox(outbox: Outbox, redis: Redis) -> None:
    simulator = Simulator(redis, SEAL)
    await owe(outbox, 2)
    async with working(outbox, simulator):
        for n in range(2):
            await until(outbox, f"reply{n}", State.ACCEPTED)
    [delivered] = await simulator.inbox(number(0))
    assert delivered.text == "Call 112."
    assert await simulator.inbox("+77009999999") == []
    for key in [key async for key in redis.scan_iter("*")]:
        assert await redis.ttl(key) > 0, key
        assert "7700" not in key


@pytest.mark.usefixtures("processes")
async def test_no_number_and_no_text_in_the_servers_files_or_the_logs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    results: list[Result] = [Accepted("g"), Rejected("no"), OutcomeUnknown("?"), NotSent("later")]
    gateway = Gateway(lambda msisdn: results[int(msisdn[-1]) % 4])
    canary = "Kanareika sings"
    with short_folder() as folder, embedded_redis(folder) as url:
        async with connect(url) as client:
            outbox = Outbox(client, SEAL, UNLIMITED)
            await owe(outbox, 20, text=canary)
            await owe(outbox, 20, MessageKind.SERIES, text=canary)
            async with working(outbox, gateway):
                await asyncio.sleep(0.5)
            await client.bgrewriteaof()
            await asyncio.sleep(0.3)
        kept = content_of(folder)
    assert b"appendonly" in kept
    assert traces([canary, *map(number, range(20))], kept + caplog.text.encode()) == []
