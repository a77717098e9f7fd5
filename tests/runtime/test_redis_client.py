"""What is no answer of a Redis, and the log of one that goes and comes back."""

import logging

import pytest
from redis.exceptions import (
    AskError,
    ClusterDownError,
    MaxConnectionsError,
    MovedError,
    OutOfMemoryError,
    RedisClusterException,
    SlotNotCoveredError,
    TryAgainError,
)

from runtime.redis_client import (
    QUIET_SECONDS,
    REDIS_ERRORS,
    OutageLog,
    closing_is_no_answer,
)


def test_an_outage_is_two_lines_however_many_calls_fail(caplog: pytest.LogCaptureFixture) -> None:
    seconds, log = 0.0, logging.getLogger("test")
    outages = OutageLog(log, "sessions", "hops go by their text", now=lambda: seconds)
    for error in (None, OSError("secret"), TimeoutError(), None, None, OSError(), None):
        outages.note(error)
        seconds += QUIET_SECONDS
    went = "sessions: Redis does not answer (OSError); hops go by their text"
    back = "sessions: Redis answers again"
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("ERROR", went),
        ("WARNING", back),
    ] * 2


@pytest.mark.parametrize(
    ("error", "told"), [(OutOfMemoryError(), "refuses"), (TimeoutError(), "does not answer")]
)
def test_a_redis_that_fails_some_calls_is_two_lines_too(
    error: Exception, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    """One that is full, or on an overloaded machine: each second it fails one call, and answers
    the next.
    """
    seconds = 0.0
    outages = OutageLog(logging.getLogger("test"), "worker", now=lambda: seconds)
    for second in range(100):
        seconds = float(second)
        outages.note(error if second < 50 else None)
        outages.note(None)
    assert [each.getMessage() for each in caplog.records] == [
        f"worker: Redis {told} ({type(error).__name__})",
        "worker: Redis answers again",
    ]


@pytest.mark.parametrize(
    "error",
    [
        RedisClusterException("no node answers"),
        SlotNotCoveredError("nobody has the slot"),
        ClusterDownError("CLUSTERDOWN"),
        MovedError("7000 a:6379"),
        AskError("7000 a:6379"),
        TryAgainError("a slot is being moved"),
        MaxConnectionsError(),
    ],
)
def test_what_a_cluster_says_when_it_cannot_serve_is_no_answer(error: Exception) -> None:
    with pytest.raises(REDIS_ERRORS):
        raise error


@pytest.mark.parametrize("error", [AttributeError("_stream"), RuntimeError("the handle is closed")])
def test_a_connection_that_was_closed_in_use_is_no_answer(error: Exception) -> None:
    with pytest.raises(REDIS_ERRORS), closing_is_no_answer():
        raise error
