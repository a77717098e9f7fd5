"""A message as it is read: its words, the keywords among them, the countries that it names,
the language that it is in.  What it asks for is decided in `matching`.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from menus.alphabet import is_cyrillic, script_of
from sms.requests import HOME
from sms.understanding.country_search import Mention, Role
from sms.understanding.keyword import Keyword, KeywordMatch, Part
from sms.understanding.languages import LanguageProfile, Languages
from sms.understanding.vocabulary import Vocabulary
from sms.understanding.word_index import LATIN_ONLY
from sms.understanding.words import Word, read

FURTHEST = 9
"""Words that the parts of one keyword may stand apart."""
KEYWORD = 3.0
"""What each word of a keyword counts for its language, beside how it looks."""
OFFERED = 3.0
"""What counts for a language that we can answer in."""
COMMON = 2.5
"""What counts for the menu's first two languages, which most people here write: Түркия is
Kazakh and Kyrgyz.
"""
UNLIKE_MESSAGE, UNLIKE_WORDS = 5.0, 4.5
"""How much less than the likeliest, for each word, a language may look like the message, or
else like the words of a keyword, for that keyword to be meant.
"""
ANOTHER_LANGUAGE = 3.0
"""How much less than the likeliest, for each word, a language may look like the message, or
else its keywords give way to those of the others.
"""
STRANGE = -7.2
"""Less than this for each three letters, and a message is in no language that we know."""

ORIGINS = ("KZ", "UZ", "KG", "TJ", "TM")
"""Who says to be from there is not there."""

Places = list[tuple[int, ...]]

_NEAREST = {Role.IN: 4, Role.TO: 3, Role.NAMED: 2, Role.FROM: 1}


@dataclass(frozen=True, slots=True)
class Reading:
    """`matches`: every keyword that is there.  `counted`: of those that share words, the
    one that says most.  `scores`: the weights of these by what they mean.  `likeness`: how
    much the message looks like each language.
    """

    words: tuple[Word, ...]
    matches: tuple[KeywordMatch, ...]
    counted: tuple[KeywordMatch, ...]
    scores: dict[str, int]
    mentions: tuple[Mention, ...]
    likeness: dict[str, float]

    def score(self, meanings: Iterable[str]) -> int:
        return sum(self.scores.get(each, 0) for each in meanings)

    def content(self) -> set[int]:
        """The places of the words that tell something, countries left out."""
        named = {n for each in self.mentions for n in range(each.start, each.end)}
        return {n for n, word in enumerate(self.words) if not word.filler} - named

    def is_only(self, *meanings: str) -> bool:
        """Whether the message says this and nothing else."""
        said = {n for each in self.matches if each.keyword.meaning in meanings for n in each.words}
        return bool(said) and self.content() <= said and not self.mentions

    def is_in_latin(self) -> bool:
        """Whether its letters are Latin ones, and there are some."""
        letters = [char for word in self.words for char in word.written if char.isalpha()]
        return bool(letters) and all(script_of(char) == "LATIN" for char in letters)

    def rest(self, meaning: str) -> list[Word]:
        """All other words."""
        said = {n for each in self.matches if each.keyword.meaning == meaning for n in each.words}
        return [word for n, word in enumerate(self.words) if n not in said]


def read_message(text: str, vocabulary: Vocabulary) -> Reading:
    words = tuple(read(text, vocabulary))
    mentions = tuple(vocabulary.countries.mentions([word.skeleton for word in words]))
    names = {n for each in mentions for n in range(each.start, each.end) if not each.adjective}
    likeness = Likenesses(words, vocabulary.languages)
    matches = tuple(
        each
        for each in _matches(words, vocabulary)
        if likeness.allows(each) and not names.issuperset(each.words)
    )
    counted = tuple(_counted(matches, likeness, vocabulary.help))
    scores: dict[str, int] = {}
    for each in counted:
        scores[each.keyword.meaning] = scores.get(each.keyword.meaning, 0) + each.keyword.weight
    return Reading(words, matches, counted, scores, mentions, likeness.with_keywords(matches))


# --- Keywords -------------------------------------------------------------------


def _matches(words: Sequence[Word], vocabulary: Vocabulary) -> Iterator[KeywordMatch]:
    """Every keyword of which all parts are there, near each other."""
    for n, parts in _parts_there(words, vocabulary).items():
        keyword = vocabulary.keywords[n]
        if len(parts) == len(keyword.parts) and (together := _together([*parts.values()])):
            yield KeywordMatch(keyword, together)


def _parts_there(words: Sequence[Word], vocabulary: Vocabulary) -> dict[int, dict[int, Places]]:
    """By each keyword's number, and each of its parts, the places where it is."""
    found: dict[int, dict[int, Places]] = {}
    for at, word in enumerate(words):
        for n, m in {place for form in word.forms for place in vocabulary.by_form.get(form, ())}:
            if places := _beside(words, at, vocabulary.keywords[n].parts[m]):
                found.setdefault(n, {}).setdefault(m, []).append(places)
    return found


