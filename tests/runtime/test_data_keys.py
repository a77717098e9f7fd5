"""One data key after another: how they are written, when each is used, what is still opened."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runtime.data_keys import (
    FORMER_KEPT,
    LOOK_SECONDS,
    KeyFile,
    with_new_key,
    without_former,
)
from runtime.encryption import BEGINNING, CLOCKS, CannotOpen, DataKey, Seal, keys_in, text_of
from runtime.files import replace_file

OLD, NEW = b"o" * 32, b"n" * 32
SWITCH = datetime(2026, 11, 27, tzinfo=UTC)
KEYS = (DataKey(OLD), DataKey(NEW, SWITCH))
NUMBER = "+77015550101"
DAY = timedelta(days=1)


def at(moment: datetime) -> Seal:
    return Seal(lambda: KEYS, lambda: moment)


BEFORE, AFTER = at(SWITCH - DAY), at(SWITCH)


def test_before_the_moment_the_old_key_is_used_and_then_the_new_one() -> None:
    assert BEFORE.index(NUMBER) == Seal(OLD).index(NUMBER)
    assert AFTER.index(NUMBER) == Seal(NEW).index(NUMBER)
    assert Seal(OLD).open(BEFORE.seal("text", "x"), "x") == "text"
    assert Seal(NEW).open(AFTER.seal("text", "x"), "x") == "text"
    with pytest.raises(CannotOpen):
        Seal(OLD).open(AFTER.seal("text", "x"), "x")


def test_what_was_kept_before_is_opened_and_found_after() -> None:
    assert AFTER.open(BEFORE.seal("text", "x"), "x") == "text"
    assert AFTER.indexes(NUMBER) == [Seal(NEW).index(NUMBER), Seal(OLD).index(NUMBER)]
    assert BEFORE.indexes(NUMBER) == [Seal(OLD).index(NUMBER)]
    assert [each.index(NUMBER) for each in AFTER.apart()] == AFTER.indexes(NUMBER)


def test_a_machine_whose_clock_is_ahead_is_understood() -> None:
    behind = at(SWITCH - CLOCKS / 2)
    assert behind.open(AFTER.seal("text", "x"), "x") == "text"
    assert behind.indexes(NUMBER) == [Seal(OLD).index(NUMBER), Seal(NEW).index(NUMBER)]


def test_what_is_counted_once_in_a_month_stays_under_the_key_of_its_beginning() -> None:
    first = SWITCH.replace(day=1)
    assert AFTER.index(NUMBER, first) == BEFORE.index(NUMBER, first) == Seal(OLD).index(NUMBER)
    later = at(SWITCH + 40 * DAY)
    assert later.index(NUMBER, first + 40 * DAY) == Seal(NEW).index(NUMBER)


# --- How they are written -------------------------------------------------------------


def test_what_is_written_is_read() -> None:
    assert keys_in(text_of(KEYS)) == KEYS
    assert keys_in(text_of(KEYS).replace("\n", ", ")) == KEYS, "in a variable, with commas"
    assert keys_in(text_of(KEYS[:1])) == KEYS[:1]


KEY = text_of(KEYS[:1])
FAULTY = [
    "",
    "x",
    f"{KEY} from 2026-11-27T00:00Z",
    f"{KEY}\n{KEY}",
    f"{KEY}\n{KEY} from tomorrow",
    f"{KEY}\n{KEY} from 2026-11-27T00:00",
    f"{KEY}\n{KEY} from 2026-11-27T00:00Z\n{KEY} from 2026-11-26T00:00Z",
    "a2tr",
]


@pytest.mark.parametrize("text", FAULTY)
def test_what_is_no_key_or_out_of_order_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        keys_in(text)


def test_no_key_is_shown() -> None:
    shown = repr(KEYS) + KEYS[0].name
    assert not [each for each in (KEY, OLD.hex(), repr(OLD)) if each in shown]
    assert KEYS[0].name != KEYS[1].name


@pytest.mark.parametrize(("hour", "days"), [(0, 1), (12, 1), (22, 1), (23, 2)])
def test_a_new_key_is_used_from_a_midnight_on_that_all_know_of(hour: int, days: int) -> None:
    now = datetime(2026, 11, 26, hour, 30, tzinfo=UTC)
    old, new = with_new_key(KEYS[:1], now)
    assert old == KEYS[0]
    assert new.since == datetime(2026, 11, 26, tzinfo=UTC) + days * DAY
    assert new.octets != with_new_key(KEYS[:1], now)[1].octets
    with pytest.raises(ValueError, match="is there already"):
        with_new_key((old, new), now)
    assert len(with_new_key((old, new), new.since)) == 3


def test_a_former_key_goes_when_nothing_is_kept_under_it_any_more() -> None:
    assert without_former(KEYS, SWITCH + FORMER_KEPT - DAY) == KEYS
    assert without_former(KEYS, SWITCH + FORMER_KEPT) == (DataKey(NEW, BEGINNING),)
    assert without_former(KEYS[:1], SWITCH) == KEYS[:1]


# --- The file -------------------------------------------------------------------------


class Hands:
    """A clock of seconds."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def go_on(self) -> None:
        self.now += LOOK_SECONDS


def test_a_file_that_changes_is_read_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file, hands = tmp_path / "key", Hands()
    file.write_text(text_of(KEYS[:1]), "ascii")
    keys = KeyFile(file, KEYS[:1], hands)
    file.write_text(text_of(KEYS), "ascii")
    assert keys() == KEYS[:1], "it is not looked at with each number"
    hands.go_on()
    assert keys() == KEYS
    for broken in ("", "x"):
        file.write_text(broken, "ascii")
        hands.go_on()
        hands.go_on()
        assert keys() == KEYS, "those known"
    file.unlink()
    hands.go_on()
    assert keys() == KEYS
    lines = caplog.text.splitlines()
    assert ["read again" in each for each in lines] == [True, False, False, False]
    assert KEY not in caplog.text


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_a_file_that_is_replaced_stays_its_owners(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.touch(0o600)
    os.chown(file, 12345, 12345)
    replace_file(file, "x")
    found = file.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (12345, 12345, 0o600)
