"""Texts that say the same in two languages: some are one word in both, some were forgotten."""

import re
from collections.abc import Iterator

from menus.faults import Fault
from menus.loading.checks import PLACEHOLDER
from menus.loading.parsed_folder import FILLER, ParsedFolder
from menus.parsing import KeyPath, screen_of

_ADDRESS = re.compile(r"\bwww\.\S+")
_LISTS = re.compile("keywords|filler_words|not_in_first_line")
"""The keys of lists of single words, of which two languages may have the same."""
_LETTERS = re.compile(r"[^\W\d_]{2,}")


def untranslated_texts(parsed: ParsedFolder) -> Iterator[Fault]:
    """Each text that another language, named before it in tree.yaml, has too."""
    seen: dict[tuple[KeyPath, str], str] = {}
    listed = parsed.tree.form.start.languages if parsed.tree.form else ()
    for code, part in (
        (code, parsed.languages[code]) for code in listed if code in parsed.languages
    ):
        for steps, text in part.texts:
            if not _must_differ(steps, text):
                continue
            if (first := seen.setdefault((steps, text), code)) != code:
                what = f"'{steps[-1]}' says the same as in {first}.yaml: translate it, or leave it"
                yield Fault(part.source.value(*steps), screen_of(steps), what)


def _must_differ(steps: KeyPath, text: str) -> bool:
    """Whether it has words of its own."""
    if text == FILLER or _LISTS.search(" ".join(map(str, steps))):
        return False
    return bool(_LETTERS.search(_ADDRESS.sub("", PLACEHOLDER.sub("", text))))
