"""From a folder of data files to a menu, or to all that is wrong with them."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from menus.countries import NO_NAMES
from menus.faults import BrokenMenu, Fault
from menus.file_models import (
    ActionNode,
    ChecklistNode,
    LookupNode,
    Number,
    StatementWords,
    Tree,
    Words,
)
from menus.loading.checks import CHECKS, PLACEHOLDER
from menus.loading.latin import letters_of, with_latin_letters
from menus.loading.parsed_folder import FILLER, ParsedFolder, read_folder
from menus.model import Language, Menu, Node, NodeWords

ChannelCheck = Callable[[ParsedFolder, Menu], Iterator[Fault]]
"""What a channel cannot show, found on the built menu and placed by the draft."""

Reader = Callable[[Path], Menu]
"""Reads the menu of a folder, or raises `BrokenMenu`."""

_UNSAID = StatementWords(says=FILLER, to_do=FILLER)


def load(folder: Path, channel_checks: Iterable[ChannelCheck] = ()) -> Menu:
    """Read, check and build the menu of a folder.

    Raises `BrokenMenu` with all faults at once, those of the channels among
    them.  A menu that is returned has none.
    """
    parsed = read_folder(folder)
    menu = build(parsed)
    faults = [*parsed.faults(), *(fault for check in CHECKS for fault in check(parsed))]
    if menu:
        faults += [fault for check in channel_checks for fault in check(parsed, menu)]
    if faults or not menu:
        raise BrokenMenu(faults)
    return menu


def build(parsed: ParsedFolder) -> Menu | None:
    """The menu as far as the draft goes: whole when the draft has no fault.

    None when there is no tree to build on.
    """
    if not (tree := parsed.tree.form) or tree.start.leads_to not in tree.nodes:
        return None
    numbers = parsed.numbers.form.root if parsed.numbers.form else {}
    languages = {
        code: _language(code, tree, part.form, numbers)
        for code in tree.start.languages
        if (part := parsed.languages.get(code)) and part.form
    }
    menu = Menu(
        version=version_of(parsed),
        start=tree.start.with_each_text(partial(put_in, numbers)),
        nodes={name: _node(tree, name) for name in tree.nodes},
        languages=languages,
        numbers=numbers,
        facts=parsed.facts.form.root if parsed.facts.form else {},
        contacts=parsed.contacts,
        names=parsed.countries.form or NO_NAMES,
        keywords={code: part.form for code, part in parsed.keywords.items() if part.form},
        own_names=_own_names(parsed, tree.start.languages),
    )
    for code, letters in letters_of(parsed):
        menu = with_latin_letters(menu, code, letters)
    return menu


def version_of(parsed: ParsedFolder) -> str:
    """A name for the content of all files: the same files, the same name."""
    digest = hashlib.sha256()
    for source in sorted((part.source for part in parsed.parts()), key=lambda each: each.file):
        digest.update("\n".join([Path(source.file).name, *source.lines, ""]).encode())
    digest.update("\n".join(parsed.countries.source.lines).encode())
    digest.update("\n".join(map(repr, parsed.contacts)).encode())
    return digest.hexdigest()[:12]


def put_in(numbers: dict[str, Number], text: str) -> str:
    """The text with each {name} replaced by its number."""

    def number(match: re.Match[str]) -> str:
        named = numbers.get(match[1])
        return named.number if named else match[0]

    return PLACEHOLDER.sub(number, text)


def _own_names(parsed: ParsedFolder, offered: Iterable[str]) -> dict[str, str]:
    forms = {code: part.form for code, part in parsed.languages.items()}
    codes = dict.fromkeys((*offered, *forms))
    named = {code: form for code in codes if (form := forms.get(code))}
    return {code: form.own_name or form.name for code, form in named.items()}


def _node(tree: Tree, name: str) -> Node:
    node = tree.nodes[name]
    choices = tuple(choice for choice in node.choices if choice in tree.nodes)
    return Node(
        name,
        choices,
        node.facts,
        finds=node.finds if isinstance(node, LookupNode) else None,
        does=node.does if isinstance(node, ActionNode) else None,
        statements=node.statements if isinstance(node, ChecklistNode) else (),
    )


def _language(code: str, tree: Tree, words: Words, numbers: dict[str, Number]) -> Language:
    return Language(
        code=code,
        name=put_in(numbers, words.name),
        own_name=words.own_name or words.name,
        native_reader=words.native_reader,
        phrases=words.phrases.with_each_text(partial(put_in, numbers)),
        words={name: _words(words, name, tree, numbers) for name in tree.nodes},
        sms=words.sms.with_each_text(partial(put_in, numbers)),
        home=words.home,
    )


def _words(words: Words, name: str, tree: Tree, numbers: dict[str, Number]) -> NodeWords:
    node, of = words.nodes.get(name), tree.nodes[name]
    named = of.statements if isinstance(of, ChecklistNode) else ()
    if node is None:
        if name == tree.start.leads_to:
            return NodeWords("", "")
        return NodeWords(FILLER, FILLER, done=FILLER, statements=(_UNSAID,) * len(named))
    label, text, done = (put_in(numbers, each or "") for each in (node.label, node.text, node.done))
    said = (node.statements.get(each, _UNSAID) for each in named)
    statements = tuple(each.with_each_text(partial(put_in, numbers)) for each in said)
    return NodeWords(label, text, node.keywords, done, statements)
