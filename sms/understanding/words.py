"""The words of a message: each as it is written, its skeleton, and the forms it may be."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from menus.alphabet import CAPITALS_TO_CYRILLIC, is_cyrillic
from sms.understanding.joined_words import split
from sms.understanding.normalize import letters_of, words_of
from sms.understanding.vocabulary import Vocabulary
from sms.understanding.word_index import LATIN_ONLY, NONE, Forms

MOST_CHARACTERS = 480
"""Of a message that are read: three segments of GSM-7, more than anybody needs to ask."""
SHORTEST_JOINED = 5
"""Letters of a word that may be several."""

_WORD = re.compile("[^\\W_]+(?:['`´ʻʼʹʽ‘’‛′\u0300-\u036f][^\\W_]*)*")
"""A word with the apostrophes and accents inside it."""


@dataclass(frozen=True, slots=True)
class Word:
    """`forms`: of keywords.  `filler`: it tells nothing by itself."""

    written: str
    skeleton: str
    cyrillic: bool
    forms: Forms
    filler: bool


def read(text: str, vocabulary: Vocabulary) -> list[Word]:
    """The words of a message in order.  Those that were run together are parted."""
    plain = unicodedata.normalize("NFKC", _letters_only(text[:MOST_CHARACTERS]))
    return [word for piece in _WORD.findall(plain) for word in _words_in(piece, vocabulary)]


def _letters_only(text: str) -> str:
    """Without what cannot be seen; signs part words, also those that stand for letters (㈓)."""
    kept = (char for char in text if unicodedata.category(char) != "Cf")
    return "".join(" " if unicodedata.category(char) == "So" else char for char in kept)


def _words_in(piece: str, vocabulary: Vocabulary) -> Iterator[Word]:
    cyrillic = _is_cyrillic(piece)
    for skeleton in words_of(piece):
        parts = [skeleton]
        if len(skeleton) >= SHORTEST_JOINED and skeleton not in vocabulary.known_words:
            parts = split(letters_of(piece), vocabulary)
        for part in parts:
            written = piece if len(parts) == 1 else part
            yield _word(written, part, cyrillic, vocabulary)


def _word(written: str, skeleton: str, cyrillic: bool, vocabulary: Vocabulary) -> Word:
    filler = skeleton in vocabulary.fillers or written.casefold() in vocabulary.fillers
    forms = (
        NONE
        if len(written) < len(skeleton) == 2
        else _known(written, skeleton, cyrillic, vocabulary)
    )
    if not forms and not filler and skeleton not in vocabulary.known_words:
        forms = vocabulary.index.guessed(skeleton)
        forms |= NONE if cyrillic else vocabulary.latin.guessed(LATIN_ONLY + skeleton)
    return Word(written, skeleton, cyrillic, forms, filler)


def _known(written: str, skeleton: str, cyrillic: bool, vocabulary: Vocabulary) -> Forms:
    """Its forms as it stands; я is none of иә, whose skeleton it has."""
    forms = vocabulary.index.known(skeleton)
    if cyrillic:
        return forms
    return forms | vocabulary.latin.known(LATIN_ONLY + skeleton) | _disguised(written, vocabulary)


def _disguised(written: str, vocabulary: Vocabulary) -> Forms:
    """Of a word in Latin capitals that all look Cyrillic, as on a phone without Cyrillic."""
    looked = written.translate(CAPITALS_TO_CYRILLIC)
    if not (written.isascii() and all(map(is_cyrillic, looked))):
        return NONE
    return vocabulary.index.known("".join(words_of(looked)))


def _is_cyrillic(piece: str) -> bool:
    """Whether its letters are Cyrillic, or look so beside some that are."""
    looked = piece.upper().translate(CAPITALS_TO_CYRILLIC)
    return any(map(is_cyrillic, piece)) and all(
        is_cyrillic(char) or not char.isalpha() for char in looked
    )
