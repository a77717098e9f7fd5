"""Whether a hop costs the same when there is more of everything; `python benchmarks/growth.py`.

More sessions in Redis, more processes, longer texts, a larger menu.  Processor time, and beside
it that of the floor in the same round: a busy machine costs both.
"""

import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, chdir
from dataclasses import replace
from pathlib import Path
from statistics import median

from redis import Redis

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.dialogues import body_of, new_session_id, recorded
from benchmarks.hop import (
    FEWEST_BODIES,
    Bench,
    floor_of,
    komek_of,
    round_of,
    temporary_folder,
    up_to_a_wish,
    write_bodies,
)
from benchmarks.large_menu import grow, in_each_tree
from benchmarks.load import generator
from benchmarks.servers import ROOT, Server, machine, places, seconds_to_first_answer
from main import read_menu
from runtime.embedded_redis import embedded_redis
from runtime.settings import Settings
from ussd.bootstrap import budget_of, screens_of
from ussd.engine import play
from ussd.sessions import SESSION_SECONDS

SESSIONS = (1_000, 10_000, 100_000, 1_000_000)
ANSWERS = (10, 100, 1_000, 10_000)
ROUNDS, SECONDS = 3, 1.0
TREES = 10
CONVERSATIONS = ROOT / "tests" / "conversations"
_FILL = """
for n = tonumber(ARGV[1]), tonumber(ARGV[2]) - 1 do
  local key = 'ussd:session:ATUid_grown_' .. n
  redis.call('HSET', key, 'menu', '0123456789ab', 'heard', n % 9, 'dialled', 0)
  redis.call('EXPIRE', key, ARGV[3])
end
"""
_AT_ONCE = 10_000


def fill(redis: Redis, begin: int, end: int) -> None:
    """Sessions in Redis, as many hops leave them."""
    for first in range(begin, end, _AT_ONCE):
        redis.eval(_FILL, 0, first, min(first + _AT_ONCE, end), SESSION_SECONDS)


def medians(bench: Bench, servers: Sequence[Server]) -> list[float]:
    """Microseconds of processor time a hop of each, in turn."""
    costs: list[list[float]] = [[] for _ in servers]
    for _ in range(ROUNDS):
        for server, of in zip(servers, costs, strict=True):
            write_bodies(bench, FEWEST_BODIES)
            of.append(round_of(bench, server, SECONDS).cpu_microseconds)
    return [median(of) for of in costs]


def microseconds_an_answer(bench: Bench, answers: int) -> float:
    """Of the engine, for a text of so many."""
    text = (("2", "1", "0", "1", "00") * answers)[:answers]
    times: list[float] = []
    began = time.process_time()
    while not times or time.process_time() - began < 1.0:
        start = time.process_time()
        for _ in range(max(1, 10_000 // answers)):
            play(bench.screens, text)
        times.append((time.process_time() - start) / max(1, 10_000 // answers) / answers)
    return 1e6 * min(times)


def large_menu(bench: Bench, stack: ExitStack, url: str, small: Server) -> None:
    """A menu of `TREES` times the size, dialled all over, beside today's."""
    settings = Settings()
    menus = bench.folder / "large" / "menus"
    grow(settings.menus_dir, menus, TREES)
    screens = screens_of(settings, read_menu(budget_of(settings), menus))
    dialogues = [
        up_to_a_wish(screens, each) for each in in_each_tree(recorded(CONVERSATIONS)[0], TREES)
    ]
    large = replace(bench, dialogues=dialogues, screens=screens)
    starting = komek_of(
        large, bench.folder / "ten", KOMEK_REDIS_URL=url, KOMEK_MENUS_DIR=str(menus)
    )
    server = stack.enter_context(starting)
    seconds_to_first_answer(server, body_of(new_session_id(), ""))
    at_start = server.megabytes
    rounds = [(medians(bench, [small])[0], medians(large, [server])[0]) for _ in range(ROUNDS)]
    one, ten = (median(each) for each in zip(*rounds, strict=True))
    for name, cost, of, memory in (
        ("today's menu", one, bench, f"{small.megabytes:.0f} MB"),
        (f"{TREES} times", ten, large, f"{server.megabytes:.0f} MB, {at_start:.0f} at the start"),
    ):
        engine = microseconds_an_answer(of, 10)
        print(f"{name}: {cost:.0f} µs a hop, {engine:.2f} µs an answer of the engine, {memory}")


def main() -> None:
    load, _ = generator()
    core, where = places()
    dialogues, _ = recorded(CONVERSATIONS)
    with temporary_folder() as folder, chdir(folder), ExitStack() as stack:
        settings = Settings()
        screens = screens_of(settings, read_menu(budget_of(settings), settings.menus_dir))
        hops = [up_to_a_wish(screens, dialogue) for dialogue in dialogues]
        bench = Bench(folder, hops, screens, core, load)
        for count in ANSWERS:
            print(f"{count:,} answers: {microseconds_an_answer(bench, count):.2f} µs an answer")
        url = stack.enter_context(embedded_redis(folder / "data"))
        redis = stack.enter_context(Redis.from_url(url))
        starting = (
            komek_of(bench, folder / "one", KOMEK_REDIS_URL=url),
            floor_of(bench, url),
            komek_of(bench, folder / "two", workers=2, KOMEK_REDIS_URL=url),
        )
        servers = []
        for each in starting:
            servers.append(stack.enter_context(each))
            seconds_to_first_answer(servers[-1], body_of(new_session_id(), ""))
        kept = 0
        for count in SESSIONS:
            fill(redis, kept, count)
            kept = count
            one, floor = medians(bench, servers[:2])
            print(f"{count:,} sessions: {one:.0f} µs a hop, {floor / one:.2f} of the floor")
        redis.flushall()
        large_menu(bench, stack, url, servers[0])
        one, two = medians(bench, [servers[0], servers[2]])
        print(
            f"--workers 2: {two:.0f} µs a hop, one: {one:.0f}; {2 * one / two:.2f} times the hops"
        )
    print(f"{machine()}; {where}")


if __name__ == "__main__":
    for name in [name for name in os.environ if name.startswith("KOMEK_")]:
        del os.environ[name]
    main()
