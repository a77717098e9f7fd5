"""From a folder of data files to a menu, or to all that is wrong with them."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from menus.countries import NO_NAMES
from menus.faults import BrokenMenu, Fault
from menus.forms import ActionNode, LookupNode, Number, Tree, Words
from menus.loading.checks import CHECKS, PLACEHOLDER
from menus.loading.draft import FILLER, Draft, read_draft
from menus.loading.latin import letters_of, with_latin_letters
from menus.model import Language, Menu, Node, NodeWords

ChannelCheck = Callable[[Draft, Menu], Iterator[Fault]]
"""What a channel cannot show, found on the built menu and placed by the draft."""


Reader = Callable[[Path], Menu]
"""Reads the menu of a folder, or raises `BrokenMenu`."""


def load(folder: Path, channel_checks: Iterable[ChannelCheck] = ()) -> Menu:
    """Read, check and build the menu of a folder.

    Raises `BrokenMenu` with all faults at once, those of the channels among
    them.  A menu that is returned has none.
    """
    draft = read_draft(folder)
    menu = build(draft)
    faults = [*draft.faults(), *(fault for check in CHECKS for fault in check(draft))]
    if menu:
        faults += [fault for check in channel_checks for fault in check(draft, menu)]
    if faults or not menu:
        raise BrokenMenu(faults)
    return menu


def build(draft: Draft) -> Menu | None:
    """The menu as far as the draft goes: whole when the draft has no fault.

    None when there is no tree to build on.
    """
    if not (tree := draft.tree.form) or tree.start.leads_to not in tree.nodes:
        return None
    numbers = draft.numbers.form.root if draft.numbers.form else {}
    languages = {
        code: _language(code, tree, part.form, numbers)
        for code in tree.start.languages
        if (part := draft.languages.get(code)) and part.form
    }
    menu = Menu(
        version=version_of(draft),
        start=tree.start.with_each_text(partial(put_in, numbers)),
        nodes={name: _node(tree, name) for name in tree.nodes},
        languages=languages,
        numbers=numbers,
        facts=draft.facts.form.root if draft.facts.form else {},
        contacts=draft.contacts,
        names=draft.countries.form or NO_NAMES,
        keywords={code: part.form for code, part in draft.keywords.items() if part.form},
    )
    for code, letters in letters_of(draft):
        menu = with_latin_letters(menu, code, letters)
    return menu


def version_of(draft: Draft) -> str:
    """A name for the content of all files: the same files, the same name."""
    digest = hashlib.sha256()
    for source in sorted((part.source for part in draft.parts()), key=lambda each: each.file):
        digest.update("\n".join([Path(source.file).name, *source.lines, ""]).encode())
    digest.update("\n".join(draft.countries.source.lines).encode())
    digest.update("\n".join(map(repr, draft.contacts)).encode())
    return digest.hexdigest()[:12]


def put_in(numbers: dict[str, Number], text: str) -> str:
    """The text with each {name} replaced by its number."""

    def number(match: re.Match[str]) -> str:
        named = numbers.get(match[1])
        return named.number if named else match[0]

    return PLACEHOLDER.sub(number, text)


def _node(tree: Tree, name: str) -> Node:
    node = tree.nodes[name]
    choices = tuple(choice for choice in node.choices if choice in tree.nodes)
    return Node(
        name,
        choices,
        node.facts,
        finds=node.finds if isinstance(node, LookupNode) else None,
        does=node.does if isinstance(node, ActionNode) else None,
    )


def _language(code: str, tree: Tree, words: Words, numbers: dict[str, Number]) -> Language:
    return Language(
        code=code,
        name=put_in(numbers, words.name),
        native_reader=words.native_reader,
        phrases=words.phrases.with_each_text(partial(put_in, numbers)),
        words={name: _words(words, name, tree.start.leads_to, numbers) for name in tree.nodes},
        sms=words.sms.with_each_text(partial(put_in, numbers)),
    )


def _words(words: Words, name: str, first: str, numbers: dict[str, Number]) -> NodeWords:
    node = words.nodes.get(name)
    if node is None:
        return NodeWords("", "") if name == first else NodeWords(FILLER, FILLER, done=FILLER)
    label, text, done = (put_in(numbers, each or "") for each in (node.label, node.text, node.done))
    return NodeWords(label, text, node.keywords, done)
