"""Everything that can be wrong between the files, each found by one function.

A check takes the draft and yields faults.  Nothing is fixed and nothing stops
early: an operator gets all faults at once.
"""

import datetime
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

import phonenumbers
from phonenumbers.shortnumberinfo import is_possible_short_number_for_region

from menus.alphabet import foreign_letters, is_invisible, mixed_words
from menus.at_hand import at_hand, let_go_with_the_rest
from menus.contacts import VERIFICATION, source_date
from menus.countries import territories
from menus.faults import Fault
from menus.file_models import FILLED_LATER, HOME_MISSIONS, NEVER_WITHOUT, Number, Tree, Words
from menus.loading.kind_checks import (
    sends,
    sends_by_itself,
    statements_complete,
    statements_countable,
    words_of_the_kind,
)
from menus.loading.latin import latin_letters_have_a_key, latin_letters_have_a_language
from menus.loading.parsed_folder import FILLER, ParsedFile, ParsedFolder
from menus.model import Language, Menu
from menus.parsing import FILES_AT_HAND, KeyPath, screen_of

Check = Callable[[ParsedFolder], Iterator[Fault]]
FileCheck = Callable[[ParsedFile[Any]], Iterator[Fault]]

NUMBERS_AT_HAND = 64
MOST_CHOICES = 8
"""Keys 1 to 8 choose; 9 turns the page, 0 and 00 go back."""

INTERNATIONAL = re.compile(r"\+[0-9][0-9 ()-]+")
"""libphonenumber drops what is no digit; a screen would show it."""

PLACEHOLDER = re.compile(r"\{([^{}\n]*)\}")


def in_each_file(check: FileCheck) -> Check:
    """A check of every file with texts; what it found in one is kept while that stays."""

    @at_hand(FILES_AT_HAND)
    def faults_in(part: ParsedFile[Any]) -> tuple[Fault, ...]:
        return tuple(check(part))

    def check_all(parsed: ParsedFolder) -> Iterator[Fault]:
        for part in parsed.worded():
            yield from faults_in(part)

    return check_all


def in_each_language(
    check: Callable[[ParsedFolder, Menu, Language], Iterator[Fault]],
) -> Callable[[ParsedFolder, Menu], Iterator[Fault]]:
    """A check of every language by itself; what it found in one is kept while the files that
    its screens and messages are made of stay.  It says nothing while a number is faulty.
    """
    kept: dict[object, tuple[Fault, ...]] = {}
    let_go_with_the_rest(kept.clear)

    def check_all(parsed: ParsedFolder, menu: Menu) -> Iterator[Fault]:
        shared = (parsed.tree, parsed.numbers, parsed.latin, parsed.countries, parsed.contacts)
        for language in menu.all_languages.values() if numbers_known(parsed) else ():
            made_of = (language.code, parsed.languages[language.file], *shared)
            found = kept.pop(made_of, None)
            if found is None:
                found = tuple(check(parsed, menu, language))
            kept[made_of] = found
            for oldest in list(kept)[:-FILES_AT_HAND]:
                kept.pop(oldest, None)
            yield from found

    return check_all


# --- The tree -----------------------------------------------------------------


def _known_nodes(parsed: ParsedFolder, tree: Tree) -> set[str]:
    return set(tree.nodes) | parsed.tree.unreadable


def _listed(tree: Tree) -> set[str]:
    return {choice for node in tree.nodes.values() for choice in node.choices}


def leads_somewhere(parsed: ParsedFolder) -> Iterator[Fault]:
    """Every choice leads to a node that exists, once."""
    if not (tree := parsed.tree.form):
        return
    known, source = _known_nodes(parsed, tree), parsed.tree.source
    if tree.start.leads_to not in known:
        where = source.value("start", "leads_to")
        yield Fault(where, "start", f"leads to '{tree.start.leads_to}', which is no node")
    for name, node in tree.nodes.items():
        for n, choice in enumerate(node.choices):
            what = ""
            if choice not in known:
                what = f"leads to '{choice}', which is no node: add or correct it"
            elif choice in node.choices[:n]:
                what = f"lists '{choice}' twice: keep one"
            if what:
                yield Fault(source.value("nodes", name, "choices", n), name, what)


def no_dead_ends(parsed: ParsedFolder) -> Iterator[Fault]:
    """A menu offers something, and no more than there are keys."""
    if not (tree := parsed.tree.form):
        return
    for name, node in tree.nodes.items():
        what, count = "", len(node.choices)
        if node.kind == "menu" and not count:
            what = "is a dead end: a menu without choices; add some or make it a page"
        elif count > MOST_CHOICES:
            what = f"has {count} choices: at most {MOST_CHOICES} have a key, so split the menu"
        if what:
            yield Fault(parsed.tree.source.key("nodes", name), name, what)


