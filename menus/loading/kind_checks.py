"""What look-ups and actions must have in the files, beside what holds of every node."""

from collections.abc import Iterator

from menus.faults import Fault
from menus.forms import ActionNode, LookupNode, MenuNode, Node
from menus.loading.draft import Draft


def sends(node: Node) -> bool:
    """Whether this is the action that sends what the screen before it says."""
    return isinstance(node, ActionNode) and node.does == "send"


def sends_by_itself(draft: Draft) -> Iterator[Fault]:
    """What sends the screen before it is offered there by itself: there is one, in no menu."""
    if not (tree := draft.tree.form):
        return
    sending = [name for name, node in tree.nodes.items() if sends(node)]
    for name in sending[1:]:
        what = f"sends what the screen before it says, as '{sending[0]}' does: keep one"
        yield Fault(draft.tree.source.key("nodes", name), name, what)
    for name, node in tree.nodes.items():
        for n, choice in enumerate(node.choices):
            if choice in sending:
                where = draft.tree.source.value("nodes", name, "choices", n)
                what = f"lists '{choice}', which screens offer by themselves: remove it"
                yield Fault(where, name, what)


def words_of_the_kind(draft: Draft) -> Iterator[Fault]:
    """All but menus have a text.  An action says what is done, and nothing else does;
    neither it nor a look-up can be the answer to a keyword.
    """
    if not (tree := draft.tree.form):
        return
    for part in draft.languages.values():
        for name, words in part.form.nodes.items() if part.form else ():
            node, source = tree.nodes.get(name), part.source
            if node and not isinstance(node, MenuNode) and not words.text:
                what = "'text' is missing: add it"
                yield Fault(source.key("nodes", name), name, what)
            if isinstance(node, ActionNode) and not words.done:
                what = "'done' is missing: add what is said once it is done"
                yield Fault(source.key("nodes", name), name, what)
            if node and words.done and not isinstance(node, ActionNode):
                what = "'done' is never shown, as this is no action: remove it"
                yield Fault(source.key("nodes", name, "done"), name, what)
            if words.keywords and isinstance(node, ActionNode | LookupNode):
                what = "has keywords, but is a question and no answer: remove them"
                yield Fault(source.key("nodes", name, "keywords"), name, what)
