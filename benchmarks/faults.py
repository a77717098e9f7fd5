"""The service broken on purpose, and what came out, counted: `python benchmarks/faults.py`.

Real processes of `main.py serve`, a real Redis-compatible server, and a stand-in for the
gateway.  `--only NAME` makes one trial, `--quick` smaller ones, `--seed` other ones.  It ends
with 1 where something does not hold.
"""

import argparse
import asyncio
import base64
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import httpx
import psutil
from redis import Redis
from redis.exceptions import RedisError

from benchmarks.calls import DIALOGUES, Tally, call_at, call_often, hop, text
from benchmarks.servers import machine
from menus.contacts import apply, changes_from
from menus.editing.publishing import Edit
from menus.parsing import Table, read_table, table_text
from runtime.embedded_redis import embedded_redis
from runtime.encryption import Seal
from sms.outbox.messages import MessageKind, Outgoing
from sms.outbox.outbox import Outbox
from tests.menus.test_publishing import desk_of
from tests.support.fake_gateway import API_KEY, FakeGateway, fake_gateway
from tests.support.menus_read import read_menu
from tests.support.outbox_trials import Count, hung, killed, number, refused
from tests.support.phones import KEY
from tests.support.service import REPOSITORY, SECRET, free_port, new_session, short_folder
from tests.support.trees import copied_menus
from tests.support.worker_process import connect

SEED = 20261126
SEAL = Seal(base64.b64decode(KEY))
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    done: str
    wanted: str
    came: str
    holds: bool


@dataclass
class World:
    """A service, its Redis and its gateway."""

    port: int
    process: psutil.Process
    redis_url: str
    redis: Redis
    gateway: FakeGateway
    folder: Path
    log: Path

    def redis_pid(self) -> int:
        return int(self.redis.info("server")["process_id"])

    def readiness(self) -> int:
        """What `/readyz` answers; 0 where it does not."""
        with suppress(httpx.TransportError):
            address = f"http://127.0.0.1:{self.port}/readyz"
            return httpx.get(address, timeout=5, trust_env=False).status_code
        return 0

    async def seconds_until(self, status: int) -> float:
        """Until `/readyz` answers so; as long as our patience where it does not."""
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE:
            if await asyncio.to_thread(self.readiness) == status:
                break
            await asyncio.sleep(0.05)
        return time.monotonic() - began

    async def lift_caps(self) -> None:
        """Forever: a trial texts more than the service allows in a minute."""
        while True:
            with suppress(RedisError, OSError):
                if keys := list(self.redis.scan_iter("sms:cap:*")):
                    self.redis.delete(*keys)
            await asyncio.sleep(0.2)


