"""What reading and checking the menu keep at hand, so that who edits one file waits for no other.

That is of use while somebody edits, and takes some 4 MB of each process.  So it is let go now
and then; whoever reads next reads all files anew, which takes ten times as long as after a change
of one (`benchmarks/check.py`: 0.12 and 0.01 s on one machine, 0.23 and 0.02 on another).
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

_LET_GO: list[Callable[[], None]] = []


def at_hand(most: int) -> Callable[[F], F]:
    """As `functools.lru_cache` of so many answers, until they are let go."""

    def keeping(function: F) -> F:
        cached = lru_cache(most)(function)
        _LET_GO.append(cached.cache_clear)
        return cast(F, cached)

    return keeping


def let_go_with_the_rest(clear: Callable[[], None]) -> None:
    """Of what is kept by other means."""
    _LET_GO.append(clear)


def let_go() -> None:
    """Drop it all.  May be called while another thread reads: that only takes longer."""
    for clear in _LET_GO:
        clear()
