"""What may be shown of small numbers, against somebody who knows exactly how it is made."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.small_counts import MIN_PEOPLE, STEP, Breakdown, Publishable, in_steps, suppress

COUNTS = st.integers(0, 40) | st.integers(0, 2000)
Table = tuple[int, ...]


def cut(tables: tuple[Table, ...], fewest: int) -> tuple[tuple[Table, int], ...]:
    """What is published of several tables, in a form that can be looked up."""
    splits = [_split(table) for table in tables]
    return tuple(
        (tuple(one.cells.get(cell, 0) for cell in split.known), one.others)
        for one, split in zip(suppress(splits, fewest), splits, strict=True)
    )


def _split(table: Table) -> Breakdown:
    return Breakdown(
        {str(n): people for n, people in enumerate(table)}, [str(n) for n in range(len(table))]
    )


def worlds(sizes: tuple[int, ...], most: int) -> Iterator[tuple[Table, ...]]:
    """Every way in which up to so many people may be spread, the same people each time."""
    tables = [list(product(range(most + 1), repeat=size)) for size in sizes]
    for world in product(*tables):
        if len({sum(table) for table in world}) == 1:
            yield world


@pytest.mark.parametrize(
    ("sizes", "most", "fewest"),
    [
        ((3,), 9, 3),
        ((2, 2), 12, 3),
        ((2, 3), 8, 3),
        ((1, 3), 8, 3),
        ((2, 2, 2), 6, 3),
        ((4,), 5, 2),
    ],
)
def test_whoever_tries_every_world_finds_no_small_cell(
    sizes: tuple[int, ...], most: int, fewest: int
) -> None:
    """Of all the worlds that look the same, one has nobody in any cell that is not shown,
    one at a time; and no shown figure is small.
    """
    alike = defaultdict(list)
    for world in worlds(sizes, most):
        alike[cut(world, fewest)].append(world)
    for view, candidates in alike.items():
        for place, (cells, others) in enumerate(view):
            assert all(not 0 < figure < fewest for figure in (*cells, others)), view
            for cell, figure in enumerate(cells):
                assert figure or any(not world[place][cell] for world in candidates), (view, cell)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(COUNTS, min_size=1, max_size=30), min_size=1, max_size=4))
def test_a_day_that_was_as_it_is_shown_is_shown_so(tables: list[list[int]]) -> None:
    """The proof, tried out: for each cell that is not shown there is a day on which nobody
    was in it, and which is shown in exactly the same way.
    """
    total = min(sum(table) for table in tables)
    world = tuple(_of(tuple(table), total) for table in tables)
    view = cut(world, MIN_PEOPLE)
    assert len({sum(cells) + others for cells, others in view}) == 1
    for place, (cells, others) in enumerate(view):
        assert all(figure == 0 or figure >= MIN_PEOPLE for figure in (*cells, others))
        assert sum(cells) + others <= total
        for cell in [n for n, figure in enumerate(cells) if not figure]:
            assert cut(_emptied(view, place, cell), MIN_PEOPLE) == view


def _of(table: Table, total: int) -> Table:
    """The table with so many people fewer that it adds up to the total."""
    left, kept = total, []
    for people in table:
        kept.append(min(people, left))
        left -= kept[-1]
    return tuple(kept)


def _emptied(view: tuple[tuple[Table, int], ...], place: int, cell: int) -> tuple[Table, ...]:
    """A day that looks so, and on which nobody was in this cell."""
    return tuple(
        _spread(cells, others, cell if n == place else None)
        for n, (cells, others) in enumerate(view)
    )


def _spread(cells: Table, others: int, empty: int | None) -> Table:
    spread = list(cells)
    for n, figure in enumerate(cells):
        if not figure and n != empty:
            spread[n] = min(others, MIN_PEOPLE - 1)
            others -= spread[n]
    assert others == 0, "more people than the small cells can hold"
    return tuple(spread)


@pytest.mark.parametrize(
    ("cells", "known", "said", "others"),
    [
        pytest.param({"a": 11, "b": 10}, "ab", {"a": 11}, 0, id="one small cell is left out"),
        pytest.param({"a": 11, "b": 10, "c": 5}, "abc", {"a": 11}, 0, id="two could be told"),
        pytest.param({"b": 9, "c": 9, "d": 9}, "abcd", {}, 27, id="many small make one large"),
        pytest.param({"b": 10, "c": 10, "d": 10}, "bcd", {}, 20, id="each of them may be empty"),
        pytest.param({"z": 30}, "ab", {"z": 30}, 0, id="a cell that nobody knew of"),
        pytest.param({}, "ab", {}, 0, id="nobody"),
    ],
)
def test_one_split(cells: dict[str, int], known: str, said: dict[str, int], others: int) -> None:
    assert suppress([Breakdown(cells, known)]) == [Publishable(said, others)]


def test_two_splits_add_up_to_the_same() -> None:
    languages = Breakdown({"ru": 200, "kk": 50, "en": 8}, ["ru", "kk", "en"])
    places = Breakdown({"danger": 150, "abroad": 108}, ["danger", "abroad", "signs"])
    assert suppress([languages, places]) == [
        Publishable({"ru": 200, "kk": 50}),
        Publishable({"danger": 142, "abroad": 108}),
    ]


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_two_figures_in_steps_never_tell_that_they_differ_by_few(a: int, b: int) -> None:
    """All that is known of the difference is a span of more than ten numbers."""
    least = max(0, in_steps(a) - in_steps(b) - (STEP - 1))
    most = in_steps(a) - in_steps(b) + STEP - 1
    assert most < 1 or least < 1 or most >= MIN_PEOPLE
