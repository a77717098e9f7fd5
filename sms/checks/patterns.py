"""Whether each pattern of the files of keywords says something, of something that there is."""

import re
from collections.abc import Iterator
from typing import Any

from menus.alphabet import mixed_words
from menus.at_hand import at_hand
from menus.faults import Fault
from menus.file_models import KeywordFile
from menus.loading import ParsedFile, ParsedFolder
from menus.model import Menu
from menus.parsing import FILES_AT_HAND, KeyPath
from sms.understanding import LIST, REQUESTS

FEWEST_LETTERS = 3
"""Of a beginning that says something by itself: fewer begin every other word."""

_PLAIN = re.compile(
    rf"(?:[a-z]{{{FEWEST_LETTERS}}}[a-z ]*|[\u0400-\u052f]{{{FEWEST_LETTERS}}}[\u0400-\u052f ]*)\*?"
)
"""Words of one alphabet: most of all patterns, and nothing can be wrong with them."""
_BEGINNING = re.compile(r"([^\W\d_'ʻ‘’`]+['ʻ‘’`]?[^\W\d_]*)\*")
_LATIN, _CYRILLIC = re.compile("[A-Za-z]"), re.compile("[\u0400-\u052f]")
_SIGNS = re.compile(r"[\w*|+/<>'ʻ‘’` -]+")


def patterns_clear(parsed: ParsedFolder, menu: Menu) -> Iterator[Fault]:
    """Each file is of its language and answers in one that there is; each pattern asks for
    a node or a request, and can be read.
    """
    for code, part in parsed.keywords.items():
        if not (form := part.form):
            continue
        meanings = {*menu.nodes, *REQUESTS, *_worded(parsed)}
        yield from _of_the_file(code, part, form, meanings)
        if form.otherwise not in {*parsed.languages, *menu.start.languages}:
            what = f"there is no {form.otherwise}.yaml: answer in a language that has one"
            yield Fault(part.source.value("otherwise"), "otherwise", what)
        yield from _unclear(part)


def _worded(parsed: ParsedFolder) -> Iterator[str]:
    """The nodes that a language has words for: that one is missing is said there."""
    for part in parsed.languages.values():
        if part.form:
            yield from part.form.nodes


def _of_the_file(
    code: str, part: ParsedFile[Any], form: KeywordFile, meanings: set[str]
) -> Iterator[Fault]:
    if form.language != code:
        what = f"says '{form.language}', but the file is {code}.keywords.yaml"
        yield Fault(part.source.value("language"), "language", what)
    for meaning in form.keywords:
        if meaning not in meanings:
            what = f"'{meaning}' is neither a node nor one of {', '.join(REQUESTS)}"
            yield Fault(part.source.key("keywords", meaning), meaning, what)


@at_hand(FILES_AT_HAND)
def _unclear(part: ParsedFile[KeywordFile]) -> tuple[Fault, ...]:
    """The patterns of a file that cannot be read."""
    if not (form := part.form):
        return ()
    return tuple(
        Fault(part.source.value(*steps), str(steps[1]), f"'{written}' {what}")
        for steps, written in _patterns(form)
        if not _PLAIN.fullmatch(written)
        for what in _wrong(written, form)
    )


def _patterns(form: KeywordFile) -> Iterator[tuple[KeyPath, str]]:
    for name, words in form.lists.items():
        yield from ((("lists", name, n), word) for n, word in enumerate(words))
    for meaning, levels in form.keywords.items():
        for level, patterns in levels:
            yield from ((("keywords", meaning, level, n), each) for n, each in enumerate(patterns))


def _wrong(written: str, form: KeywordFile) -> Iterator[str]:
    for name in LIST.findall(written):
        if name not in form.lists:
            yield f"names <{name}>, which stands under no name in lists"
    if not _SIGNS.fullmatch(written):
        yield "has a sign that no pattern has: write words, * | + / and <names>"
    if not all(any(map(str.isalpha, part)) for part in re.split(r"[+/|]", written)):
        yield "has a part without letters"
    alone = _BEGINNING.fullmatch(written)
    if alone and len(alone[1]) < FEWEST_LETTERS:
        yield "begins every other word: write more letters"
    yield from _mixed(LIST.sub(" ", written))


def _mixed(words: str) -> Iterator[str]:
    if _LATIN.search(words) and _CYRILLIC.search(words):
        for word in mixed_words(words):
            yield f"mixes alphabets in '{word}': retype it in one"
