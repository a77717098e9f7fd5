"""Figures of finished days: what is made of counts, that it stays so, and what it never tells."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from menus.live import LiveMenu
from menus.model import Menu
from runtime.small_counts import MIN_PEOPLE, STEP
from sms.outbox.counts import counts_key
from sms.outbox.messages import MessageKind, Queue
from sms.outbox.outbox import Outbox
from sms.unknown_words import UnknownWord, UnknownWords
from tests.support.outboxes import SEAL
from ussd.sessions import dialled_key
from web.figures.csv_export import csv_of
from web.figures.daily import (
    OTHERS,
    SIZES,
    STATES,
    Figures,
    dialled_figures,
    people,
    sum_of,
    texted_figures,
)
from web.figures.store import Day, FigureStore

LANGUAGES = ["kk", "ru", "en", "uz", "ky", "tg"]
NODES = ["main", "danger", "abroad", "signs", "offer"]
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
YESTERDAY, DAY_BEFORE = date(2026, 11, 21), date(2026, 11, 20)
PLACES = ["at - start", *(f"at {language} {node}" for language in LANGUAGES for node in NODES)]
COUNTED = st.dictionaries(st.sampled_from(PLACES), st.integers(0, 40))
EVENTS = ("dialled", "trouble", "over a cap", *(f"{kind} sent" for kind in MessageKind))


# --- What is made of counts


@settings(max_examples=300, deadline=None)
@given(COUNTED, st.integers(0, 3000), st.integers(0, 3000))
def test_no_figure_of_dialled_sessions_is_small(
    counts: dict[str, int], sessions: int, hops: int
) -> None:
    made = dialled_figures(counts | {"sessions": sessions, "hops": hops}, LANGUAGES, NODES)
    assert_none_is_small(made)
    assert people(made, "language") == people(made, "place")
    assert people(made, "language") == made.get("callers", {}).get("chose a language", 0)
    assert people(made, "callers") <= sum(counts.values())


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_figure_of_sms_is_small(data: st.DataObject) -> None:
    counts: dict[str, int] = {}
    for kind in MessageKind:
        states = {s: data.draw(st.integers(0, 60)) for s in STATES}
        left = sum(states.values())
        for size in SIZES:
            many = left if size == SIZES[-1] else data.draw(st.integers(0, left))
            counts[f"{kind} of {size}"], left = many, left - many
        counts |= {f"{kind} is {state}": many for state, many in states.items()}
        counts[f"{kind} messages"] = counts[f"{kind} segments"] = sum(states.values()) + 7
    made = texted_figures(counts)
    assert_none_is_small(made)
    for kind in MessageKind:
        assert people(made, f"{kind} state") == people(made, f"{kind} size")


def assert_none_is_small(made: Figures) -> None:
    for what, cells in made.items():
        for cell, figure in cells.items():
            assert figure >= MIN_PEOPLE, (what, cell)
            assert what not in EVENTS or figure % STEP == 0, (what, cell)


def test_one_person_who_dials_all_day_shows_nowhere() -> None:
    counts = {"at ru danger": 1, "sessions": 500, "hops": 5000}
    assert dialled_figures(counts, LANGUAGES, NODES) == {}
    assert texted_figures({"reply is delivered": 1, "reply of 1": 1, "reply messages": 400}) == {}


def test_a_day() -> None:
    counts = {"at - start": 12, "at ru danger": 30, "at kk danger": 14, "at ru abroad": 5}
    made = dialled_figures(counts | {"sessions": 75, "hops": 319}, LANGUAGES, NODES)
    assert made == {
        "callers": {"stopped at the first screen": 12, "chose a language": 44},
        "language": {"ru": 30, "kk": 14},
        "place": {"danger": 44},
        "dialled": {"sessions": 60, "hops": 300},
    }


def test_a_node_that_the_menu_has_lost_is_shown_or_hidden_too() -> None:
    made = dialled_figures({"at ru gone": 40, "at ru lost": 3, "at uz main": 20}, LANGUAGES, NODES)
    assert made["place"] == {"gone": 40, "main": 20}
    assert made["language"] == {"ru": 40, "uz": 20}


def test_days_are_added_as_they_are_shown() -> None:
    one, two = {"place": {"danger": 11, OTHERS: 12}}, {"place": {"danger": 20}}
    assert sum_of([one, two, {}]) == {"place": {"danger": 31, OTHERS: 12}}


# --- What is kept


class StillMenu(LiveMenu):
    """A menu that does not follow its files."""

    def __init__(self, menu: Menu) -> None:
        self.current = menu


@pytest.fixture
def figures(redis: Redis, menu: Menu) -> FigureStore:
    return FigureStore(redis, StillMenu(menu), Outbox(redis, SEAL), UnknownWords(redis, SEAL))


async def counted(redis: Redis, key: str, counts: dict[Any, Any]) -> None:
    await redis.hset(key, mapping=counts)


async def test_a_day_is_made_into_figures_once(figures: FigureStore, redis: Redis) -> None:
    """Whoever looks again sees the same, and the small counts are gone."""
    await counted(redis, dialled_key(YESTERDAY), {"at ru danger": 30, "at ru signs": 3})
    [first] = await figures.days(1, NOW)
    assert first.dialled == {
        "callers": {"chose a language": 30},
        "language": {"ru": 30},
        "place": {"danger": 30},
    }
    assert await redis.keys("ussd:*") == []
    await counted(redis, dialled_key(YESTERDAY), {"at ru danger": 31})  # a hop that came late
    assert await figures.days(1, NOW) == [first]
    assert await figures.days(1, NOW) == [first]


async def test_only_days_that_are_over_are_shown(figures: FigureStore, redis: Redis) -> None:
    for n in range(6):
        day = NOW.date() - timedelta(days=n)
        await counted(redis, dialled_key(day), {"at ru danger": 30})
        await counted(redis, counts_key(day), {"reply is delivered": 30, "reply of 1": 30})
    days = await figures.days(5, NOW)
    assert [each.day for each in days] == [NOW.date() - timedelta(days=n) for n in range(1, 6)]
    assert [bool(each.dialled) for each in days] == [True] * 5
    assert [each.texted is None for each in days] == [True, True, False, False, False]


async def test_just_after_midnight_the_day_is_not_over(figures: FigureStore, redis: Redis) -> None:
    await counted(redis, dialled_key(YESTERDAY), {"at ru danger": 30})
    [day] = await figures.days(1, datetime(2026, 11, 22, 0, 5, tzinfo=UTC))
    assert day.dialled is None


async def test_two_processes_at_once_show_the_same(
    figures: FigureStore, redis: Redis, menu: Menu
) -> None:
    """The second reads the counts before the first has kept its figures, and keeps after."""
    [source, _] = figures._sources()
    await counted(redis, dialled_key(YESTERDAY), {"at ru danger": 30})
    await figures._store(source, {YESTERDAY: {"at ru danger": 30}})
    await figures._store(source, {YESTERDAY: {"at ru danger": 29}})
    [day] = await figures.days(1, NOW)
    assert (day.dialled or {})["place"] == {"danger": 30}


async def test_what_is_kept_ends(figures: FigureStore, redis: Redis) -> None:
    await counted(redis, dialled_key(YESTERDAY), {"at ru danger": 30})
    await figures.days(1, NOW)
    assert 0 < await redis.ttl(f"figures:dialled:{YESTERDAY}") <= 400 * 86400


@pytest.mark.parametrize(
    ("messages", "numbers", "told"),
    [(0, 1, 0), (1, 1, 0), (19, 19, 0), (20, 20, 20), (59, 30, 40), (600, 10, 0), (600, 11, 600)],
)
async def test_queues_are_told_in_steps_and_only_of_enough_people(
    figures: FigureStore, redis: Redis, messages: int, numbers: int, told: int
) -> None:
    for n in range(messages):
        await redis.xadd("sms:queue:replies", {"id": str(n)})
        await redis.hset(f"sms:message:{n}", "index", str(n % numbers))
    assert await figures.queues() == {Queue.REPLIES: told, Queue.SERIES: 0}


async def test_words_of_a_year_are_shown(figures: FigureStore, redis: Redis) -> None:
    for month in ("2026-11", "2025-12", "2025-11"):
        await redis.hset(f"sms:known-words:{month}", mapping={"hepl": "12"})
    known = await figures.unknown_words(NOW)
    assert known == [UnknownWord("2026-11", "hepl", 11), UnknownWord("2025-12", "hepl", 11)]


# --- The sheet


@pytest.mark.parametrize(
    ("word", "cell"),
    [
        ("hepl", '"hepl"'),
        ("=1+1", '"\'=1+1"'),
        ("+7701", '"\'+7701"'),
        ("-2", '"\'-2"'),
        ("@SUM(A1)", '"\'@SUM(A1)"'),
        ("\t=1", '"\'\t=1"'),
        ("\r=1", '"\'\r=1"'),
        ("  =1", '"\'  =1"'),
        ("＝1", '"\'＝1"'),
        ('a",=1', '"a"",=1"'),
        ("көмек", '"көмек"'),
    ],
)
def test_no_cell_of_the_sheet_is_a_formula(word: str, cell: str) -> None:
    text = csv_of([], [UnknownWord("2026-11", word, 11)])
    assert text.startswith('\ufeff"period"')
    assert text.endswith(f'"2026-11","not understood",{cell},"11"\r\n')


def test_the_sheet_has_the_oldest_day_first() -> None:
    days = [Day(day, {"place": {"danger": 11}}, None) for day in (YESTERDAY, DAY_BEFORE)]
    lines = csv_of(days, []).splitlines()[1:]
    assert lines == [f'"{day}","place","danger","11"' for day in (DAY_BEFORE, YESTERDAY)]
