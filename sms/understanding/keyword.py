"""Keywords: words and patterns of words by which a message is understood.

помощь               the word, in any of the usual spellings
помог*               any word that begins so
не отпускает         these words beside each other
паспорт* + забра*    both in the message, in any order, not far apart
забра*|отобра*       one of them
нет + денег / ни копейки       one of these, of one word or several
<papers>             one of the words that the file lists under that name
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from itertools import product

from sms.understanding.normalize import skeleton
from sms.understanding.word_index import WHOLE, Forms

REQUESTS = ("stop", "yes", "embassy", "digest", "series")
"""What a keyword may ask for that is no node of the menu."""

LIST = re.compile(r"<([a-z_]+)>")
"""A list of words in a pattern."""

Lists = Mapping[str, tuple[str, ...]]
Part = tuple[Forms, ...]
"""Words beside each other, each as the forms that it may have."""


class Weight(IntEnum):
    """How much a keyword says: SURE, whatever stands beside it; LIKELY, where nothing else
    is surer; HINT, an everyday word that says it almost alone.
    """

    SURE = 4
    LIKELY = 2
    HINT = 1


@dataclass(frozen=True, slots=True)
class Keyword:
    """One keyword of one language.  `meaning`: a node of the menu, or one of `REQUESTS`.
    `parts`: what must be there: words beside each other, each one of its forms.
    """

    language: str
    meaning: str
    weight: Weight
    written: str
    parts: tuple[Part, ...]

    def forms(self) -> Forms:
        return frozenset(form for part in self.parts for word in part for form in word)


@dataclass(frozen=True, slots=True)
class KeywordMatch:
    """A keyword in a message, and the places of its words."""

    keyword: Keyword
    words: tuple[int, ...]


def parts_of(written: str, lists: Lists, mark: str = "") -> Iterator[tuple[Part, ...]]:
    """Each way of saying a pattern.  `mark` stands before each form, to keep a language's
    forms apart.

    Raises `KeyError` for a list that is not there, `ValueError` for a word without letters.
    """
    choices = ([_part(way, lists, mark) for way in part.split("/")] for part in written.split("+"))
    yield from product(*choices)


def _part(way: str, lists: Lists, mark: str) -> Part:
    return tuple(frozenset(mark + form for form in _forms(word, lists)) for word in way.split())


def _forms(word: str, lists: Lists) -> Iterator[str]:
    for each in word.split("|"):
        if named := LIST.fullmatch(each):
            for listed in lists[named[1]]:
                yield from _forms(listed, lists)
        else:
            yield from spellings(each)


@lru_cache(maxsize=8192)
def spellings(word: str) -> frozenset[str]:
    """The forms of one word: in Uzbek o' is typed о and у; ё stands for yo and for e, ts in
    Latin letters for ц, тс and тьс, also where a beginning ends between the two (passport*
    and passports), and ye for ье and ъе.
    """
    stem, end = word.removesuffix("*").casefold(), "" if word.endswith("*") else WHOLE
    variants = {stem, re.sub("o['ʻ‘’`]", "u", stem), stem.replace("ў", "о")}
    variants |= {each.replace("ё", "йо") for each in variants}
    variants |= {f"{each}s" for each in variants if not end and each.endswith("t")}
    variants |= {re.sub("ть?с", "ц", each) for each in variants}
    variants |= {re.sub("[ьъ]е", "ие", each) for each in variants}
    variants |= {each.replace("yo", "e") for each in variants}
    found = {skeleton(each) for each in variants} - {""}
    if not found:
        raise ValueError(word)
    return frozenset(each + end for each in found)


def heard_as(word: str, keyword: str) -> bool:
    """Whether one word is a keyword of one word, however it is spelt."""
    return bool(spellings(word) & spellings(keyword))