def _beside(words: Sequence[Word], at: int, part: Part) -> tuple[int, ...]:
    """The places of a part that begins at a word; one filler may stand between two."""
    places = [at]
    for forms in part[1:]:
        ahead = [n for n in (places[-1] + 1, places[-1] + 2) if n < len(words)]
        found = next((n for n in ahead if words[n].forms & forms), None)
        if found is None or not all(words[n].filler for n in range(places[-1] + 1, found)):
            return ()
        places.append(found)
    return tuple(places)


def _together(parts: list[Places]) -> tuple[int, ...]:
    """The first places of all parts that share no word and stand near each other."""
    for places in product(*parts):
        every = [n for each in places for n in each]
        if len(every) == len(set(every)) and max(every) - min(every) <= FURTHEST:
            return tuple(every)
    return ()


def _counted(
    matches: Iterable[KeywordMatch], likeness: "Likenesses", help_: Container[str]
) -> Iterator[KeywordMatch]:
    """Those that say most, those of its own language first; of those that say as much in the
    same words, first what is said in need.  Each word counts once.
    """

    def place(match: KeywordMatch) -> tuple[int, bool, int, tuple[int, ...], bool]:
        keyword, words = match.keyword, match.words
        foreign = not likeness.is_near(keyword.language)
        return -keyword.weight, foreign, -len(words), words, keyword.meaning not in help_

    taken: set[int] = set()
    for each in sorted(matches, key=place):
        if taken.isdisjoint(each.words):
            taken.update(each.words)
            yield each


# --- The language -----------------------------------------------------------------


class Likenesses:
    """How much a message, and each of its words, looks like each language."""

    def __init__(self, words: Sequence[Word], languages: Languages) -> None:
        self._codes = [each.code for each in languages.profiles]
        self._of_words = [languages.likeness(word.written, word.skeleton) for word in words]
        whole: list[float] = [sum(each) for each in zip(*self._of_words, strict=True)]
        self._whole = dict(zip(self._codes, whole, strict=False))
        self._best = max(whole, default=0.0)

    def allows(self, match: KeywordMatch) -> bool:
        """Whether the message, or these words of it, may be in the keyword's language."""
        code = match.keyword.language
        if self._best - self._whole[code] <= UNLIKE_MESSAGE * len(self._of_words):
            return True
        words = [self._of_words[n] for n in match.words]
        own: list[float] = [sum(each) for each in zip(*words, strict=True)]
        return max(own) - own[self._codes.index(code)] <= UNLIKE_WORDS * len(match.words)

    def is_near(self, code: str) -> bool:
        """Whether the message may as well be in this language as in the likeliest."""
        return self._best - self._whole[code] <= ANOTHER_LANGUAGE * len(self._of_words)

    def with_keywords(self, matches: Sequence[KeywordMatch]) -> dict[str, float]:
        """Of the message, its keywords counted for their languages."""
        return {
            code: like + KEYWORD * len(_words_of(matches, code))
            for code, like in self._whole.items()
        }


def _words_of(matches: Sequence[KeywordMatch], code: str) -> set[int]:
    return {n for each in matches if each.keyword.language == code for n in each.words}


def may_be_written(keyword: Keyword, reading: Reading) -> bool:
    """Whether a keyword may be written in the letters of the message: what a language
    writes in Latin letters only is no word in Cyrillic.
    """
    cyrillic = any(word.cyrillic for word in reading.words)
    return not cyrillic or not any(form.startswith(LATIN_ONLY) for form in keyword.forms())


def is_written_so(keyword: Keyword, reading: Reading) -> bool:
    """Whether a keyword is in the letters of the message: shartnoma is Uzbek before Tajik."""
    return any(map(is_cyrillic, keyword.written)) == any(word.cyrillic for word in reading.words)


def language_of(reading: Reading, vocabulary: Vocabulary) -> str:
    """The language to answer in."""
    cyrillic = any(word.cyrillic for word in reading.words)
    fitting = [each for each in vocabulary.languages.profiles if each.cyrillic or not cyrillic]

    def likeness(profile: LanguageProfile) -> float:
        offered = OFFERED if profile.reply_in == profile.code else 0.0
        return likeness_to(profile.code, reading, vocabulary) + offered

    return max(fitting, key=likeness).reply_in


def likeness_to(code: str, reading: Reading, vocabulary: Vocabulary) -> float:
    """How likely the message is in the language, among people here."""
    common = COMMON if code in vocabulary.offered[:2] else 0.0
    return reading.likeness.get(code, 0.0) + common


def is_in_no_language(reading: Reading) -> bool:
    """Whether no language that we know is likely."""
    if not any(char.isalpha() for word in reading.words for char in word.written):
        return True
    threes = sum(len(word.skeleton) for word in reading.words)
    return max(reading.likeness.values()) <= STRANGE * threes


# --- The place --------------------------------------------------------------------


def place_of(reading: Reading) -> str | None:
    """The country where the message says that somebody is; home, if it says so."""
    named = [each for each in reading.mentions if not each.adjective]
    ranked = sorted(named, key=lambda each: -_nearness(each))
    return ranked[0].codes[0] if ranked and _nearness(ranked[0]) > 0 else None


def _nearness(mention: Mention) -> int:
    if mention.role is Role.FROM and mention.codes[0] in ORIGINS:
        return 0
    return _NEAREST[mention.role]


def abroad(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(code for code in codes if code != HOME)
