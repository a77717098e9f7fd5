"""A language in Latin letters: its words by the table of `latin.yaml`, nothing written twice."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from menus.countries import Names, territories
from menus.faults import Fault
from menus.file_models import LatinLetters
from menus.loading.parsed_folder import ParsedFolder
from menus.model import Language, Menu, NodeWords, OtherLetters

MOST_CHOICES = 7
"""Of a first menu that offers other letters: the eighth key does."""

TABLES_AT_HAND = 4
TEXTS_AT_HAND = 4096
"""Of one table: what a language says, and the names of countries."""

Spell = Callable[[str], str]

_LETTER = r"[^\W\d_]"
_BLANK_LINE = re.compile(r"\n\s*\n")


def latin_code(code: str) -> str:
    """The code of a language when it is in Latin letters: kk_Latn."""
    return f"{code}_Latn"


def letters_of(parsed: ParsedFolder) -> Iterator[tuple[str, LatinLetters]]:
    """The languages on offer that can be read in Latin letters, as far as they have words."""
    letters = parsed.latin.form.root if parsed.latin.form else {}
    offered = parsed.tree.form.start.languages if parsed.tree.form else ()
    worded = {code for code, part in parsed.languages.items() if part.form}
    yield from ((code, letters[code]) for code in offered if code in worded & letters.keys())


# --- A text ---------------------------------------------------------------------


@lru_cache(maxsize=TABLES_AT_HAND)
def speller(letters: LatinLetters) -> Spell:
    """Writes a text in Latin letters: the words by hand, all others letter by letter.

    A letter that the table has not stays as it is.  A text that was spelled before is kept.
    """
    by_letters = re.compile(_any_of(letters.letters))
    by_hand = rf"(?<!{_LETTER})(?:{_any_of(letters.words)})(?!{_LETTER})"
    words = re.compile(rf"{by_hand}|{_LETTER}+", re.IGNORECASE)

    def spelled(match: re.Match[str]) -> str:
        small = match[0].lower()
        latin = letters.words.get(small)
        if latin is None:
            latin = by_letters.sub(lambda each: letters.letters[each[0]], small)
        return match[0] if latin == small else _with_capitals_of(match[0], latin)

    return lru_cache(maxsize=TEXTS_AT_HAND)(lambda text: words.sub(spelled, text))


def _any_of(table: Mapping[str, str]) -> str:
    """A pattern of all keys, the longest first; nothing matches it where there are none."""
    return "|".join(sorted(table, key=len, reverse=True)) or "(?!)"


def _with_capitals_of(word: str, latin: str) -> str:
    """Capitals that the table itself writes stay."""
    if word.isupper() and len(word) > 1:
        return latin.upper() if latin.islower() else latin
    return latin[:1].upper() + latin[1:] if word[0].isupper() else latin


# --- A language -----------------------------------------------------------------


def with_latin_letters(menu: Menu, code: str, letters: LatinLetters) -> Menu:
    """The menu, in which this language can be read in Latin letters too."""
    language, spell, latin = menu.languages[code], speller(letters), latin_code(code)
    offering = replace(language, other_letters=OtherLetters(latin, letters.offer))
    return replace(
        menu,
        languages={**menu.languages, code: offering},
        latin={**menu.latin, latin: _in_latin(language, letters, spell)},
        names=_named_in_latin(menu.names, code, spell),
    )


def _in_latin(language: Language, letters: LatinLetters, spell: Spell) -> Language:
    return replace(
        language,
        code=latin_code(language.code),
        name=f"{language.name} ({letters.offer})",
        own_name=f"{language.own_name} ({letters.offer})",
        phrases=language.phrases.with_each_text(spell),
        words={name: _node_words(words, spell) for name, words in language.words.items()},
        sms=language.sms.with_each_text(spell),
        base=language.code,
        other_letters=OtherLetters(language.code, letters.back),
    )


def _node_words(words: NodeWords, spell: Spell) -> NodeWords:
    """What begins a new screen in Cyrillic follows in the next line: a screen holds twice
    as much, and a page ends at a line.
    """
    text = _BLANK_LINE.sub("\n", spell(words.text))
    statements = tuple(each.with_each_text(spell) for each in words.statements)
    label, keywords, done = spell(words.label), tuple(map(spell, words.keywords)), words.done
    return NodeWords(label, text, keywords, spell(done), statements)


def _named_in_latin(names: Names, code: str, spell: Spell) -> Names:
    """The names of countries, with those that the language says in Latin letters."""
    said = {**territories(code), **names.names.get(code, {})}
    latin = {country: spell(name) for country, name in said.items()}
    return names.model_copy(update={"names": {**names.names, latin_code(code): latin}})


# --- Faults ---------------------------------------------------------------------


def latin_letters_have_a_language(parsed: ParsedFolder) -> Iterator[Fault]:
    """Each table is of a language that there is, and that has no file in Latin letters."""
    known = {*parsed.languages, *(parsed.tree.form.start.languages if parsed.tree.form else ())}
    for code in parsed.latin.form.root if parsed.latin.form else ():
        missing = f"there is no {code}.yaml: correct or remove the table"
        twice = f"there is a {latin_code(code)}.yaml too: keep one of them"
        wrong = [missing] if code not in known else []
        wrong += [twice] if latin_code(code) in parsed.languages else []
        for what in wrong:
            yield Fault(parsed.latin.source.key(code), code, what)


def latin_letters_have_a_key(parsed: ParsedFolder) -> Iterator[Fault]:
    """The first menu leaves the eighth key for them."""
    tree = parsed.tree.form
    first = tree.nodes.get(tree.start.leads_to) if tree else None
    if tree and first and any(letters_of(parsed)) and len(first.choices) > MOST_CHOICES:
        where = parsed.tree.source.key("nodes", tree.start.leads_to)
        what = f"has {len(first.choices)} choices: at most {MOST_CHOICES}, key 8 is for letters"
        yield Fault(where, tree.start.leads_to, what)