def settings(folder: Path, gateway: FakeGateway, **other: str) -> dict[str, str]:
    """The environment of a service in the folder."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KOMEK_")}
    own = {
        "KOMEK_GATEWAY": "africastalking",
        "KOMEK_CALLBACK_SECRET": SECRET,
        "KOMEK_DATA_KEY": KEY,
        "KOMEK_DATA_DIR": str(folder),
        "KOMEK_AT_USERNAME": "sandbox",
        "KOMEK_AT_API_KEY": API_KEY,
        "KOMEK_AT_URL": gateway.base,
        "KOMEK_CONTACTS_OLDEST_DAYS": "100000",
        "KOMEK_WORKER": "false",
        "NO_PROXY": "127.0.0.1",
    }
    return clean | own | other


@contextmanager
def serving(port: int, env: dict[str, str], log: Path, *arguments: str) -> Iterator[psutil.Process]:
    """`main.py serve`, from its first answer; killed with its children when the block ends."""
    command = [sys.executable, str(REPOSITORY / "main.py"), "serve", "--port", str(port)]
    with log.open("a") as output:
        child = subprocess.Popen(
            [*command, *arguments], cwd=log.parent, env=env, stdout=output, stderr=output
        )
    process = psutil.Process(child.pid)
    try:
        wait_until_alive(port, child, log)
        yield process
    finally:
        kill_family(process)
        child.wait()


def wait_until_alive(port: int, child: subprocess.Popen[bytes], log: Path) -> None:
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE and child.poll() is None:
        with suppress(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5, trust_env=False)
            return
        time.sleep(0.02)
    raise NotStarted(log.read_text("utf-8", "replace")[-600:])


class NotStarted(Exception):
    """The service ended, or did not answer in time."""


def kill_family(process: psutil.Process) -> None:
    """`kill -9` of a process and all that it has started."""
    with suppress(psutil.NoSuchProcess):
        for each in [*process.children(recursive=True), process]:
            with suppress(psutil.NoSuchProcess):
                each.kill()


@contextmanager
def world(*arguments: str, **other: str) -> Iterator[World]:
    """A service on a Redis that is started again when it dies, as an embedded one is."""
    with short_folder() as folder, fake_gateway() as gateway, ExitStack() as stack:
        url = stack.enter_context(embedded_redis(folder / "redis"))
        redis = stack.enter_context(Redis.from_url(url, decode_responses=True))
        port, log = free_port(), folder / "log"
        env = settings(folder, gateway, KOMEK_REDIS_URL=url, **other)
        process = stack.enter_context(serving(port, env, log, *arguments))
        yield World(port, process, url, redis, gateway, folder, log)


# --- Redis and the gateway break while people call


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


# --- Callbacks and texts


async def callbacks_repeated(size: float) -> list[Row]:
    rows = []
    for times in (2, 10):
        with world() as on:
            lifting, many = asyncio.create_task(on.lift_caps()), int(500 * size)
            wrong = 0
            for n in range(many):
                at_once = (text(on.port, f"id{n}", number(n)) for _ in range(times))
                wrong += sum(status != 200 for status in await asyncio.gather(*at_once))
            lifting.cancel()
            queued = on.redis.xlen("sms:queue:replies")
            done = f"{many} texts, each {times} times at once"
            came = f"{queued} replies, {wrong} answers other than 200"
            rows.append(Row(done, f"{many} replies", came, queued == many and not wrong))
    return rows


async def reply_dropped(size: float) -> list[Row]:
    return rows_of(await hung(int(200 * size)))


async def worker_killed(size: float) -> list[Row]:
    return rows_of(await killed(int(200 * size), int(2000 * size)))


async def gateway_refuses(size: float) -> list[Row]:
    return rows_of(await refused(int(100 * size), 10.0, 30.0))


def rows_of(counts: list[Count]) -> list[Row]:
    """The counts of a trial of the outbox; the first says what was done."""
    first, *rest = counts
    done = f"{first.number} x {first.what}"
    return [
        Row(f"{done}: {each.what}", each.wanted, str(each.number), each.holds)
        for each in rest
        if each.wanted
    ]


async def redis_killed_under_texts(size: float) -> list[Row]:
    with world() as on:
        many, kills, acknowledged = int(10_000 * size), max(1, int(20 * size)), set[int]()
        lifting, left = asyncio.create_task(on.lift_caps()), iter(range(10**9))

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
        lifting.cancel()
        lost = await lost_of(on.redis_url, acknowledged)
        done = f"{kills} kill -9 of Redis, {len(acknowledged)} texts acknowledged"
        return [Row(done, "0 lost", f"{lost} lost", lost == 0)]


async def lost_of(url: str, acknowledged: set[int]) -> int:
    """How many of the texts have no reply in the outbox, in whichever state."""
    async with connect(url) as redis:
        outbox = Outbox(redis, SEAL)
        found = [await outbox.state_of(f"in:africastalking:in{n}") for n in acknowledged]
    return found.count(None)


async def power_cut(size: float) -> list[Row]:
    """`kill -9` of everything, then what a cut leaves behind the last whole write."""
    tears = {"half a command": b"*3\r\n$3\r\nSET\r\n$5\r\nkom", "4,096 zeros": bytes(4096)}
    return [await cut(name, tail, max(2, int(10 * size))) for name, tail in tears.items()]


async def cut(name: str, tail: bytes, times: int) -> Row:
    acknowledged, starts = set[int](), 0
    with short_folder() as folder, fake_gateway() as gateway:
        env, log = settings(folder, gateway), folder / "log"
        for turn in range(times):
            try:
                with serving(port := free_port(), env, log):
                    starts += 1
                    for n in range(turn * 20, turn * 20 + 20):
                        if await text(port, f"in{n}", number(n)) == 200:
                            acknowledged.add(n)
            except NotStarted:
                break
            with next((folder / "appendonlydir").glob("*.incr.aof")).open("ab") as file:
                file.write(tail)
        lost = len(acknowledged)
        with suppress(NotStarted), serving(free_port(), env, log):
            starts += 1
            lost = await lost_of(f"unix://{folder / 'redis.sock'}", acknowledged)
    came = f"{starts} starts, {lost} of {len(acknowledged)} acknowledged lost"
    done = f"{times} power cuts, {name} at the end of the file"
    return Row(done, f"{times + 1} starts, 0 lost", came, starts == times + 1 and not lost)


# --- Processes come and go


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


async def sigterm(size: float) -> list[Row]:
    with world("--workers", "2", KOMEK_WORKER="true") as on:
        times = max(2, int(20 * size))
        lifting, numbers, refusals = asyncio.create_task(on.lift_caps()), iter(range(10**6)), 0
        calls = asyncio.create_task(call_at(on.port, 45, times * 5))
        acknowledged, slow = set[int](), 0
        for _ in range(times):
            workers = [each for each in on.process.children() if is_worker(each)]
            worker = random.choice(workers)
            worker.terminate()
            began = time.monotonic()
            while time.monotonic() - began < 5:
                if await text(on.port, f"in{(n := next(numbers))}", number(n)) == 200:
                    acknowledged.add(n)
                else:
                    refusals += 1
                await asyncio.sleep(0.2)
            slow += worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE
        tally = await calls
        sent = await until_sent(on.gateway, acknowledged)
        lifting.cancel()
        lost, twice = len(acknowledged) - len(sent), sum(many > 1 for many in sent.values())
        bad = tally.failed + tally.wrong + tally.emergency + refusals
        came = f"{bad} of {len(tally.seconds) + len(acknowledged) + refusals} requests failed; "
        came += f"of {len(acknowledged)} SMS {lost} lost, {twice} double; {slow} out later than 5 s"
        done = f"SIGTERM of one of two processes {times} times, 5 s apart, 50 requests/s"
        wanted = "0 failed, 0 lost, 0 double, out ≤ 10 s"
        return [Row(done, wanted, came, not (bad or lost or twice or slow))]


def is_worker(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return "spawn_main" in " ".join(process.cmdline())
    return False


async def until_sent(gateway: FakeGateway, owed: set[int]) -> dict[str, int]:
    """How often each number was texted, when all were or our patience is over."""
    began = time.monotonic()
    while len(gateway.times()) < len(owed) and time.monotonic() - began < PATIENCE:  # noqa: ASYNC110
        await asyncio.sleep(0.2)
    return gateway.times()


# --- Words and contacts are written


async def writing_killed(size: float) -> list[Row]:
    """Publishes and undoes in turn, then imports, each killed somewhere on its way."""
    with short_folder() as around:
        folder, many = copied_menus(around), max(4, int(50 * size))
        desk = desk_of(folder)
        section = desk.sections()["escaped"]

        def publish() -> None:
            was = desk.words("en", section)
            label = "I ran away" if was["label"] == "I got away" else "I got away"
            desk.publish(Edit("en", section, {**was, "label": label}, was), "Aigul")

        contacts = folder / "contacts.csv"
        phone = ("+7 700 000 0001", "+7 700 000 0002")
        lists = [renoted(contacts, f"tried {each}") for each in phone]

        def import_() -> None:
            old = contacts.read_text("utf-8") != lists[0]
            apply(contacts, changes_from(contacts, table_of(around, lists[0 if old else 1])))

        return [
            killed_writing("a publish or an undo", publish, folder / "en.yaml", many),
            killed_writing("an import of contacts", import_, contacts, many),
        ]


def renoted(contacts: Path, note: str) -> str:
    """The list with another note in its first row."""
    table = read_table(contacts)
    first, *others = [each.cells for each in table.records]
    return table_text(table, [{**first, "note": note}, *others])


def table_of(around: Path, content: str) -> Table:
    (around / "newer.csv").write_text(content, "utf-8")
    return read_table(around / "newer.csv")


def killed_writing(what: str, write: Callable[[], None], file: Path, many: int) -> Row:
    first = file.read_bytes()
    began = time.monotonic()
    in_child(write, 60)
    took, second = time.monotonic() - began, file.read_bytes()
    names, torn, unreadable, written = {*file.parent.iterdir()}, 0, 0, 0
    known = {first, second}
    for _ in range(many):
        before = file.read_bytes()
        in_child(write, random.uniform(0, took * 1.1))
        torn += file.read_bytes() not in known
        written += file.read_bytes() != before
    try:
        read_menu(file.parent)
    except Exception:
        unreadable = 1
    left = len({*file.parent.iterdir()} - names)
    came = f"{torn} torn, {unreadable} unreadable at the end, {left} files left, {written} written"
    holds = first != second and not (torn or unreadable or left)
    return Row(
        f"{many} kills in the middle of {what}", "old or new, whole; no leftover", came, holds
    )


def in_child(write: Callable[[], None], seconds: float) -> None:
    """In a process of its own, killed after so many seconds."""
    child = os.fork()
    if not child:
        try:
            write()
        finally:
            os._exit(0)
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if os.waitpid(child, os.WNOHANG)[0]:
            return
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


# --- Poison, load, time


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
            await Outbox(redis, SEAL).put(owed, now)
            await redis.delete(*[key async for key in redis.scan_iter("sms:cap:*")])


async def load(size: float) -> list[Row]:
    """100 requests a second, then five times that."""
    with world() as on:
        usual = await call_at(on.port, 100, seconds := 60 * size)
        crowd = await call_at(on.port, 500, half := 30 * size)
    good = not (usual.failed or usual.wrong or usual.emergency)
    return [
        Row(
            f"100 requests/s for {seconds:.0f} s, not 10 minutes",
            "p99 ≤ 0.2 s, no error",
            str(usual),
            good and usual.p99 <= 0.2,
        ),
        Row(
            f"500 requests/s for {half:.0f} s, not 10 minutes",
            "a valid screen each",
            str(crowd),
            not (crowd.failed or crowd.wrong),
        ),
    ]


async def soak(size: float) -> list[Row]:
    with world() as on:
        seconds = 60 * size
        await call_at(on.port, 50, seconds)
        before, files = on.process.memory_info().rss / 1e6, on.process.num_fds()
        tally = await call_at(on.port, 50, 2 * seconds)
        after, files_after = on.process.memory_info().rss / 1e6, on.process.num_fds()
    came = f"{before:.0f} → {after:.0f} MB, {files} → {files_after} descriptors; {tally}"
    holds = after <= before * 1.05 and files_after <= files + 2 and not tally.failed
    done = f"50 requests/s for {3 * seconds:.0f} s, not 30 minutes; flat after a third"
    return [Row(done, "memory ≤ +5 %, descriptors flat", came, holds)]


TRIALS: dict[str, Callable[[float], Awaitable[list[Row]]]] = {
    "redis-killed": redis_killed,
    "redis-stopped": redis_stopped,
    "redis-full": redis_full,
    "gateway-hung": gateway_hung,
    "callbacks": callbacks_repeated,
    "reply-dropped": reply_dropped,
    "worker-killed": worker_killed,
    "redis-killed-texts": redis_killed_under_texts,
    "power-cut": power_cut,
    "hops": process_between_hops,
    "sigterm": sigterm,
    "writing": writing_killed,
    "poison": poisoned,
    "gateway-refuses": gateway_refuses,
    "load": load,
    "soak": soak,
}


async def tried(name: str, size: float) -> list[Row]:
    """The rows of a trial; one that could not be finished does not hold."""
    try:
        return await TRIALS[name](size)
    except Exception as error:
        why = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        return [Row(name, "to be tried to its end", why, holds=False)]


async def main() -> bool:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", choices=TRIALS)
    options.add_argument("--quick", action="store_true")
    options.add_argument("--seed", type=int, default=SEED)
    chosen = options.parse_args()
    random.seed(chosen.seed)
    print(f"Seed {chosen.seed}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC; {machine()}\n")
    print("| trial | done | must come out | came out | holds |\n|---|---|---|---|---|")
    all_hold = True
    for name in [chosen.only] if chosen.only else TRIALS:
        for row in await tried(name, 0.1 if chosen.quick else 1.0):
            all_hold &= row.holds
            holds = "yes" if row.holds else "**no**"
            print(f"| {name} | {row.done} | {row.wanted} | {row.came} | {holds} |", flush=True)
    return all_hold


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(main()) else 1)
