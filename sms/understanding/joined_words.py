"""Words that were run together (помогитеменязаперли), parted by what is known of each.

The cheapest way through the letters is taken: a known word costs 1, each letter of an
ending a little, each letter that belongs to nothing more than a known word would.
"""

from dataclasses import dataclass
from operator import eq

from sms.understanding.normalize import once_each
from sms.understanding.vocabulary import Vocabulary

LONGEST = 120
"""Letters of one word that are looked into."""

_WORD = 1.0
_SHORT = 1.5
"""A known word of one or two letters: they are in every other word by chance."""
_LONG_ENOUGH = 9
"""Letters that may hide words with endings, or unknown ones; fewer, only two known words."""
_ENDING = 0.28
_UNKNOWN = 1.0
_LONGEST_WORD = 18
_SHORTEST_STEM = 4
_SHORTEST_UNKNOWN = 3
_PLAINLY_ONE = 2.3
"""A known word with an ending that is not long is looked at no further."""
_GAIN = 0.3
"""By how much the parts must cost less than they do as one word."""
_DEAREST = 0.5
"""What the parts may cost for each letter."""


@dataclass(frozen=True, slots=True)
class _Part:
    start: int
    end: int
    cost: float
    known: bool


def split(letters: str, vocabulary: Vocabulary) -> list[str]:
    """The skeletons of the words that these letters are, if they are known well enough;
    else of one word.
    """
    whole = _cost(letters, vocabulary).cost
    if whole <= _PLAINLY_ONE:
        return [once_each(letters)]
    parts = _cheapest(letters[:LONGEST], vocabulary)
    cost = sum(part.cost for part in parts)
    gain = whole - cost
    stray = any(not part.known and part.end - part.start < _SHORTEST_UNKNOWN for part in parts)
    too_short = len(letters) < _LONG_ENOUGH and not _is_two_words(parts)
    dear = gain < _GAIN or cost > _DEAREST * len(letters)
    if len(parts) < 2 or stray or too_short or dear:
        return [once_each(letters)]
    return [once_each(letters[part.start : part.end]) for part in parts]


def _is_two_words(parts: list[_Part]) -> bool:
    """Whether both are known as they stand, and one is no word of a few letters."""
    whole = all(part.known and part.cost <= _SHORT for part in parts)
    return len(parts) == 2 and whole and max(part.end - part.start for part in parts) > 3


def _cheapest(letters: str, vocabulary: Vocabulary) -> list[_Part]:
    costs, last = [0.0], list[_Part]()
    for end in range(1, len(letters) + 1):
        ways = [
            _part(letters, start, end, vocabulary)
            for start in range(max(0, end - _LONGEST_WORD), end)
        ]
        best = min(ways, key=lambda part: costs[part.start] + part.cost)
        costs.append(costs[best.start] + best.cost)
        last.append(best)
    parts: list[_Part] = []
    at = len(letters)
    while at:
        parts.insert(0, last[at - 1])
        at = parts[0].start
    return parts


def _part(letters: str, start: int, end: int, vocabulary: Vocabulary) -> _Part:
    cost = _cost(letters[start:end], vocabulary)
    return _Part(start, end, cost.cost, cost.known)


def _has_double(letters: str) -> bool:
    return any(map(eq, letters, letters[1:]))


@dataclass(frozen=True, slots=True)
class _Cost:
    cost: float
    known: bool


def _cost(letters: str, vocabulary: Vocabulary) -> _Cost:
    """As one word: known, a known beginning with an ending no longer than it, or unknown."""
    word = once_each(letters) if _has_double(letters) else letters
    if word in vocabulary.known_words or word in vocabulary.countries.known:
        return _Cost(_WORD if len(word) > 2 else _SHORT, known=True)
    for end in range(len(word), _SHORTEST_STEM - 1, -1):
        ending = len(word) - end
        if ending <= end and vocabulary.begins(word[:end]):
            return _Cost(_WORD + _ENDING * ending, known=True)
    return _Cost(_UNKNOWN * len(letters), known=False)
