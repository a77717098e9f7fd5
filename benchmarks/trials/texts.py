"""Callbacks come again, gateways and workers fail, power is cut, entries are poisoned."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from benchmarks.calls import post, text
from benchmarks.trials.worlds import (
    SEAL,
    NotStarted,
    Row,
    World,
    lost_of,
    rows_of,
    serving,
    settings,
    until_sent,
    world,
)
from runtime.embedded_redis import embedded_redis
from sms.outbox.messages import MessageKind, Outgoing, Queue
from sms.outbox.outbox import Caps, Outbox, Outcome, Rate, Sending
from sms.states import State
from tests.support.fake_gateway import fake_gateway
from tests.support.outbox_trials import hung, killed, number, refused
from tests.support.service import form, free_port, short_folder
from tests.support.worker_process import connect

CONSENT = "3*3*2*1"
"""What leads from the first screen to an SMS with the tips."""

Post = Callable[[World, int], Awaitable[int]]
"""Posts a callback of this number; the status of the answer."""


async def a_text(on: World, n: int) -> int:
    return await text(on.port, f"in{n}", number(n))


async def asked_for_consent(on: World, n: int) -> None:
    """The hops before it."""
    for end in range(0, len(CONSENT), 2):
        await post(on.port, "ussd", form(f"agrees-{n}", CONSENT[: max(0, end - 1)], number(n)))


async def a_consent(on: World, n: int) -> int:
    return (await post(on.port, "ussd", form(f"agrees-{n}", CONSENT, number(n))))[0]


async def an_end(on: World, n: int) -> int:
    ended = {**form(f"ends-{n}", "3", number(n)), "status": "Incomplete"}
    return (await post(on.port, "ussd/end", ended))[0]


async def a_report(on: World, n: int) -> int:
    """Of a text that was accepted."""
    report = {"id": f"of-{n}", "status": "Success", "phoneNumber": number(n)}
    return (await post(on.port, "sms/delivery", report))[0]


async def an_opt_out(on: World, n: int) -> int:
    return (await post(on.port, "sms/opt-out", {"phoneNumber": number(n)}))[0]


def replies(on: World) -> int:
    return int(on.redis.xlen("sms:queue:replies"))


def ends(on: World) -> int:
    [day] = on.redis.scan_iter("ussd:counts:*")
    return int(on.redis.hget(day, "ended: by the caller") or 0)


def delivered(on: World) -> int:
    """People, in the day's counts."""
    counts: Any = on.redis.hgetall(next(on.redis.scan_iter("sms:counts:*")))
    return int(counts.get("reply is delivered", 0))


def stopped(on: World) -> int:
    return sum(1 for _ in on.redis.scan_iter("sms:stopped:*", count=1000))


REPEATED: dict[str, tuple[Post, Callable[[World], int]]] = {
    "texts": (a_text, replies),
    "consents on a screen": (a_consent, replies),
    "ends of a session": (an_end, ends),
    "delivery reports": (a_report, delivered),
    "opt-outs": (an_opt_out, stopped),
}


async def callbacks_repeated(size: float) -> list[Row]:
    return [await repeated(name, times, int(500 * size)) for name in REPEATED for times in (2, 10)]


async def repeated(name: str, times: int, many: int) -> Row:
    """Each posted so often at once, and once more when all is over."""
    once, effects = REPEATED[name]
    with world() as on:
        if name == "delivery reports":
            await accepted(on, many)
        wrong = 0
        for n in range(many):
            if once is a_consent:
                await asked_for_consent(on, n)
            said = await asyncio.gather(*(once(on, n) for _ in range(times)))
            wrong += sum(status != 200 for status in [*said, await once(on, n)])
        came = effects(on)
    done = f"{many} {name}, each {times} times at once and once later"
    right = came == many and not wrong
    return Row(done, f"{many} effects", f"{came} effects, {wrong} answers other than 200", right)


async def accepted(on: World, many: int) -> None:
    """Replies that a gateway took, and calls `of-0` and so on."""
    await owe(on.redis_url, many)
    async with connect(on.redis_url) as redis:
        outbox, now = Outbox(redis, SEAL), datetime.now(UTC)
        names = {number(n): f"of-{n}" for n in range(many)}
        while claimed := await outbox.claim(Queue.REPLIES, "w", 100) or await outbox.claim(
            Queue.REPLIES, "w", 100
        ):
            rate, gateways = Rate(1e6, 10**6), ["africastalking"]
            begun = [await outbox.begin(each, "w", rate, gateways, now) for each in claimed]
            took = [
                Outcome(each.claimed, State.ACCEPTED, gateway_id=names[each.to[1]])
                for each in begun
                if isinstance(each, Sending)
            ]
            await outbox.settle(took, now)


async def reply_dropped(size: float) -> list[Row]:
    return rows_of(await hung(int(200 * size)))


async def worker_killed(size: float) -> list[Row]:
    return rows_of(await killed(int(200 * size), int(2000 * size)))


async def gateway_refuses(size: float) -> list[Row]:
    return rows_of(await refused(int(100 * size), 10.0, 30.0))