def no_orphans(parsed: ParsedFolder) -> Iterator[Fault]:
    """Every node is listed by another, so that (without circles) each is reached."""
    if not (tree := parsed.tree.form) or tree.start.leads_to not in tree.nodes:
        return
    listed = _listed(tree)
    for name, node in tree.nodes.items():
        if name not in listed and name != tree.start.leads_to and not sends(node):
            where = parsed.tree.source.key("nodes", name)
            yield Fault(
                where, name, "is an orphan: no choice leads here; list it in a menu or remove it"
            )


def _reached(tree: Tree, first: str) -> set[str]:
    reached, ahead = set[str](), [first]
    while ahead:
        name = ahead.pop()
        if name not in reached and name in tree.nodes:
            reached.add(name)
            ahead += tree.nodes[name].choices
    return reached


def way_back(parsed: ParsedFolder) -> Iterator[Fault]:
    """No choice leads to a node above itself: `0` would never come to the start."""
    if not (tree := parsed.tree.form):
        return
    for name, node in tree.nodes.items():
        for n, choice in enumerate(node.choices):
            if name in _reached(tree, choice):
                where = parsed.tree.source.value("nodes", name, "choices", n)
                what = f"leads to '{choice}', which leads here again: there is no way back"
                yield Fault(where, name, what)


# --- The languages ------------------------------------------------------------


def languages_complete(parsed: ParsedFolder) -> Iterator[Fault]:
    """Each language of screen 0 has a file, and each file is a language of it."""
    if not (tree := parsed.tree.form):
        return
    listed, source = tree.start.languages, parsed.tree.source
    for n, code in enumerate(listed):
        missing = f"there is no {code}.yaml: add the file or remove the language"
        wrong = [missing] if code not in parsed.languages else []
        wrong += [f"lists '{code}' twice: keep one"] if code in listed[:n] else []
        for what in wrong:
            yield Fault(source.value("start", "languages", n), "start", what)
    for code, part in parsed.languages.items():
        if code not in listed:
            what = f"'{code}' is not among the languages of tree.yaml: list or remove it"
            yield Fault(part.source.value(), "file", what)
        if part.form and part.form.language != code:
            what = f"says '{part.form.language}', but the file is {code}.yaml"
            yield Fault(part.source.value("language"), "language", what)


def languages_have_keys(parsed: ParsedFolder) -> Iterator[Fault]:
    """Screen 0 offers no more languages than there are keys."""
    if (tree := parsed.tree.form) and len(tree.start.languages) > MOST_CHOICES:
        where = parsed.tree.source.key("start", "languages")
        what = f"has {len(tree.start.languages)} languages: at most {MOST_CHOICES} have a key"
        yield Fault(where, "start", what)


def words_complete(parsed: ParsedFolder) -> Iterator[Fault]:
    """Each language has words for each node, and for no other.  A menu that no other lists
    needs none: its choices say it all.
    """
    if not (tree := parsed.tree.form):
        return
    known, listed = _known_nodes(parsed, tree), _listed(tree)
    silent = {n for n, node in tree.nodes.items() if node.kind == "menu" and n not in listed}
    for part in parsed.languages.values():
        if part.form:
            have = set(part.form.nodes) | part.unreadable | silent
            for name in (n for n in tree.nodes if n not in have):
                what = f"has no words in '{part.form.language}': add them under nodes"
                yield Fault(part.source.key("nodes"), name, what)
            for name in (n for n in part.form.nodes if n not in known):
                what = "is no node of tree.yaml: add it there or remove these words"
                yield Fault(part.source.key("nodes", name), name, what)
            yield from _labels(part, part.form, tree)


def _labels(part: ParsedFile[Words], words: Words, tree: Tree) -> Iterator[Fault]:
    if tree.start.leads_to not in tree.nodes:
        return
    for name, node in words.nodes.items():
        if name == tree.start.leads_to and node.label:
            where = part.source.key("nodes", name, "label")
            yield Fault(
                where, name, "'label' is never shown, as no menu lists this node: remove it"
            )
        if name != tree.start.leads_to and name in tree.nodes and not node.label:
            where = part.source.key("nodes", name)
            yield Fault(where, name, "'label' is missing: add how the menu above lists this node")


