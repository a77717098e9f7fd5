"""Texts that say the same in two languages: some are one word in both, some were forgotten."""

import re
from collections.abc import Iterator

from menus.faults import Fault
from menus.loading.checks import PLACEHOLDER
from menus.loading.draft import FILLER, Draft
from menus.parsing import Steps, screen_of

_ADDRESS = re.compile(r"\bwww\.\S+")
_LISTS = re.compile("keywords|filler_words|not_in_first_line")
"""The keys of lists of single words, of which two languages may have the same."""
_LETTERS = re.compile(r"[^\W\d_]{2,}")


def untranslated_texts(draft: Draft) -> Iterator[Fault]:
    """Each text that another language, named before it in tree.yaml, has too."""
    seen: dict[tuple[Steps, str], str] = {}
    listed = draft.tree.form.start.languages if draft.tree.form else ()
    for code, part in ((code, draft.languages[code]) for code in listed if code in draft.languages):
        for steps, text in part.texts:
            if not _must_differ(steps, text):
                continue
            if (first := seen.setdefault((steps, text), code)) != code:
                what = f"'{steps[-1]}' says the same as in {first}.yaml: translate it, or leave it"
                yield Fault(part.source.value(*steps), screen_of(steps), what)


def _must_differ(steps: Steps, text: str) -> bool:
    """Whether it has words of its own."""
    if text == FILLER or _LISTS.search(" ".join(map(str, steps))):
        return False
    return bool(_LETTERS.search(_ADDRESS.sub("", PLACEHOLDER.sub("", text))))
