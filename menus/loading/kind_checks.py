"""What look-ups, actions and checklists must have in the files, beside what holds of every node."""

from collections.abc import Iterator

from menus.checklists import MOST_STATEMENTS
from menus.faults import Fault
from menus.file_models import (
    ActionNode,
    ChecklistNode,
    LookupNode,
    MenuNode,
    Node,
    NodeWords,
    Words,
)
from menus.loading.parsed_folder import FILLER, ParsedFile, ParsedFolder


def sends(node: Node) -> bool:
    """Whether this is the action that sends what the screen before it says."""
    return isinstance(node, ActionNode) and node.does == "send"


def sends_by_itself(parsed: ParsedFolder) -> Iterator[Fault]:
    """What sends the screen before it is offered there by itself: there is one, in no menu."""
    if not (tree := parsed.tree.form):
        return
    sending = [name for name, node in tree.nodes.items() if sends(node)]
    for name in sending[1:]:
        what = f"sends what the screen before it says, as '{sending[0]}' does: keep one"
        yield Fault(parsed.tree.source.key("nodes", name), name, what)
    for name, node in tree.nodes.items():
        for n, choice in enumerate(node.choices):
            if choice in sending:
                where = parsed.tree.source.value("nodes", name, "choices", n)
                what = f"lists '{choice}', which screens offer by themselves: remove it"
                yield Fault(where, name, what)


def words_of_the_kind(parsed: ParsedFolder) -> Iterator[Fault]:
    """All but menus have a text.  An action and a checklist say what is done, and nothing else
    does; neither an action nor a look-up can be the answer to a keyword.
    """
    if not (tree := parsed.tree.form):
        return
    for part in parsed.languages.values():
        for name, words in part.form.nodes.items() if part.form else ():
            node, source = tree.nodes.get(name), part.source
            if node and not isinstance(node, MenuNode) and not words.text:
                what = "'text' is missing: add it"
                yield Fault(source.key("nodes", name), name, what)
            if isinstance(node, ActionNode | ChecklistNode) and not words.done:
                what = "'done' is missing: add what is said once it is done"
                yield Fault(source.key("nodes", name), name, what)
            if node and words.done and not isinstance(node, ActionNode | ChecklistNode):
                what = "'done' is never shown, as this is no action and no checklist: remove it"
                yield Fault(source.key("nodes", name, "done"), name, what)
            if words.keywords and isinstance(node, ActionNode | LookupNode):
                what = "has keywords, but is a question and no answer: remove them"
                yield Fault(source.key("nodes", name, "keywords"), name, what)


# --- Checklists ---------------------------------------------------------------


def statements_countable(parsed: ParsedFolder) -> Iterator[Fault]:
    """A checklist has no more statements than a session has time for, each of them once."""
    if not (tree := parsed.tree.form):
        return
    for name, node in tree.nodes.items():
        named = node.statements if isinstance(node, ChecklistNode) else ()
        if len(named) > MOST_STATEMENTS:
            where = parsed.tree.source.key("nodes", name, "statements")
            what = f"has {len(named)} statements: at most {MOST_STATEMENTS}, as each is asked"
            yield Fault(where, name, what)
        for n, statement in enumerate(named):
            if statement in named[:n]:
                where = parsed.tree.source.value("nodes", name, "statements", n)
                yield Fault(where, name, f"lists '{statement}' twice: keep one")


def statements_complete(parsed: ParsedFolder) -> Iterator[Fault]:
    """Each language has words for each statement, and for no other; once all is done, it
    still names whom to call.
    """
    if not (tree := parsed.tree.form):
        return
    for part in parsed.languages.values():
        for name, words in part.form.nodes.items() if part.form else ():
            if not (node := tree.nodes.get(name)):
                continue
            named = node.statements if isinstance(node, ChecklistNode) else ()
            yield from _statements(part, name, words, named)
            if named and words.done and "{hotline}" not in words.done and words.done != FILLER:
                what = "'done' must name {hotline}: who reads it may have no other help"
                yield Fault(part.source.value("nodes", name, "done"), name, what)


def _statements(
    part: ParsedFile[Words], name: str, words: NodeWords, named: tuple[str, ...]
) -> Iterator[Fault]:
    language = part.form.language if part.form else ""
    for statement in (each for each in named if each not in words.statements):
        where = part.source.key("nodes", name, "statements")
        what = f"'{statement}' has no words in '{language}': add what it `says` and the `to_do`"
        yield Fault(where, name, what)
    for statement in (each for each in words.statements if each not in named):
        where = part.source.key("nodes", name, "statements", statement)
        what = f"'{statement}' is no statement of it in tree.yaml: add it there or remove it"
        yield Fault(where, name, what)
