"""The lanes hold: no test starts a process unseen, and so `make fast` stays fast."""

import subprocess
import sys
import threading
import time
from contextlib import suppress

import pytest

NOTHING = [sys.executable, "-c", ""]
TOLD = "without asking for the fixture `processes`"


def test_a_process_in_the_first_lane_fails_the_test(request: pytest.FixtureRequest) -> None:
    with pytest.raises(AssertionError, match=rf"{request.node.name} .*{TOLD}"):
        subprocess.run(NOTHING, check=True)


def start_one() -> None:
    with suppress(AssertionError):
        subprocess.run(NOTHING, check=True)


def wait_for_a_thread_that_starts_one() -> None:
    threading.Thread(target=start_one).start()
    time.sleep(10)


def test_also_where_a_thread_starts_it_and_the_test_waits() -> None:
    with pytest.raises(AssertionError, match=TOLD):
        wait_for_a_thread_that_starts_one()


@pytest.mark.usefixtures("processes")
def test_whoever_asks_may_start_one(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("process")
    subprocess.run(NOTHING, check=True)
