"""A finished day's counts, made into figures that may be shown.

Pure: raw counts in, figures out.  A day's figures are `{what: {cell: number}}`; a cell
that is not there is one that stands for fewer than `MIN_PEOPLE` people, or for nobody.
"""

from collections.abc import Collection, Iterable, Mapping

from runtime.suppression import STEP, Breakdown, Publishable, at_least, in_steps, suppress
from sms.outbox import CAPPED, MOST_SEGMENTS, OTHER_TROUBLE, TROUBLES, UNDER_WAY, Kind
from sms.states import State
from ussd.sessions import NO_LANGUAGE

Counts = Mapping[str, int]
Published = dict[str, dict[str, int]]

OTHERS = "(others)"
"""People in cells that are not shown, when they are many together."""
STOPPED_AT_START, WENT_ON = "stopped at the first screen", "chose a language"
PLACE = "at "
"""Before the language and the node, in the raw counts of dialled sessions."""
STATES = (UNDER_WAY, *(s for s in State if s not in (State.QUEUED, State.SENDING)))
SIZES = tuple(str(n) for n in range(1, MOST_SEGMENTS + 1))
TROUBLE_NAMES = (*dict.fromkeys(TROUBLES.values()), OTHER_TROUBLE)


def dialled(counts: Counts, languages: Collection[str], nodes: Collection[str]) -> Published:
    """Callers of a day, by whether they chose a language, by language, and by the place at
    which they stopped; with all sessions and hops.
    """
    places = {what: people for what, people in counts.items() if what.startswith(PLACE)}
    start = sum(people for what, people in places.items() if _part(what, 1) == NO_LANGUAGE)
    by = {n: _grouped(places, n) for n in (1, 2)}
    known = {1: languages, 2: nodes}
    language, place = suppress([Breakdown(by[n], known[n]) for n in (1, 2)])
    callers = {STOPPED_AT_START: at_least(start), WENT_ON: language.total}
    events = {what: counts.get(what, 0) for what in ("sessions", "hops")}
    published = {
        "callers": callers,
        "language": _cells(language),
        "place": _cells(place),
        "dialled": _stepped(events) if any(callers.values()) else {},
    }
    return _without_empty(published)


def texted(counts: Counts) -> Published:
    """People who got an SMS on a day, of each kind by what became of it and by segments;
    with all messages and segments, those over a cap, and what gateways said no with.
    """
    published: Published = {}
    for kind in Kind:
        published |= _of_kind(kind, counts)
    published["trouble"] = troubles(counts)
    published["over a cap"] = _stepped({"people": counts.get(CAPPED, 0)})
    return _without_empty(published)


def troubles(counts: Counts) -> dict[str, int]:
    """People whose message met an error of the gateway, by the error, in steps."""
    return _stepped({what: counts.get(f"trouble {what}", 0) for what in TROUBLE_NAMES})


def added(parts: Iterable[Published]) -> Published:
    """The figures of several days.  Only shown figures are added."""
    total: Published = {}
    for part in parts:
        for what, cells in part.items():
            into = total.setdefault(what, {})
            for cell, number in cells.items():
                into[cell] = into.get(cell, 0) + number
    return total


def people(published: Published, what: str) -> int:
    return sum(published.get(what, {}).values())


def _of_kind(kind: Kind, counts: Counts) -> Published:
    state = {each: counts.get(f"{kind} is {each}", 0) for each in STATES}
    size = {each: counts.get(f"{kind} of {each}", 0) for each in SIZES}
    by_state, by_size = suppress([Breakdown(state, STATES), Breakdown(size, SIZES)])
    events = {what: counts.get(f"{kind} {what}", 0) for what in ("messages", "segments")}
    return {
        f"{kind} state": _cells(by_state),
        f"{kind} size": _cells(by_size),
        f"{kind} sent": _stepped(events) if by_state.total else {},
    }


def _part(what: str, n: int) -> str:
    return what.split(" ", 2)[n]


def _grouped(places: Counts, part: int) -> dict[str, int]:
    grouped: dict[str, int] = {}
    for what, there in places.items():
        if _part(what, 1) != NO_LANGUAGE:
            cell = _part(what, part)
            grouped[cell] = grouped.get(cell, 0) + max(0, there)
    return grouped


def _cells(one: Publishable) -> dict[str, int]:
    return {**one.cells, **({OTHERS: one.others} if one.others else {})}


def _stepped(counts: Counts) -> dict[str, int]:
    return {what: in_steps(count) for what, count in counts.items() if count >= STEP}


def _without_empty(published: Published) -> Published:
    kept = {what: {c: n for c, n in cells.items() if n} for what, cells in published.items()}
    return {what: cells for what, cells in kept.items() if cells}
