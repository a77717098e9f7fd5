"""The log of a Redis that goes and comes back."""

import logging

import pytest
from redis.exceptions import OutOfMemoryError

from runtime.redis_client import OutageLog


def test_an_outage_is_two_lines_however_many_calls_fail(caplog: pytest.LogCaptureFixture) -> None:
    outages = OutageLog(logging.getLogger("test"), "sessions", "hops go by their text")
    for error in (None, OSError("secret"), TimeoutError(), None, None, OSError(), None):
        outages.note(error)
    went = "sessions: Redis does not answer (OSError); hops go by their text"
    back = "sessions: Redis answers again"
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("ERROR", went),
        ("WARNING", back),
    ] * 2


def test_a_redis_that_refuses_some_calls_is_two_lines_too(caplog: pytest.LogCaptureFixture) -> None:
    """As one that is full: it refuses each second and answers ten times between."""
    seconds = 0.0
    outages = OutageLog(logging.getLogger("test"), "worker", now=lambda: seconds)
    for second in range(100):
        seconds = float(second)
        outages.note(OutOfMemoryError() if second < 50 else None)
        outages.note(None)
    assert [each.getMessage() for each in caplog.records] == [
        "worker: Redis refuses (OutOfMemoryError)",
        "worker: Redis answers again",
    ]
