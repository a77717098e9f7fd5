"""Callers are counted once a day, in the same step as their hop, by where they are."""

import asyncio
import gc
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from weakref import ref

import pytest
from redis import Redis as Blocking
from redis.asyncio import Redis

from menus.live import LiveMenu
from menus.model import Menu
from runtime.clock import utc_now
from runtime.settings import Settings
from sms.consent import Consent
from tests.support.outboxes import NUMBER, OTHER, SEAL
from tests.support.service import Service, form, new_session
from tests.support.worker_process import connect
from ussd.bootstrap import ScreensOf, budget_of, screens_of
from ussd.engine import Screen
from ussd.hop import Dialogue, Hop
from ussd.screens import Place, Screens, View
from ussd.sessions import CALLERS_SECONDS, COUNTS_SECONDS, HopRecord, Sessions, dialled_key

NIGHT = datetime(2026, 11, 22, 23, 59, 30, tzinfo=UTC)
TODAY = NIGHT.date()
TOMORROW = TODAY + timedelta(days=1)
START, MAIN, DANGER = ("", "start"), ("ru", "main"), ("ru", "danger")


@dataclass
class Clock:
    time: datetime = NIGHT

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(redis: Redis, clock: Clock) -> Sessions:
    return Sessions(redis, SEAL, clock)


def heard(
    session: str, answers: int, place: tuple[str, str], number: str | None = NUMBER
) -> HopRecord:
    return HopRecord(session, number, answers, place)


async def counted(redis: Redis, day: date = TODAY) -> dict[str, int]:
    found = await redis.hgetall(dialled_key(day))
    return {str(what): int(count) for what, count in found.items() if count != "0"}


async def test_a_caller_is_where_their_session_was_last(sessions: Sessions, redis: Redis) -> None:
    for answers, place in enumerate((START, MAIN, DANGER)):
        await sessions.record(heard("s", answers, place), "v1")
    assert await counted(redis) == {"sessions": 1, "hops": 3, "at ru danger": 1}


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(heard("s", 2, DANGER), id="the same hop"),
        pytest.param(heard("s", 1, MAIN), id="an earlier hop that comes late"),
        pytest.param(heard("s", 0, START), id="the dial"),
    ],
)
async def test_a_repeated_hop_moves_nobody(
    sessions: Sessions, redis: Redis, again: HopRecord
) -> None:
    for answers, place in enumerate((START, MAIN, DANGER)):
        await sessions.record(heard("s", answers, place), "v1")
    before = await counted(redis)
    await sessions.record(again, "v1")
    assert await counted(redis) == before | {"repeated hops": 1}


async def test_only_the_first_session_of_a_day_counts(sessions: Sessions, redis: Redis) -> None:
    for n in range(15):
        await sessions.record(heard(f"s{n}", 0, START), "v1")
        await sessions.record(heard(f"s{n}", 1, MAIN if n else DANGER), "v1")
    await sessions.record(heard("other", 0, START, OTHER), "v1")
    assert await counted(redis) == {"sessions": 16, "hops": 31, "at ru danger": 1, "at - start": 1}


async def test_a_session_that_redis_lost_is_counted_once(sessions: Sessions, redis: Redis) -> None:
    await sessions.record(heard("s", 1, MAIN), "v1")
    await redis.delete("ussd:session:s")
    await sessions.record(heard("s", 2, DANGER), "v1")
    counts = await counted(redis)
    assert {what: counts[what] for what in counts if what.startswith("at ")} == {"at ru main": 1}


async def test_after_midnight_the_day_before_changes_no_more(
    sessions: Sessions, redis: Redis, clock: Clock
) -> None:
    await sessions.record(heard("s", 0, START), "v1")
    before = await counted(redis)
    clock.time += timedelta(minutes=1)
    await sessions.record(heard("s", 1, MAIN), "v1")
    assert await counted(redis) == before
    assert await counted(redis, TOMORROW) == {"hops": 1}
    await sessions.record(heard("t", 1, DANGER), "v1")
    assert await counted(redis, TOMORROW) == {"hops": 2, "sessions": 1, "at ru danger": 1}


async def test_a_session_on_another_version_stays_where_it_was(
    sessions: Sessions, redis: Redis
) -> None:
    """The place is known for the version in force only."""
    await sessions.record(heard("s", 1, MAIN), "v1")
    assert (await sessions.record(heard("s", 2, DANGER), "v2")).version == "v1"
    assert (await counted(redis))["at ru main"] == 1
    await sessions.record(heard("s", 3, DANGER), "v1")
    assert (await counted(redis))["at ru danger"] == 1


async def test_without_a_number_nobody_is_counted(sessions: Sessions, redis: Redis) -> None:
    await sessions.record(heard("s", 1, MAIN, None), "v1")
    assert await counted(redis) == {"sessions": 1, "hops": 1}


async def test_what_is_kept_names_nobody_and_ends(
    sessions: Sessions, redis: Redis, clock: Clock
) -> None:
    await sessions.record(heard("s", 1, MAIN), "v1")
    clock.time += timedelta(days=1)
    await sessions.record(heard("t", 1, MAIN), "v1")
    callers = [await redis.smembers(f"ussd:callers:{day}") for day in (TODAY, TOMORROW)]
    assert [len(each) for each in callers] == [1, 1]
    assert callers[0] != callers[1], "the same caller has another name the day after"
    assert SEAL.index(NUMBER) not in callers[0] | callers[1]
    longest: dict[str, int] = {"callers": CALLERS_SECONDS, "counts": COUNTS_SECONDS, "session": 600}
    async for key in redis.scan_iter("*"):
        assert NUMBER[1:] not in key
        assert 0 < await redis.ttl(key) <= longest[key.split(":")[1]], key


