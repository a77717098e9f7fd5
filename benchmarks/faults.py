"""The service broken on purpose, and what came out, counted: `python benchmarks/faults.py`.

Real processes of `main.py serve`, a real Redis-compatible server, and a stand-in for the
gateway.  `--only NAME …` makes some trials, `--size 0.1` smaller ones, `--seed` other ones.  It
ends with 1 where something does not hold.
"""

import argparse
import asyncio
import random
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.servers import machine
from benchmarks.trials import attacks, processes, redis_and_gateway, texts, writing
from benchmarks.trials.worlds import Row

SEED = 20261126

TRIALS: dict[str, Callable[[float], Awaitable[list[Row]]]] = {
    "start": redis_and_gateway.starts,
    "redis-killed": redis_and_gateway.redis_killed,
    "redis-stopped": redis_and_gateway.redis_stopped,
    "redis-full": redis_and_gateway.redis_full,
    "gateway-hung": redis_and_gateway.gateway_hung,
    "callbacks": texts.callbacks_repeated,
    "reply-dropped": texts.reply_dropped,
    "worker-killed": texts.worker_killed,
    "redis-killed-texts": texts.redis_killed_under_texts,
    "power-cut": texts.power_cut,
    "gateway-refuses": texts.gateway_refuses,
    "poison": texts.poisoned,
    "hops": processes.process_between_hops,
    "sigterm": processes.sigterm,
    "handover": processes.handed_over,
    "writing": writing.writing_killed,
    "pumping": attacks.pumped,
    "log-in": attacks.log_in_attacked,
    "load": processes.load,
    "soak": processes.soak,
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
    options.add_argument("--only", choices=TRIALS, nargs="+", default=list(TRIALS))
    options.add_argument("--size", type=float, default=1.0, help="of each count; 0.1 for a tenth")
    options.add_argument("--seed", type=int, default=SEED)
    chosen = options.parse_args()
    random.seed(chosen.seed)
    about = f"Seed {chosen.seed}, size {chosen.size:g}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    print(f"{about}; {machine()}\n")
    print("| trial | done | must come out | came out | holds |\n|---|---|---|---|---|")
    all_hold = True
    for name in chosen.only:
        for row in await tried(name, chosen.size):
            all_hold &= row.holds
            holds = "yes" if row.holds else "**no**"
            print(f"| {name} | {row.done} | {row.wanted} | {row.came} | {holds} |", flush=True)
    return all_hold


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(main()) else 1)