def names_differ(parsed: ParsedFolder) -> Iterator[Fault]:
    """No two languages have one name on screen 0."""
    seen: dict[str, str] = {}
    for code, part in parsed.languages.items():
        if part.form and seen.setdefault(part.form.name, code) != code:
            what = f"'{part.form.name}' is also the name of '{seen[part.form.name]}'"
            yield Fault(part.source.value("name"), "name", what)


# --- Numbers and facts --------------------------------------------------------


def placeholders_have_numbers(parsed: ParsedFolder) -> Iterator[Fault]:
    """Each {name} in a text names a number, and no brace stands alone."""
    if numbers := parsed.numbers.form:
        for part in parsed.worded():
            yield from _braces(part, frozenset(numbers.root))


@at_hand(FILES_AT_HAND)
def _braces(part: ParsedFile[Any], numbers: frozenset[str]) -> tuple[Fault, ...]:
    return tuple(_wrong_braces(part, numbers))


def _wrong_braces(part: ParsedFile[Any], numbers: frozenset[str]) -> Iterator[Fault]:
    braced = ((steps, text) for steps, text in part.texts if "{" in text or "}" in text)
    for steps, text in braced:
        for name, nth in _numbered(PLACEHOLDER.findall(text)):
            if name not in numbers and name not in _filled_later(part, steps):
                what = f"'{{{name}}}' {_why_unknown(name)}"
                yield _at_word(part, steps, f"{{{name}}}", what, nth=nth)
        for brace, nth in _numbered(re.findall(r"[{}]", PLACEHOLDER.sub("", text))):
            what = f"'{brace}' stands alone: a number is {{name}}"
            yield _at_word(part, steps, brace, what, nth=nth)


def _why_unknown(name: str) -> str:
    if name == HOME_MISSIONS:
        return "is for the text of a language with a home: add `home: UZ` or the like, or remove it"
    return f"has no number: add '{name}' to numbers.yaml or correct it"


@in_each_file
def filled_later(part: ParsedFile[Any]) -> Iterator[Fault]:
    """Each text that a message completes has the place for it."""
    for steps, text in part.texts:
        name = FILLED_LATER.get(str(steps[-1])) if steps[0] == "sms" else None
        if name and text != FILLER and name not in PLACEHOLDER.findall(text):
            what = f"'{steps[-1]}' has no '{{{name}}}': write where it belongs"
            yield Fault(part.source.value(*steps), screen_of(steps), what)


@in_each_file
def help_is_named(part: ParsedFile[Any]) -> Iterator[Fault]:
    """Each text that is there for a number names it."""
    for steps, text in part.texts:
        for name in NEVER_WITHOUT.get((str(steps[0]), str(steps[-1])), ()):
            if text != FILLER and name not in PLACEHOLDER.findall(text):
                what = f"'{steps[-1]}' must name {{{name}}}: who reads it may have no other help"
                yield Fault(part.source.value(*steps), screen_of(steps), what)


def _filled_later(part: ParsedFile[Any], steps: KeyPath) -> tuple[str, ...]:
    """What a text may name beside numbers; missions only where the language has a home."""
    if steps[0] == "sms":
        return (FILLED_LATER.get(str(steps[-1]), ""),)
    has_home = isinstance(part.form, Words) and part.form.home
    return (HOME_MISSIONS,) if has_home and steps[-1] == "text" else ()


def homes_exist(parsed: ParsedFolder) -> Iterator[Fault]:
    """The home of a language is a country."""
    for part in parsed.languages.values():
        home = part.form.home if part.form else None
        if home and home not in territories("en"):
            what = f"'{home}' is no country's code: write one such as UZ, or remove it"
            yield Fault(part.source.value("home"), "home", what)


def numbers_known(parsed: ParsedFolder) -> bool:
    """Whether no number is faulty: what one stands in cannot be measured."""
    numbers = parsed.numbers
    return numbers.form is not None and not numbers.faults and not any(numbers_valid(parsed))


def numbers_valid(parsed: ParsedFolder) -> Iterator[Fault]:
    """Each number can exist (libphonenumber's metadata), short ones by length."""
    if not (numbers := parsed.numbers.form):
        return
    for name, number in numbers.root.items():
        if not _can_exist(number):
            where = parsed.numbers.source.value(name, "number")
            what = f"'{number.number}' is no valid number of {number.country}: check its source"
            yield Fault(where, name, what)


@at_hand(NUMBERS_AT_HAND)
def _can_exist(number: Number) -> bool:
    try:
        parsed = phonenumbers.parse(number.number, number.country)
    except phonenumbers.NumberParseException:
        return False
    if number.number.startswith("+"):
        if not INTERNATIONAL.fullmatch(number.number):
            return False
        region = phonenumbers.region_code_for_number(parsed)
        return phonenumbers.is_valid_number(parsed) and region == number.country
    return (
        number.number.isascii()
        and number.number.isdigit()
        and (is_possible_short_number_for_region(parsed, number.country))
    )


