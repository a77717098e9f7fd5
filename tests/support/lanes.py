"""Which lane a test runs in: told by the fixtures that it asks for, and held by force.

    (no marker)  nothing but Python in one process: `make fast`
    process      has `processes` among its fixtures: a Redis, a service, a command, ...
    browser      has `browser` among them: Chromium, and all of the above

A test of the first lane that starts a process fails, and is told what to ask for.
"""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

MARKERS = {
    "process": "starts processes, such as a Redis (set by itself: `tests/support/lanes.py`)",
    "browser": "opens pages in Chromium (set by itself: `tests/support/lanes.py`)",
}
LANE_OF_FIXTURE = {"processes": "process", "browser": "browser"}
STARTS = frozenset({"subprocess.Popen", "os.fork", "os.posix_spawn", "os.system"})
"""What Python's audit calls the ways to start a process."""
ASKS_FOR_NO_LANE = "git"
"""It is there wherever the repository is, and answers at once."""
TOLD = "starts a process without asking for the fixture `processes` (see tests/support/lanes.py)"

_closed_to: list[str] = []
"""The test of the first lane that runs now, if one does."""


def mark(item: pytest.Item) -> None:
    """Give a test the markers of its lane."""
    for fixture in getattr(item, "fixturenames", ()):
        if lane := LANE_OF_FIXTURE.get(fixture):
            item.add_marker(lane)


def sort_slowest_first(items: list[pytest.Item]) -> None:
    """Files that open pages, then those that start processes, then the others: whoever has a long
    one for its last keeps all the others waiting.
    """
    lanes = {item.path: 0 for item in items}
    for item in items:
        lane = sum(bool(item.get_closest_marker(each)) for each in MARKERS)
        lanes[item.path] = max(lanes[item.path], lane)
    items.sort(key=lambda item: -lanes[item.path])


@contextmanager
def held(item: pytest.Item) -> Iterator[None]:
    """While this test runs, it keeps to its lane."""
    if not item.get_closest_marker("process"):
        _closed_to.append(item.nodeid)
    try:
        yield
    finally:
        _closed_to.clear()


def watch() -> None:
    """Hear of every process that Python starts here, from now on."""
    signal.signal(signal.SIGUSR1, _fail)
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event in STARTS and _closed_to and arguments[:1] != (ASKS_FOR_NO_LANE,):
        _tell(threading.main_thread())
        _fail()


def _tell(tests: threading.Thread) -> None:
    """Fail the test also where another thread starts the process and the test waits for it."""
    if tests.ident and tests is not threading.current_thread():
        signal.pthread_kill(tests.ident, signal.SIGUSR1)


def _fail(*_: object) -> None:
    raise AssertionError(f"{_closed_to[0]} {TOLD}")