async def redis_killed_under_texts(size: float) -> list[Row]:
    with world() as on:
        many, kills, acknowledged = int(10_000 * size), max(1, int(20 * size)), set[int]()
        left = iter(range(10**9))

        async def send() -> None:
            while len(acknowledged) < many:
                n = next(left)
                if await text(on.port, f"in{n}", number(n)) == 200:
                    acknowledged.add(n)

        senders = [asyncio.create_task(send()) for _ in range(8)]
        killed_ = 0
        while killed_ < kills:
            await asyncio.sleep(0.05)
            if len(acknowledged) >= many * (killed_ + 0.5) / kills:
                with suppress(RedisError, OSError):
                    os.kill(on.redis_pid(), signal.SIGKILL)
                    killed_ += 1
        await asyncio.gather(*senders)
        await on.seconds_until(200)
        lost = await lost_of(on.redis_url, acknowledged)
        done = f"{kills} kill -9 of Redis, {len(acknowledged)} texts acknowledged"
        return [Row(done, "0 lost", f"{lost} lost", lost == 0)]


# --- Power is cut


def half_a_command(file: Path) -> None:
    append(file, b"*3\r\n$3\r\nSET\r\n$5\r\nkom")


def zeros(file: Path) -> None:
    append(file, bytes(4096))


def bad_block(file: Path) -> None:
    """60 octets somewhere within."""
    octets = bytearray(file.read_bytes())
    at = random.randrange(len(octets) // 2, len(octets))
    octets[at : at + 60] = bytes(60)
    file.write_bytes(octets)


def append(file: Path, octets: bytes) -> None:
    with file.open("ab") as written:
        written.write(octets)


async def power_cut(size: float) -> list[Row]:
    """`kill -9` of everything while texts come and are sent, then what a cut leaves."""
    times = max(2, int(17 * size))
    return [
        await cut("half a command at the end of the file", half_a_command, times),
        await cut("4,096 zeros at the end of the file", zeros, times),
        await cut("a bad block within the file", bad_block, times, loses=True),
    ]


async def cut(name: str, tear: Callable[[Path], None], times: int, *, loses: bool = False) -> Row:
    acknowledged, starts = set[int](), 0
    with short_folder() as folder, fake_gateway() as gateway:
        env, log = settings(folder, gateway, KOMEK_WORKER="true"), folder / "log"
        for turn in range(times + 1):
            with suppress(NotStarted), serving(port := free_port(), env, log):
                starts += 1
                for n in range(turn * 20, turn * 20 + 20):
                    if await text(port, f"in{n}", number(n)) == 200:
                        acknowledged.add(n)
                lost = await lost_of(f"unix://{folder / 'redis.sock'}", acknowledged)
            if turn < times:
                tear(max((folder / "appendonlydir").glob("*.incr.aof")))
        twice = sum(many > 1 for many in gateway.times().values())
    came = f"{starts} starts, {lost} of {len(acknowledged)} acknowledged lost, {twice} texted twice"
    wanted = (
        f"{times + 1} starts, {'what is behind it may be lost' if loses else '0 lost'}, 0 twice"
    )
    holds = starts == times + 1 and not twice and (loses or not lost)
    return Row(f"{times} power cuts, {name}", wanted, came, holds)


# --- Poison


async def poisoned(_size: float) -> list[Row]:
    poisons: dict[str, Callable[[Redis], object]] = {
        "that cannot be opened": lambda redis: redis.hset(first_message(redis), "to", "garbage"),
        "without its message": lambda redis: redis.delete(first_message(redis)),
        "without an id": lambda redis: redis.xadd("sms:queue:replies", {"junk": "1"}, id="0-1"),
        "whose expiry is no number": lambda redis: redis.hset(first_message(redis), "expires", "x"),
    }
    return [await poisoned_by(name, poison) for name, poison in poisons.items()]


def first_message(redis: Redis) -> str:
    entries: Any = redis.xrange("sms:queue:replies", count=1)
    return f"sms:message:{entries[0][1]['id']}"


async def poisoned_by(name: str, poison: Callable[[Redis], object]) -> Row:
    with short_folder() as folder, fake_gateway() as gateway, ExitStack() as stack:
        url = stack.enter_context(embedded_redis(folder / "redis"))
        redis = stack.enter_context(Redis.from_url(url, decode_responses=True))
        if name == "without an id":
            poison(redis)
        await owe(url, 101 if name != "without an id" else 100)
        if name != "without an id":
            poison(redis)
        env = settings(folder, gateway, KOMEK_REDIS_URL=url, KOMEK_WORKER="true")
        with serving(free_port(), env, folder / "log"):
            began = time.monotonic()
            await until_sent(gateway, set(range(100)))
            took = time.monotonic() - began
        alarms = sum(" set aside" in line for line in (folder / "log").read_text().splitlines())
        sent = sum(times == 1 for times in gateway.times().values())
    came = f"{sent} sent once in {took:.0f} s; {alarms} alarms in the log"
    holds = sent == 100 and took <= 30 and alarms == 1
    return Row(f"an entry {name} among 100", "100 sent ≤ 30 s, one alarm", came, holds)


async def owe(url: str, many: int) -> None:
    now = datetime.now(UTC)
    ends = now + timedelta(minutes=15)
    async with connect(url) as redis:
        for n in range(many):
            owed = Outgoing(
                f"k{n}", number(n), "Call 112.", MessageKind.REPLY, ends, "africastalking"
            )
            await Outbox(redis, SEAL, Caps(replies_a_minute=10**6)).put(owed, now)
