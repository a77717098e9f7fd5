"""What a dialled hop costs, beside the floor; run it with `make bench`.

The server has one core; the load and Redis share another.  Rounds of Komek, of the
floor and of what else one could begin with take turns, so that a busy machine is busy for
all.  It draws them in `docs/hops.svg`.  A missed
target is said, and is no failure: machines differ.
"""

import http.client
import os
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, chdir, contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from statistics import median
from urllib.parse import quote_plus

import psutil
from redis import Redis

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.chart import Bar, chart
from benchmarks.dialogues import Dialogue, bodies, body_of, new_session_id, recorded
from benchmarks.express import express_peer
from benchmarks.load import CONNECTIONS, Generator, Load, Target, generator
from benchmarks.servers import (
    ROOT,
    Server,
    free_port,
    machine,
    places,
    post,
    running,
    seconds_to_first_answer,
)
from main import read_menu
from runtime.embedded_redis import embedded_redis
from runtime.settings import Settings
from ussd.bootstrap import budget_of, screens_of
from ussd.engine import Session, play, show, step
from ussd.gateways.africastalking import answers_of, reply
from ussd.screens import Screens

ROUNDS = 5
ROUND_SECONDS = 2.0
WARM_UP_SECONDS = 2.0
STARTS = 3
ENGINE_SECONDS = 0.5
FEWEST_BODIES = 20_000

MEGABYTES = 90.0
SHARE_OF_FLOOR = 0.9
TIMES_FLOOR_P99 = 1.5
ENGINE_RATE = 200_000
START_SECONDS = 1.5

KOMEK, FLOOR = "Komek", "the floor: a raw handler, one GET"
FASTAPI, EXPRESS = "FastAPI: Form, GET and SET", "express: a menu builder, no store"
CHART = ROOT / "docs" / "hops.svg"

SECRET = secrets.token_urlsafe(16)
PATH = f"/africastalking/{SECRET}/ussd"


@dataclass(frozen=True, slots=True)
class Bench:
    """What all measurements share."""

    folder: Path
    dialogues: Sequence[Dialogue]
    screens: Screens
    server_core: int | None
    load: Generator

    def texts(self) -> list[str]:
        return [text for dialogue in self.dialogues for text in dialogue]


@dataclass(frozen=True, slots=True)
class Round:
    """One load on one server.  `kept`: how many hops Redis counted, if it counts."""

    load: Load
    cpu_microseconds: float
    kept: int = 0

    @property
    def busy(self) -> float:
        """The share of its core that the server used; the rest it waited for Redis."""
        return self.cpu_microseconds * self.load.rate / 1e6


@dataclass(frozen=True, slots=True)
class Hops:
    """The rounds of both servers, and how much memory Komek took.  `stolen` is the
    share of the processors' time that the host gave to other machines meanwhile.
    """

    floor: list[Round]
    komek: list[Round]
    peers: dict[str, list[Round]]
    megabytes_at_start: float
    megabytes: float
    errors: list[str]
    stolen: float


# --- Measuring ----------------------------------------------------------------


def engine_rate(bench: Bench) -> float:
    """Answers in a second of processor time, in this process."""
    recorded_answers = [answers_of(dialogue[-1]) for dialogue in bench.dialogues]
    return median(_engine_round(bench.screens, recorded_answers) for _ in range(ROUNDS))


def _engine_round(screens: Screens, dialogues: Sequence[tuple[str, ...]]) -> float:
    answered, began, took = 0, time.process_time(), 0.0
    while took < ENGINE_SECONDS:
        for answers in dialogues:
            session = Session()
            for answer in answers:
                session = step(screens, session, answer)
                show(screens, session)
            answered += len(answers)
        took = time.process_time() - began
    return answered / took


def start_seconds(bench: Bench) -> float:
    """From nothing, with a new embedded Redis, to the first answered hop."""
    return median(_one_start(bench, bench.folder / f"start{n}") for n in range(STARTS))


def _one_start(bench: Bench, folder: Path) -> float:
    with komek_of(bench, folder, KOMEK_DATA_DIR=str(folder / "data")) as server:
        return seconds_to_first_answer(server, body_of(new_session_id(), ""))


def hops(bench: Bench) -> Hops:
    """Both servers, on one Redis, under the same load in turn."""
    with ExitStack() as stack:
        url = stack.enter_context(embedded_redis(bench.folder / "data"))
        redis = stack.enter_context(Redis.from_url(url))
        komek = stack.enter_context(komek_of(bench, bench.folder / "komek", KOMEK_REDIS_URL=url))
        seconds_to_first_answer(komek, body_of(new_session_id(), ""))
        at_start = komek.megabytes
        assert_right(komek, bench)
        others = {name: stack.enter_context(each) for name, each in _others(bench, url).items()}
        for server in others.values():
            seconds_to_first_answer(server, body_of(new_session_id(), ""))
        psutil.cpu_times_percent()  # what is stolen counts from here
        rounds = _rounds(bench, {**others, KOMEK: komek}, lambda: _hops_kept(redis))
        stolen = getattr(psutil.cpu_times_percent(), "steal", 0.0) / 100
        floors, komeks = rounds.pop(FLOOR), rounds.pop(KOMEK)
        return Hops(floors, komeks, rounds, at_start, komek.megabytes, komek.errors(), stolen)


