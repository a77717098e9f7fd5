"""What a texted message asks for: a pure function from its words to a request.

A keyword counts wherever it stands in a message.  Where several do, this is the
order: STOP; whoever is in danger; an embassy; tips; the other screens.  A country
is a request by itself, and with a word of danger it says where the person is.
Nothing that a person writes is an error.

The reply is in the language of the keyword; without one, in the language that the
message is most likely in.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from menus.alphabet import is_cyrillic
from sms.requests import HOME, Confirm, Digest, Embassy, NodeRequest, Request, Series, Stop, Unknown
from sms.understanding.normalize import words_of
from sms.understanding.vocabulary import Keyword, Kind, LanguageProfile, Vocabulary

MOST_CHARACTERS = 480
"""Of a message that are read: three segments of GSM-7, more than anybody needs to ask."""
STOP_ALONE = 3
"""Words: in a message of no more, STOP counts wherever it stands, as it does in the
first place.  In a longer one it is no STOP beside a word of danger ("they won't stop")."""

_FROM_LETTERS = ((9, 2), (6, 1))
"""How many typing mistakes a word of so many letters may have."""

_WORD = re.compile("[^\\W_]+(?:['`´ʻʼʹʽ‘’‛′\u0300-\u036f][^\\W_]*)*")
"""A word with the apostrophes and accents inside it."""

_LOOKS = {"A": "A", "B": "VE", "C": "ES", "E": "IE", "H": "EN", "K": "KA", "M": "EM", "O": "O"}
_LOOKS |= {"P": "ER", "T": "TE", "X": "HA", "Y": "U"}
_CYRILLIC_LOOKS = {
    ord(latin): unicodedata.lookup(f"CYRILLIC CAPITAL LETTER {name}")
    for latin, name in _LOOKS.items()
}


# --- What may be wished -------------------------------------------------------


# --- Reading ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a message: as written, and its skeleton; another one if all its
    letters are Latin capitals that look Cyrillic.
    """

    written: str
    skeleton: str
    disguised: str
    cyrillic: bool


@dataclass(frozen=True, slots=True)
class KeywordMatch:
    """A keyword at its place in a message: words `start` up to `end`."""

    start: int
    end: int
    keyword: Keyword


def understand(text: str, vocabulary: Vocabulary) -> Request:
    """What the message asks for.  Never raises."""
    words = _read(text)
    met = list(_met(words, vocabulary))
    guess = _guess(words, vocabulary)
    return (
        _stop(words, met, vocabulary)
        or _embassy(words, met, vocabulary, guess)
        or _ask([each for each in met if each.keyword.node in vocabulary.urgent])
        or _tips(met)
        or _ask([each for each in met if each.keyword.kind is Kind.NODE])
        or _yes(words, met, vocabulary)
        or Unknown(guess)
    )


def _read(text: str) -> list[Word]:
    plain = unicodedata.normalize("NFKC", text[:MOST_CHARACTERS])
    plain = "".join(char for char in plain if unicodedata.category(char) != "Cf")
    return [word for piece in _WORD.findall(plain) for word in _words_in(piece)]


def _words_in(piece: str) -> Iterator[Word]:
    looked = piece.translate(_CYRILLIC_LOOKS)
    disguised = piece.isascii() and all(map(is_cyrillic, looked))
    cyrillic = any(map(is_cyrillic, piece)) and all(
        is_cyrillic(char) or not char.isalpha() for char in piece.upper().translate(_CYRILLIC_LOOKS)
    )
    for skeleton in words_of(piece):
        yield Word(piece, skeleton, "".join(words_of(looked)) if disguised else "", cyrillic)


def _met(words: list[Word], vocabulary: Vocabulary) -> Iterator[KeywordMatch]:
    """The keywords in a message, none over another; the longest at each place."""
    at = 0
    while at < len(words):
        met = _met_at(words, at, vocabulary)
        if met:
            yield met
        at = met.end if met else at + 1


def _met_at(words: list[Word], at: int, vocabulary: Vocabulary) -> KeywordMatch | None:
    for end in range(min(len(words), at + vocabulary.longest), at, -1):
        key = " ".join(word.skeleton for word in words[at:end])
        if words[at].written.casefold() in vocabulary.fillers and end == at + 1:
            return None
        if keyword := _of_script(words[at:end], vocabulary.keywords.get(key, ())):
            return KeywordMatch(at, end, keyword)
    disguised = vocabulary.keywords.get(words[at].disguised, ())
    seen = next((each for each in disguised if each.cyrillic), None)
    keyword = seen or _misspelt(words[at], vocabulary)
    return KeywordMatch(at, at + 1, keyword) if keyword else None


def _of_script(words: list[Word], known: Iterable[Keyword]) -> Keyword | None:
    """The keyword written in the script of the words.  Cyrillic ones may be typed in
    Latin letters, Latin ones not in Cyrillic: those are other words.
    """
    cyrillic = any(word.cyrillic for word in words)
    fitting = [each for each in known if each.cyrillic or not cyrillic]
    return min(fitting, key=lambda each: each.cyrillic != cyrillic, default=None)


