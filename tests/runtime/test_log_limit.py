"""What may come often is told seldom, and none of it is left out of the count."""

import logging

import pytest

from runtime.log_limit import EVERY_SECONDS, LimitedLog


def test_the_first_is_told_at_once_and_the_others_by_the_hour(
    caplog: pytest.LogCaptureFixture,
) -> None:
    times = [0.0, 1.0, 2.0, EVERY_SECONDS, EVERY_SECONDS + 1, 2 * EVERY_SECONDS]
    seconds = 0.0
    log = LimitedLog(logging.getLogger("test"), "texts: %d", now=lambda: seconds)
    for seconds in times:  # noqa: B007 (the log reads it)
        log.note()
    assert [each.getMessage() for each in caplog.records] == ["texts: 1", "texts: 3", "texts: 2"]
