"""All of sending, in any order of events: `python benchmarks/sending.py`.

Hypothesis plays `tests/support/sending.py` on the real outbox, worker and series and a real Redis:
texts, repeats, subscriptions and STOPs, crashes, reports, Redis failing at any call, a clock that
jumps.  Then eleven mistakes are planted one by one, and the same search must find each: that tells
what it is worth.  `--runs` (of 25 events each), `--runs-planted` (the most for each mistake) and
`--seed` change it.  It ends with 1 where a promise is broken, or fewer than nine mistakes are
found.
"""

import argparse
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from benchmarks.servers import machine
from runtime.embedded_redis import embedded_redis
from sms.gateways.port import GatewayError, NotSent, OutcomeUnknown
from sms.outbox import scripts, worker
from sms.series import scripts as series_scripts
from tests.support.sending import sending_machine
from tests.support.service import short_folder

SEED = 20261126
RUNS, RUNS_PLANTED, EVENTS = 2000, 500, 25
MUST_FIND = 10


@dataclass(frozen=True, slots=True)
class Edit:
    """Other words in a script: what stood there, and what stands there now."""

    script: str
    before: str
    after: str = ""


@contextmanager
def edited(room: Any, *edits: Edit) -> Iterator[None]:
    with ExitStack() as stack:
        for edit in edits:
            text = getattr(room, edit.script)
            if edit.before not in text:
                raise SystemExit(f"{edit.script} has no {edit.before!r} any more")
            changed = text.replace(edit.before, edit.after)
            stack.enter_context(patch.object(room, edit.script, changed))
        yield


@contextmanager
def what_is_in_doubt_goes_again() -> Iterator[None]:
    """As queues of jobs do by themselves."""

    def outcome(claimed: Any, result: Any, *rest: Any) -> Any:
        if isinstance(result, OutcomeUnknown):
            result = NotSent(result.why, GatewayError.OUT_OF_REACH)
        return original(claimed, result, *rest)

    original = worker._outcome
    with patch.object(worker, "_outcome", outcome):
        yield


@contextmanager
def nobody_looks_when_it_ends() -> Iterator[None]:
    """Neither as a message is begun, nor before the call."""

    async def none(*_: Any) -> list[Any]:
        return []

    late = Edit("_BEGIN", "tonumber(now) >= assert(moment(b.expires))", "false")
    with patch.object(worker._Worker, "_obstacle", none), edited(scripts, late):
        yield


@contextmanager
def what_a_mistake_raised_goes_again() -> Iterator[None]:
    async def call(self: Any, begun: Any) -> Any:
        results = await original(self, begun)
        raised = {to: each for to, each in results.items() if "raised" in getattr(each, "why", "")}
        again = NotSent("raised", GatewayError.OUT_OF_REACH)
        return {**results, **dict.fromkeys(raised, again)}

    original = worker._Worker._results
    with patch.object(worker._Worker, "_results", call):
        yield


MISTAKES: dict[str, Callable[[], Any]] = {
    "what is in doubt is sent again": what_is_in_doubt_goes_again,
    "what a mistake of ours raised is sent again": what_a_mistake_raised_goes_again,
    "what a dead worker was sending is queued again": lambda: edited(
        scripts,
        Edit("RECLAIM", "b.entry == entry and b.state == 'sending'", "false"),
        Edit("RECLAIM", "b.entry == entry and b.state == 'queued'", "b.entry == entry"),
    ),
    "a message stays queued while it is sent": lambda: edited(
        scripts, Edit("_BEGIN", "'state', 'sending', 'by'", "'state', 'queued', 'by'")
    ),
    "what a new server gives out again is begun again": lambda: edited(
        scripts, Edit("_BEGIN", "return b.by == claim", "return true")
    ),
    "a text that comes again is a new one": lambda: edited(
        scripts, Edit("PUT", "if is_used(outgoing.keys) then return 'already' end")
    ),
    "nobody looks when a reply ends": nobody_looks_when_it_ends,
    "a report changes what is final": lambda: edited(
        scripts, Edit("REPORT", "if (MAY[before] or {})[state] then", "if before then")
    ),
    "STOP is not asked for before the call": lambda: edited(
        scripts, Edit("_BEGIN", "if said[n] then", "if false then")
    ),
    "STOP leaves no note": lambda: edited(
        series_scripts, Edit("STOP_ACT", "call('SET', stopped(index), '', 'EX', STOP_KEPT)")
    ),
    "a tip leaves its person where they were": lambda: edited(
        series_scripts, Edit("MOVE_ON_ACT", "call('HINCRBY', series(index), 'next', 1)")
    ),
}


def play(url: str, runs: int, chosen: int) -> tuple[int, str]:
    """How many runs were made, and the promise that was broken, if one was."""
    options = settings(
        max_examples=runs,
        stateful_step_count=EVENTS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    played = seed(chosen)(sending_machine(url))
    try:
        run_state_machine_as_test(played, settings=options)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return played.runs, _told(error)
    return played.runs, ""


def _told(error: BaseException) -> str:
    """The promise that was broken.  Where a second try of the same events went well, Hypothesis
    says so and holds the first.
    """
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{error or type(error).__name__}".splitlines()[0][:120]


def main() -> bool:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=RUNS)
    options.add_argument("--runs-planted", type=int, default=RUNS_PLANTED)
    options.add_argument("--seed", type=int, default=SEED)
    chosen = options.parse_args()
    logging.disable(logging.CRITICAL)
    print(f"Seed {chosen.seed}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC; {machine()}\n")
    with short_folder() as folder, embedded_redis(folder) as url:
        runs, broken = play(url, chosen.runs, chosen.seed)
        print(f"{runs} runs of {EVENTS} events: {broken or 'no promise broken'}\n", flush=True)
        found = [found_in(url, name, chosen.runs_planted, chosen.seed) for name in MISTAKES]
    print(f"\n{sum(found)} of {len(found)} mistakes found")
    return not broken and sum(found) >= MUST_FIND


def found_in(url: str, name: str, runs: int, chosen: int) -> bool:
    with MISTAKES[name]():
        made, broken = play(url, runs, chosen)
    what = f"found in run {made}: {broken}" if broken else f"NOT found in {made} runs"
    print(f"{name:48} {what}", flush=True)
    return bool(broken)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