def _misspelt(word: Word, vocabulary: Vocabulary) -> Keyword | None:
    """The keyword that a long word misses by a letter or two, if it is one alone.

    STOP and YES are never guessed: in Kazakh two letters make "send" of "do not send".
    """
    most = next((most for letters, most in _FROM_LETTERS if len(word.skeleton) >= letters), 0)
    near: dict[float, list[Keyword]] = {}
    keys = vocabulary.single if most else ()
    for key, distance, _ in process.extract(
        word.skeleton, keys, scorer=OSA.distance, score_cutoff=most, limit=None
    ):
        keyword = _of_script([word], vocabulary.keywords[key])
        if keyword and keyword.kind not in (Kind.STOP, Kind.YES):
            near.setdefault(distance, []).append(keyword)
    nearest = near[min(near)] if near else []
    one = len({(each.kind, each.node) for each in nearest}) == 1
    return nearest[0] if one and not _find([word], vocabulary) else None


def _is_filler(word: Word, vocabulary: Vocabulary) -> bool:
    return word.written.casefold() in vocabulary.fillers or word.skeleton in vocabulary.fillers


def _guess(words: list[Word], vocabulary: Vocabulary) -> str:
    """The language that knows most of the words; else the one that has all their letters
    and the fewest that no other has; else the menu's first.
    """
    letters = {char for word in words for char in word.written.casefold() if char.isalpha()}

    def unlike(profile: LanguageProfile) -> tuple[int, int, int]:
        own = [word for word in words if profile.cyrillic or not word.cyrillic]
        known = sum(word.skeleton in profile.words for word in own)
        return -known, len(letters - profile.letters), profile.own_letters

    return min(vocabulary.profiles, key=unlike).code if letters else vocabulary.profiles[0].code


# --- Deciding -----------------------------------------------------------------


def _stop(words: list[Word], met: list[KeywordMatch], vocabulary: Vocabulary) -> Stop | None:
    stops = [each for each in met if each.keyword.kind is Kind.STOP]
    if not stops:
        return None
    danger = any(each.keyword.node in vocabulary.urgent for each in met)
    heard = stops[0].start == 0 or len(words) <= STOP_ALONE or not danger
    return Stop(stops[0].keyword.language) if heard else None


def _embassy(
    words: list[Word], met: list[KeywordMatch], vocabulary: Vocabulary, guess: str
) -> Embassy | None:
    """Missions of the country named, if it is asked for or nothing else is."""
    asked = [each.keyword for each in met if each.keyword.kind is Kind.EMBASSY]
    danger = [each.keyword for each in met if each.keyword.node in vocabulary.urgent]
    if not asked and len(danger) < len(met):
        return None
    taken = {n for each in met for n in range(each.start, each.end)}
    beside = [word for n, word in enumerate(words) if n not in taken]
    rest = [word for word in beside if not _is_filler(word, vocabulary)]
    codes = _find(beside, vocabulary) or _find(rest, vocabulary)
    abroad = codes if codes != (HOME,) else ()
    if not asked and (not codes or (danger and not abroad)):
        return None
    spoken = next((keyword.language for keyword in (*asked, *danger)), None)
    language = spoken or _language_of(rest, codes[0], vocabulary, guess)
    return Embassy(language, abroad, bool(rest) and codes != (HOME,))


def _find(words: list[Word], vocabulary: Vocabulary) -> tuple[str, ...]:
    return vocabulary.countries.find(" ".join(word.written for word in words))


def _language_of(rest: list[Word], code: str, vocabulary: Vocabulary, guess: str) -> str:
    """The language in which the country is called most nearly what was written."""
    written = " ".join(word.skeleton for word in rest)
    cyrillic = any(word.cyrillic for word in rest)

    def likeness(profile: LanguageProfile) -> tuple[float, bool]:
        name = " ".join(words_of(vocabulary.countries.name(code, profile.code)))
        return fuzz.partial_ratio(written, name), profile.code == guess

    return max((t for t in vocabulary.profiles if t.cyrillic or not cyrillic), key=likeness).code


def _ask(met: list[KeywordMatch]) -> NodeRequest | None:
    """The node whose keyword has the most words, the first of them."""
    longest = max(met, key=lambda each: each.end - each.start, default=None)
    return NodeRequest(longest.keyword.language, longest.keyword.node) if longest else None


def _tips(met: list[KeywordMatch]) -> Digest | Series | None:
    asked = {each.keyword.kind: each.keyword.language for each in reversed(met)}
    if Kind.SERIES in asked:
        return Series(asked[Kind.SERIES])
    return Digest(asked[Kind.TIPS]) if Kind.TIPS in asked else None


def _yes(words: list[Word], met: list[KeywordMatch], vocabulary: Vocabulary) -> Confirm | None:
    """Consent is a yes and nothing else."""
    fillers = sum(_is_filler(word, vocabulary) for word in words)
    agreed = [each for each in met if each.keyword.kind is Kind.YES]
    said = sum(each.end - each.start for each in agreed) + fillers
    return Confirm(agreed[0].keyword.language) if agreed and said >= len(words) else None
