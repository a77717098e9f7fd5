"""Quiet hours, weekdays, and how far apart the messages of the series are."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.series.calendar import Calendar

ALMATY = ZoneInfo("Asia/Almaty")
WEEKDAYS = Calendar()
EVERY_DAY = Calendar(weekends=True)


def at(text: str, zone: ZoneInfo = ALMATY) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("moment", "allowed"),
    [
        pytest.param("2026-11-20 09:00", True, id="it opens at nine on a Friday"),
        pytest.param("2026-11-20 08:59", False, id="not a minute before"),
        pytest.param("2026-11-20 20:59", True, id="the last minute"),
        pytest.param("2026-11-20 21:00", False, id="then it is closed"),
        pytest.param("2026-11-21 12:00", False, id="nothing on a Saturday"),
        pytest.param("2026-11-22 12:00", False, id="nor on a Sunday"),
    ],
)
def test_hours(moment: str, allowed: bool) -> None:
    assert WEEKDAYS.allows(at(moment)) == allowed


def test_hours_are_those_of_the_zone() -> None:
    assert WEEKDAYS.allows(at("2026-11-20 05:00", ZoneInfo("UTC")))
    assert not WEEKDAYS.allows(at("2026-11-20 18:00", ZoneInfo("UTC")))


@pytest.mark.parametrize(
    ("moment", "following"),
    [
        pytest.param("2026-11-16 14:30", "2026-11-18 14:30", id="two days on, at the same hour"),
        pytest.param("2026-11-19 14:30", "2026-11-23 09:00", id="a Saturday gives way to Monday"),
        pytest.param("2026-11-16 22:00", "2026-11-19 09:00", id="night gives way to the morning"),
        pytest.param("2026-11-16 03:00", "2026-11-18 09:00", id="also before dawn"),
    ],
)
def test_next(moment: str, following: str) -> None:
    assert WEEKDAYS.next_after(at(moment)) == at(following)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)), st.booleans())
def test_whatever_is_planned_is_allowed_and_later(naive: datetime, weekends: bool) -> None:
    calendar = Calendar(weekends=weekends)
    moment = naive.replace(tzinfo=ZoneInfo("UTC"))
    for planned in (calendar.first_from(moment), calendar.next_after(moment)):
        assert calendar.allows(planned)
        assert planned >= moment


def test_a_moment_that_is_allowed_is_taken_as_it_is() -> None:
    assert EVERY_DAY.first_from(at("2026-11-21 12:00")) == at("2026-11-21 12:00")


def test_hours_can_be_set() -> None:
    late = Calendar(opens=time(20), closes=time(22), weekends=True, every_days=1)
    assert late.next_after(at("2026-11-21 08:00")) == at("2026-11-22 20:00")
