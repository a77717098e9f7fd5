"""The parent of several workers."""

import signal
import threading
from collections.abc import Iterator

import pytest
from uvicorn import Config
from uvicorn.supervisors.multiprocess import SIGNALS

from runtime.processes import Workers
from tests.support.patience import PATIENCE
from tests.support.trees import until


@pytest.fixture
def workers(processes: None) -> Iterator[Workers]:
    """One, which the parent waits for longer than we do."""
    before = {each: signal.getsignal(each) for each in SIGNALS}
    parent = Workers(
        Config(
            "nothing:app",
            workers=1,
            timeout_worker_healthcheck=int(3 * PATIENCE),
            log_config=None,
        ),
        [],
    )
    parent.init_processes()
    try:
        yield parent
    finally:
        for each in parent.processes:
            each.kill()
            each.join()
        for number, handler in before.items():
            signal.signal(number, handler)


def test_a_worker_that_ends_while_it_is_asked_how_it_is_has_a_successor_at_once(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    [first] = workers.processes
    first.process.kill()
    first.process.join()
    monkeypatch.setattr(first.process, "is_alive", lambda: True)  # as when it was asked
    threading.Thread(target=workers.keep_subprocess_alive, daemon=True).start()
    until(lambda: workers.processes != [first], "another one has begun")
