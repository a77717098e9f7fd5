"""One spelling for all the ways in which a word is typed.

A word is brought to a skeleton of Latin letters in which the usual variants are
one: capitals, ё and е, й and и, Kazakh letters and the Russian ones typed for
them, Latin letters inside a Cyrillic word, Cyrillic words typed in Latin letters
(турция, turciya, turtsiya), doubled letters.  Two words of one skeleton may still
be two words: who compares skeletons must mind those that collide.
"""

import re
import unicodedata

from anyascii import anyascii

LONGEST = 200
"""Characters of a message that are read; what stands behind them names no country."""

_WORD = re.compile(r"[^\W_]+")
_APOSTROPHES = re.compile("['`´ʻʼʹʽ‘’‛′\u0300-\u036f]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff]")

_AS_RUSSIAN = str.maketrans("әқғңөұүіһёйўҳҷӣӯъь", "акгноууихеиухжиу  ")
"""Letters of Kazakh, Uzbek and Tajik as they are typed on a Russian keyboard."""

_CYRILLIC_LOOKS = str.maketrans("AaBCcEeHhIiKkMmOoPpTtXxYyÖöÜü", "АаВСсЕеНһІіКкМмОоРрТтХхУуӨөҮү")
_LATIN_LOOKS = str.maketrans("АаВСсЕеНІіКкМмОоРрТтХхУуһ", "AaBCcEeHIiKkMmOoPpTtXxYyh")

_SOUNDS = (
    (re.compile("(?<=i)j|(?<=[aeiou])j$"), "i"),
    (re.compile("shch|sch"), "sh"),
    (re.compile("ts|tz"), "c"),
    (re.compile("kh|x"), "h"),
    (re.compile("zh|dj|dzh|j"), "z"),
    (re.compile("ph"), "f"),
    (re.compile("ck|q"), "k"),
    (re.compile("w"), "v"),
    (re.compile("gh"), "g"),
    (re.compile("[yj]"), "i"),
    (re.compile("i+(?=[aeou])"), "i"),
    (re.compile(r"([^i])\1+"), r"\1"),
)
"""Sounds that are typed in more than one way, the longest first."""


def words_of(text: str) -> list[str]:
    """The words of a message in order, skeletons all; signs and emoji are left out."""
    seen = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text[:LONGEST]))
    return [word for raw in _WORD.findall(_APOSTROPHES.sub("", seen)) if (word := skeleton(raw))]


def skeleton(word: str) -> str:
    """The one spelling of a single word; empty if it has no letter or digit."""
    plain = _in_one_script(word).casefold().translate(_AS_RUSSIAN).replace(" ", "")
    latin = re.sub("[^a-z0-9]", "", anyascii(plain).casefold())
    for sound, letter in _SOUNDS:
        latin = sound.sub(letter, latin)
    return latin


def _in_one_script(word: str) -> str:
    """The word with its look-alikes in the script that most of its letters have."""
    cyrillic = sum("\u0400" <= char <= "\u052f" for char in word)
    latin = sum(char.isascii() and char.isalpha() for char in word)
    if not (cyrillic and latin):
        return word
    disguised = word.translate(_CYRILLIC_LOOKS)
    all_cyrillic = not any(char.isascii() and char.isalpha() for char in disguised)
    return disguised if all_cyrillic or cyrillic > latin else word.translate(_LATIN_LOOKS)
