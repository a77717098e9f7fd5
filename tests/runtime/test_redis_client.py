"""The log of a Redis that goes and comes back."""

import logging

import pytest

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