async def test_a_hop_asks_redis_once(redis: Redis, menu: Menu) -> None:
    """Whoever calls, and whether or not they are counted."""
    dialogue = _dialogue(menu, redis)
    await dialogue.answer(Hop("warm", (), NUMBER))
    await _asked(redis)
    for n in range(10):
        await dialogue.answer(Hop(f"s{n}", ("2", "1")[: n % 3], f"+770155501{n:02}"))
    assert await _asked(redis) == {("evalsha", 10)}


async def _asked(redis: Redis) -> set[tuple[str, int]]:
    """The commands since it was last asked.  Those of scripts are told as well, so these
    are the ones that no script of a hop uses.
    """
    stats: dict[str, Any] = await redis.info("commandstats")
    await redis.config_resetstat()
    ours = ("evalsha", "eval", "get", "set", "mget", "exists")
    return {
        (name, stats[f"cmdstat_{name}"]["calls"]) for name in ours if f"cmdstat_{name}" in stats
    }


class Watched(Screens):
    """Counts how often it is asked what a place says."""

    asked = 0

    def view(self, place: Place) -> View:
        self.asked += 1
        return super().view(place)


@pytest.mark.parametrize(
    ("answers", "asked"),
    [(("2", "1"), [3, 1, 1]), (("2", *("1", "0") * 8), [18, 18, 18])],
    ids=["short", "long"],
)
async def test_a_way_that_was_gone_before_is_played_again_only_if_it_is_long(
    menu: Menu, answers: tuple[str, ...], asked: list[int]
) -> None:
    screens = Watched(menu, budget_of(Settings()))
    async with connect("unix:///nowhere") as nowhere:
        dialogue = _dialogue(menu, nowhere, lambda _menu: screens)
        shown, seen = set(), []
        for _ in asked:
            before = screens.asked
            shown.add(await dialogue.answer(Hop(None, answers)))
            seen.append(screens.asked - before)
    assert (seen, len(shown)) == (asked, 1)


async def test_what_was_played_goes_with_the_screens_of_its_day(
    menu: Menu, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ussd.bootstrap.AT_HAND", 1)
    now = [NIGHT]
    monkeypatch.setattr("ussd.bootstrap.utc_now", lambda: now[0])
    made: list[ref[Screens]] = []

    def shown(menu: Menu) -> Screens:
        screens = Screens(menu, budget_of(Settings()))
        made.append(ref(screens))
        return screens

    async with connect("unix:///nowhere") as nowhere:
        dialogue = _dialogue(menu, nowhere, shown)
        for day in (NIGHT, NIGHT + timedelta(days=1)):
            now[0] = day
            await dialogue.answer(Hop(None, ("2", "1")))
        gc.collect()
        assert [each() is None for each in made] == [True, False]


def _dialogue(menu: Menu, redis: Redis, shown: ScreensOf | None = None) -> Dialogue:
    """On a menu that stays as it is, in which nothing is looked up and nothing granted."""
    live = LiveMenu.__new__(LiveMenu)
    live.current = menu

    async def fulfil(_consent: Consent, _gateway: str) -> bool:
        return False

    shown = shown or partial(screens_of, Settings())
    return Dialogue(live, Sessions(redis, SEAL), shown, fulfil)


async def test_a_hop_without_redis_is_answered(menu: Menu) -> None:
    async with connect("unix:///nowhere") as nowhere:
        screen = await _dialogue(menu, nowhere).answer(Hop("s", ("2", "1"), NUMBER))
    assert isinstance(screen, Screen)
    assert not screen.ends


async def test_hops_behind_too_many_that_wait_for_redis_go_by_their_text(
    menu: Menu, redis: Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ussd.sessions.MOST_ASKING", 2)
    dialogue = _dialogue(menu, redis)
    hops = [dialogue.answer(Hop(f"s{n}", ("2", "1"), NUMBER)) for n in range(10)]
    [screen] = {*await asyncio.gather(*hops)}
    assert screen == await dialogue.answer(Hop("later", ("2", "1"), NUMBER))
    counts = await redis.hgetall(dialled_key(utc_now().date()))
    assert counts["hops"] == "3", "of the first two, and of the one that came later"
    assert caplog.text.count("too many hops at once") == 1


def test_places_are_those_that_phones_show(service: Service, redis_url: str) -> None:
    """Over HTTP, with paging, going back, a miss and an ended session."""
    with Blocking.from_url(redis_url, decode_responses=True) as redis:
        redis.delete(*(redis.keys("ussd:*") or ["none"]))
        for n, text in enumerate(("", "2", "2*1", "2*1*0", "3*x", "1*9*9*9*9")):
            data = form(new_session(), text, f"+7701777{n:04}")
            assert service.http.post(service.callback, data=data).status_code == 200
        [key] = redis.keys("ussd:counts:*")
        counts = redis.hgetall(key)
    places = {what: count for what, count in counts.items() if what.startswith("at ")}
    assert places == {
        "at - start": "1",
        "at ru main": "2",
        "at ru danger": "1",
        "at en main": "1",
        "at kk main": "1",
    }


def test_a_heard_hop_shows_no_number() -> None:
    assert NUMBER not in repr(heard("s", 0, START))
    assert NUMBER not in repr(replace(Hop("s", (), NUMBER), answers=("1",)))
