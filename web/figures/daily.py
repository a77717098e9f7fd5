"""A finished day's counts, made into figures that may be shown.

Pure: raw counts in, figures out.  A day's figures are `{what: {cell: number}}`; a cell
that is not there is one that stands for fewer than `MIN_PEOPLE` people, or for nobody.
"""

from collections.abc import Collection, Iterable, Mapping

from runtime.small_counts import STEP, Breakdown, Publishable, at_least, in_steps, suppress
from sms.gateways import GatewayError
from sms.outbox import CAPPED, MOST_SEGMENTS, UNDER_WAY, MessageKind
from sms.states import State
from ussd.sessions import NO_LANGUAGE

Counts = Mapping[str, int]
Figures = dict[str, dict[str, int]]
"""What may be shown, of a day or of several: `{what: {cell: number}}`."""

OTHERS = "(others)"
"""People in cells that are not shown, when they are many together."""
STOPPED_AT_START, WENT_ON = "stopped at the first screen", "chose a language"
PLACE = "at "
"""Before the language and the node, in the raw counts of dialled sessions."""
STATES = (UNDER_WAY, *(s for s in State if s not in (State.QUEUED, State.SENDING)))
SIZES = tuple(str(n) for n in range(1, MOST_SEGMENTS + 1))


def dialled_figures(counts: Counts, languages: Collection[str], nodes: Collection[str]) -> Figures:
    """Callers of a day, by whether they chose a language, by language, and by the place at
    which they stopped; with all sessions and hops.
    """
    places = {what: people for what, people in counts.items() if what.startswith(PLACE)}
    start = sum(people for what, people in places.items() if _part(what, 1) == NO_LANGUAGE)
    by_language = Breakdown(_grouped(places, 1), languages)
    by_place = Breakdown(_grouped(places, 2), nodes)
    language, place = suppress([by_language, by_place])
    callers = {STOPPED_AT_START: at_least(start), WENT_ON: language.total}
    events = {what: counts.get(what, 0) for what in ("sessions", "hops")}
    figures = {
        "callers": callers,
        "language": _cells(language),
        "place": _cells(place),
        "dialled": _stepped(events) if any(callers.values()) else {},
    }
    return _without_empty(figures)


def texted_figures(counts: Counts) -> Figures:
    """People who got an SMS on a day, of each kind by what became of it and by segments;
    with all messages and segments, those over a cap, and what gateways said no with.
    """
    figures: Figures = {}
    for kind in MessageKind:
        figures |= _of_kind(kind, counts)
    figures["trouble"] = gateway_errors(counts)
    figures["over a cap"] = _stepped({"people": counts.get(CAPPED, 0)})
    return _without_empty(figures)


def gateway_errors(counts: Counts) -> dict[str, int]:
    """People whose message met an error of the gateway, by the error, in steps."""
    return _stepped({what: counts.get(f"trouble {what}", 0) for what in GatewayError})


def sum_of(parts: Iterable[Figures]) -> Figures:
    """The figures of several days.  Only shown figures are added."""
    total: Figures = {}
    for part in parts:
        for what, cells in part.items():
            into = total.setdefault(what, {})
            for cell, number in cells.items():
                into[cell] = into.get(cell, 0) + number
    return total


def people(figures: Figures, what: str) -> int:
    """How many people the cells of a breakdown stand for."""
    return sum(figures.get(what, {}).values())


def _of_kind(kind: MessageKind, counts: Counts) -> Figures:
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


def _without_empty(figures: Figures) -> Figures:
    kept = {what: {c: n for c, n in cells.items() if n} for what, cells in figures.items()}
    return {what: cells for what, cells in kept.items() if cells}
