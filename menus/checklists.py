"""What is still to do, by the answers that were given to a checklist.

The answers are one key a statement, in the order of the statements.  A statement without an
answer counts as not done, so nothing answered gives the whole list.
"""

from itertools import zip_longest

from menus.model import NodeWords

YES, NOT_YET = "1", "2"
MOST_STATEMENTS = 10
"""A person answers each, and a network ends a session after three minutes."""


def left_to_do(words: NodeWords, answers: str = "") -> tuple[str, ...]:
    """What to do, what weighs most first; empty once all is done."""
    given = zip_longest(words.statements, answers[: len(words.statements)])
    return tuple(each.to_do for each, answer in given if answer != YES)
