"""One spelling for all the ways in which a word is typed.

A word is brought to a skeleton of Latin letters in which the usual variants are
one: capitals, ё and е, й and и, Kazakh letters and the Russian ones typed for
them, Latin letters inside a Cyrillic word, Cyrillic words typed in Latin letters
(турция, turciya, turtsiya), the Latin alphabet of 2021 (şyğarmaidy), doubled letters.
Two words of one skeleton may still be two words: who compares skeletons must mind those
that collide.
"""

import re
import unicodedata

from anyascii import anyascii

from menus.alphabet import TO_CYRILLIC, TO_LATIN

LONGEST = 200
"""Characters of a message that are read; what stands behind them names no country."""

_WORD = re.compile(r"[^\W_]+")
_PASSED_OVER = re.compile("['`´ʻʼʹʽ‘’‛′\u0300-\u036f\u00ad\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff]+")
"""Apostrophes and accents of their own, and what nobody sees."""

_AS_RUSSIAN = str.maketrans("әқғңөұүіһёйўҳҷӣӯъь", "акгноууихеиухжиу  ")
"""Letters of Kazakh, Uzbek and Tajik as they are typed on a Russian keyboard."""

_OF_2021 = str.maketrans({"ş": "sh", "ç": "ch"})
"""Of the Latin alphabets of Kazakh, the letters that are more than a sign on another."""

_FEWER_I = re.compile("i+(?=[aeou])")
_SOUNDS = (
    (re.compile("(?<=i)j|(?<=[aeiou])j$"), "i"),
    (re.compile("shch|sch"), "sh"),
    (re.compile("t[sz](?!h)"), "c"),
    (re.compile("kh|x"), "h"),
    (re.compile("zh|dj|dzh|j"), "z"),
    (re.compile("ph"), "f"),
    (re.compile("ck|q"), "k"),
    (re.compile("w"), "v"),
    (re.compile("gh"), "g"),
    (re.compile("[yj]"), "i"),
    (_FEWER_I, "i"),
)
"""Sounds that are typed in more than one way, the longest first."""
_NO_LETTERS = re.compile("[^a-z0-9]")
_ONLY_CYRILLIC = re.compile("[\u0430-\u052f]+")
_LATIN_LETTER = re.compile("[A-Za-z]")
_CYRILLIC_LETTER = re.compile("[\u0400-\u052f]")
_DOUBLED = re.compile(r"([^i])\1+")


def words_of(text: str) -> list[str]:
    """The words of a message in order, skeletons all; signs and emoji are left out."""
    seen = _PASSED_OVER.sub("", unicodedata.normalize("NFKC", text[:LONGEST]))
    return [word for raw in _WORD.findall(seen) if (word := skeleton(raw))]


def skeleton(word: str) -> str:
    """The one spelling of a single word; empty if it has no letter or digit."""
    return once_each(letters_of(word))


def once_each(letters: str) -> str:
    """With no letter doubled but i, which stands for several."""
    return _DOUBLED.sub(r"\1", letters)


def letters_of(word: str) -> str:
    """Its skeleton with the letters that are doubled: where words were run together, one
    of them may belong to the next.
    """
    plain = _in_one_script(word).casefold()
    if _ONLY_CYRILLIC.fullmatch(plain):
        return _FEWER_I.sub("i", plain.translate(_CYRILLIC).replace("dz", "z"))
    return _latin(plain)


def _latin(plain: str) -> str:
    """Sounds are what the letters are together: sh, zh, kh."""
    known = plain.translate(_AS_RUSSIAN).replace(" ", "").translate(_OF_2021)
    latin = _NO_LETTERS.sub("", anyascii(known).casefold())
    for sound, letter in _SOUNDS:
        latin = sound.sub(letter, latin)
    return latin


def _in_one_script(word: str) -> str:
    """The word with its look-alikes in the script that most of its letters have."""
    latin = _LATIN_LETTER.findall(word)
    if not latin or word.isascii():
        return word
    cyrillic = _CYRILLIC_LETTER.findall(word)
    if not cyrillic:
        return word
    disguised = word.translate(TO_CYRILLIC)
    all_cyrillic = not _LATIN_LETTER.search(disguised)
    return disguised if all_cyrillic or len(cyrillic) > len(latin) else word.translate(TO_LATIN)


_CYRILLIC = {code: _latin(chr(code)) for code in range(0x430, 0x530)}
"""What each small Cyrillic letter is by itself."""