def numbers_dated(parsed: ParsedFolder) -> Iterator[Fault]:
    """Each number has a date that can be read; a verification says who, when and how."""
    if not (numbers := parsed.numbers.form):
        return
    for name, number in numbers.root.items():
        for key, words in (("date", number.date), ("verified_on", number.verified_on)):
            if words and not _can_be_read(key, words):
                what = f"'{key}' is no date that can be read: write 2026-11-21"
                yield Fault(parsed.numbers.source.value(name, key), name, what)
        mark = {key: getattr(number, key) for key in VERIFICATION}
        for key in [key for key, words in mark.items() if not words and any(mark.values())]:
            what = f"'{key}' is missing: a verification names who, when, how"
            yield Fault(parsed.numbers.source.key(name), name, what)


def _can_be_read(key: str, words: str) -> bool:
    read = source_date if key == "date" else datetime.date.fromisoformat
    try:
        read(words)
    except ValueError:
        return words == FILLER
    return True


def facts_carried(parsed: ParsedFolder) -> Iterator[Fault]:
    """Each fact is carried by a node, and each node names facts that exist."""
    tree, facts = parsed.tree.form, parsed.facts.form
    if not (tree and facts):
        return
    carried = {fact for node in tree.nodes.values() for fact in node.facts}
    for fact in facts.root:
        if fact not in carried:
            where = parsed.facts.source.key(fact)
            yield Fault(
                where, fact, "is carried by no node: name it in the node of tree.yaml that says it"
            )
    for name, node in tree.nodes.items():
        for n, fact in enumerate(node.facts):
            if fact not in facts.root:
                where = parsed.tree.source.value("nodes", name, "facts", n)
                yield Fault(where, name, f"'{fact}' is no fact of facts.yaml")


# --- The letters --------------------------------------------------------------


@in_each_file
def one_alphabet_a_word(part: ParsedFile[Any]) -> Iterator[Fault]:
    """No word mixes Latin and Cyrillic letters."""
    for steps, text in part.texts:
        for word, nth in _numbered(mixed_words(PLACEHOLDER.sub(" ", text))):
            letters = foreign_letters(word)
            what = f"'{word}' mixes alphabets (look at '{letters}'): retype it in one"
            yield _at_word(part, steps, word, what, nth=nth, whole=True)


@in_each_file
def composed(part: ParsedFile[Any]) -> Iterator[Fault]:
    """Every text is in Unicode's composed form (NFC): one letter, one character."""
    for steps, text in part.texts:
        if not unicodedata.is_normalized("NFC", text):
            word = next(w for w in text.split() if not unicodedata.is_normalized("NFC", w))
            what = f"'{word}' has letters in two pieces (not NFC): retype the word"
            yield _at_word(part, steps, word, what)


@in_each_file
def visible(part: ParsedFile[Any]) -> Iterator[Fault]:
    """No character that cannot be seen: tab, no-break space, zero width, controls."""
    invisible = frozenset(filter(is_invisible, frozenset().union(*(t for _, t in part.texts))))
    for steps, text in part.texts if invisible else ():
        for char in sorted(invisible.intersection(text)):
            name = unicodedata.name(char, "control character")
            what = (
                f"an invisible character (U+{ord(char):04X}, {name.lower()}): replace it by a space"
            )
            yield _at_word(part, steps, char, what)


def _at_word(  # noqa: PLR0913
    part: ParsedFile[Any],
    steps: KeyPath,
    word: str,
    what: str,
    *,
    nth: int = 0,
    whole: bool = False,
) -> Fault:
    return Fault(part.source.word(word, *steps, nth=nth, whole=whole), screen_of(steps), what)


def _numbered(words: list[str]) -> Iterator[tuple[str, int]]:
    """Each word, and how often it stood before."""
    for place, word in enumerate(words):
        yield word, words[:place].count(word)


CHECKS: tuple[Check, ...] = (
    leads_somewhere,
    no_dead_ends,
    no_orphans,
    way_back,
    sends_by_itself,
    languages_complete,
    languages_have_keys,
    latin_letters_have_a_language,
    latin_letters_have_a_key,
    words_complete,
    words_of_the_kind,
    statements_countable,
    statements_complete,
    names_differ,
    homes_exist,
    placeholders_have_numbers,
    filled_later,
    help_is_named,
    numbers_valid,
    numbers_dated,
    facts_carried,
    one_alphabet_a_word,
    composed,
    visible,
)