def komek_of(
    bench: Bench, folder: Path, workers: int = 1, **env: str
) -> AbstractContextManager[Server]:
    """Several workers are on any core."""
    port = free_port()
    command = [str(ROOT / "main.py"), "serve", "--port", str(port), "--workers", str(workers)]
    target = Target(port, PATH)
    core = bench.server_core if workers == 1 else None
    return running(command, target, folder, core, KOMEK_CALLBACK_SECRET=SECRET, **env)


def _others(bench: Bench, url: str) -> dict[str, AbstractContextManager[Server]]:
    """The floor and the peers, none of which has been started yet."""
    fastapi = _python(bench, "peers/fastapi_form.py", url)
    target, folder = Target(free_port(), PATH), bench.folder / "express"
    express = express_peer(EXPRESS, target, folder, bench.server_core)
    return {FLOOR: floor_of(bench, url), FASTAPI: fastapi} | express


def floor_of(bench: Bench, url: str) -> AbstractContextManager[Server]:
    return _python(bench, "floor.py", url)


def _python(bench: Bench, script: str, url: str) -> AbstractContextManager[Server]:
    target, path = Target(free_port(), PATH), ROOT / "benchmarks" / script
    command = [str(path), str(target.port), PATH]
    return running(
        command, target, bench.folder / path.stem, bench.server_core, KOMEK_REDIS_URL=url
    )


def up_to_a_wish(screens: Screens, dialogue: Dialogue) -> Dialogue:
    """The hops before one that has an SMS sent: that is the outbox's work, and capped."""
    return tuple(takewhile(lambda text: not play(screens, answers_of(text)).request, dialogue))


def assert_right(komek: Server, bench: Bench) -> None:
    """Every hop of every dialogue is answered with what the engine says."""
    asking = http.client.HTTPConnection("127.0.0.1", komek.target.port, timeout=5)
    for dialogue in bench.dialogues:
        session_id = new_session_id()
        for text in dialogue:
            answer = post(asking, komek.target.path, body_of(session_id, quote_plus(text)))
            right = reply(show(bench.screens, play(bench.screens, answers_of(text))))
            if answer != (200, right):
                raise SystemExit(f"wrong answer to {text!r}: {answer}, not {right!r}")
    asking.close()


def _rounds(
    bench: Bench, servers: dict[str, Server], hops_kept: Callable[[], int]
) -> dict[str, list[Round]]:
    """Of each server in turn, on the same forms, after a warm-up of all."""
    write_bodies(bench, FEWEST_BODIES)
    warm = [round_of(bench, server, WARM_UP_SECONDS).load.rate for server in servers.values()]
    rounds: dict[str, list[Round]] = {name: [] for name in servers}
    for _ in range(ROUNDS):
        write_bodies(bench, max(FEWEST_BODIES, int(1.5 * max(warm) * ROUND_SECONDS)))
        for name, server in servers.items():
            kept = hops_kept if name == KOMEK else lambda: 0
            rounds[name].append(round_of(bench, server, ROUND_SECONDS, kept))
    return rounds


def write_bodies(bench: Bench, count: int) -> None:
    forms = bodies(bench.dialogues, count)
    (bench.folder / "bodies").write_text("\n".join(forms) + "\n", "utf-8")


def round_of(
    bench: Bench, server: Server, seconds: float, hops_kept: Callable[[], int] = lambda: 0
) -> Round:
    cpu, kept = server.cpu_seconds, hops_kept()
    load = bench.load(server.target, bench.folder / "bodies", seconds)
    if not load.requests:
        raise SystemExit(f"nothing was answered:\n{server.log.read_text('utf-8')}")
    cpu, kept = server.cpu_seconds - cpu, hops_kept() - kept
    return Round(load, 1e6 * cpu / load.requests, kept)


def _hops_kept(redis: Redis) -> int:
    """The hops that were new to Redis: none is answered without it unnoticed."""
    days = redis.scan_iter("ussd:counts:*")
    return sum(int(redis.hget(day, "hops") or 0) for day in days)


# --- Reporting ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table; `met` is None where there is no target."""

    what: str
    komek: str
    floor: str = ""
    target: str = ""
    met: bool | None = None

    def __str__(self) -> str:
        verdict = {True: "met", False: "missed", None: ""}[self.met]
        return f"| {self.what} | {self.komek} | {self.floor} | {self.target} | {verdict} |"


