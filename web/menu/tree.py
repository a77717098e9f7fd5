"""The tree of the menu as a page draws it: pure functions of a menu and its faults."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from menus.faults import Fault
from menus.model import Menu
from ussd.screens import KEYS, Place, Screens

MOST_WAYS = 12
"""To one node that are told; a person needs one."""

Way = tuple[str, ...]
"""Keys to press, one after the other, from the choice of a language on."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A node where it hangs.  `again`: it hangs elsewhere too, and is drawn out there.

    `pages`: how many it takes, by language.
    """

    key: str
    node: str
    label: str
    pages: Mapping[str, int]
    faults: int
    again: bool
    branches: "tuple[Branch, ...]"


def trees_of(
    menu: Menu, screens: Screens, faults: Iterable[Fault], language: str
) -> tuple[Branch, ...]:
    """All nodes, with their labels in one language: those below screen 0, then those in no
    menu, which other screens offer.
    """
    counts = Counter(fault.screen for fault in faults)
    words = menu.languages[language].words
    drawn = set[str]()

    def branch(key: str, node: str) -> Branch:
        again = node in drawn
        drawn.add(node)
        below = () if again else zip(KEYS, menu.nodes[node].choices, strict=False)
        return Branch(
            key=key,
            node=node,
            label=words[node].label or node,
            pages=pages_of(screens, menu, node),
            faults=counts[node],
            again=again and bool(menu.nodes[node].choices),
            branches=tuple(branch(*each) for each in below),
        )

    tree = branch("", menu.start.leads_to)
    return tree, *(branch("", node) for node in menu.nodes if node not in drawn)


def pages_of(screens: Screens, menu: Menu, node: str) -> dict[str, int]:
    """How many pages a node takes in each language and alphabet."""
    return {
        each.code: screens.page_count(Place(each.code, node))
        for code in menu.languages
        for each in menu.in_each_alphabet(code)
    }


def ways_to(menu: Menu, node: str) -> list[Way]:
    """The keys that lead to a node, the shortest way first."""
    found: list[Way] = []
    ahead = deque[tuple[str, Way, frozenset[str]]]([(menu.start.leads_to, (), frozenset())])
    while ahead and len(found) < MOST_WAYS:
        at, way, passed = ahead.popleft()
        if at == node:
            found.append(way)
        elif at not in passed:
            choices = zip(KEYS, menu.nodes[at].choices, strict=False)
            ahead += [(each, (*way, key), passed | {at}) for key, each in choices]
    return found


def parents_of(menu: Menu, node: str) -> list[tuple[str, str]]:
    """The menus that list a node, each with the key that leads from it."""
    return [
        (name, key)
        for name, each in menu.nodes.items()
        for key, choice in zip(KEYS, each.choices, strict=False)
        if choice == node
    ]


def dial_string(service_code: str, language_key: str, way: Way) -> str:
    """What leads straight to a screen: `*384*55*2*1#`."""
    return "*".join([service_code.rstrip("#"), language_key, *way]) + "#"