def table(measured: Hops, start: float, engine: float) -> list[str]:
    """What a README can quote."""
    lines = [
        *_hop_lines(measured),
        Line(
            "engine alone, answers/s",
            f"{engine:,.0f}",
            target=f"≥ {ENGINE_RATE:,}",
            met=engine >= ENGINE_RATE,
        ),
        Line(
            "start to first answer, s",
            f"{start:.2f}",
            target=f"≤ {START_SECONDS:g}",
            met=start <= START_SECONDS,
        ),
        Line(
            "memory after the load (at start), MB",
            f"{measured.megabytes:.0f} ({measured.megabytes_at_start:.0f})",
            target=f"≤ {MEGABYTES:g}",
            met=measured.megabytes <= MEGABYTES,
        ),
    ]
    head = ["| one core | Komek | floor | target | |", "|---|---:|---:|---:|---|"]
    return [*head, *map(str, lines)]


def _hop_lines(measured: Hops) -> list[Line]:
    rate, floor_rate = _both(measured, lambda each: each.load.rate)
    busy, floor_busy = _both(measured, lambda each: each.busy)
    p50, floor_p50 = _both(measured, lambda each: each.load.p50)
    p99, floor_p99 = _both(measured, lambda each: each.load.p99)
    cpu, floor_cpu = _both(measured, lambda each: each.cpu_microseconds)
    share, times = rate / floor_rate, p99 / floor_p99
    return [
        Line("hops/s", f"{rate:,.0f}", f"{floor_rate:,.0f}"),
        Line(
            "share of the floor",
            f"{share:.2f}",
            target=f"≥ {SHARE_OF_FLOOR}",
            met=share >= SHARE_OF_FLOOR,
        ),
        Line("processor time a hop, µs", f"{cpu:.0f}", f"{floor_cpu:.0f}"),
        Line("share of the floor, processor time", f"{floor_cpu / cpu:.2f}"),
        Line("core in use", f"{busy:.0%}", f"{floor_busy:.0%}"),
        Line("p50, ms", f"{p50:.1f}", f"{floor_p50:.1f}"),
        Line(
            "p99, ms",
            f"{p99:.1f}",
            f"{floor_p99:.1f}",
            f"≤ {TIMES_FLOOR_P99:g} × floor",
            times <= TIMES_FLOOR_P99,
        ),
    ]


def _both(measured: Hops, of: Callable[[Round], float]) -> tuple[float, float]:
    return median(map(of, measured.komek)), median(map(of, measured.floor))


def remarks(measured: Hops) -> list[str]:
    """How far to trust the table."""
    requests = sum(each.load.requests for each in measured.komek)
    kept = sum(each.kept for each in measured.komek)
    bad = sum(each.load.bad for each in measured.komek + measured.floor)
    said = [
        f"rounds, hops/s: Komek {_rates(measured.komek)}; floor {_rates(measured.floor)}",
        *(f"{name}, hops/s: {_rates(rounds)}" for name, rounds in measured.peers.items()),
        f"{requests:,} hops, {kept:,} of them kept by Redis as new; {bad} not answered with 2xx",
        f"taken by the host from this machine meanwhile: {measured.stolen:.0%}",
    ]
    return [*said, *(f"logged: {error}" for error in measured.errors[:5])]


def bars(measured: Hops) -> list[Bar]:
    """Hops for a second of each server's processor time: busy neighbours take none of that."""
    rounds = {KOMEK: measured.komek, FLOOR: measured.floor} | measured.peers
    return [
        Bar(name, 1e6 / median(each.cpu_microseconds for each in of)) for name, of in rounds.items()
    ]


def _rates(rounds: Iterable[Round]) -> str:
    return ", ".join(f"{each.load.rate:,.0f}" for each in rounds)


# --- Running ------------------------------------------------------------------


@contextmanager
def temporary_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="komek-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    load, load_name = generator()
    core, where = places()
    dialogues, source = recorded(ROOT / "tests" / "conversations")
    with temporary_folder() as folder, chdir(folder):
        settings = Settings()
        screens = screens_of(settings, read_menu(budget_of(settings), settings.menus_dir))
        dialogues = [up_to_a_wish(screens, dialogue) for dialogue in dialogues]
        bench = Bench(folder, dialogues, screens, core, load)
        start = start_seconds(bench)
        engine = engine_rate(bench)
        measured = hops(bench)
    print(*table(measured, start, engine), sep="\n", end="\n\n")
    print(f"{machine()}. {load_name}, {CONNECTIONS} connections; {source},")
    print(f"{len(bench.texts())} hops; {where}. Medians of {ROUNDS} rounds of {ROUND_SECONDS:g} s.")
    print(*remarks(measured), sep="\n")
    drawn = bars(measured)
    for bar in drawn:
        print(f"{bar.name}: {bar.value:,.0f} hops a second of processor time")
    CHART.write_text(chart("Hops answered in a second of processor time", drawn), "utf-8")


if __name__ == "__main__":
    for name in [name for name in os.environ if name.startswith("KOMEK_")]:
        del os.environ[name]
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
