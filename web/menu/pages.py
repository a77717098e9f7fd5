"""The menu as it is: the tree, each node as a phone shows it, its faults, and a search.

What is drawn is the menu in force.  Faults are those of a change on disk that was
refused; while there are any, the tree is not what the files say.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import Response

from menus.faults import Fault
from menus.live import LiveMenu
from menus.model import Menu, Node, NodeWords
from ussd.bootstrap import ScreensOf
from ussd.summary import Summary, summaries_of
from web.menu.node import (
    NodeInLanguage,
    PhoneText,
    faults_elsewhere,
    node_in_languages,
    screen_0,
)
from web.menu.search import LONGEST_QUERY, MOST_FOUND, Match, Parts, match_parts, search
from web.menu.tree import Branch, parents_of, trees_of, ways_to
from web.pages import Context, Pages, language_of


@dataclass(frozen=True, slots=True)
class TreeContext(Context):
    """The whole menu.  `q`: what is searched for; `missing`: there is no such node."""

    template: ClassVar[str] = "menu/tree"
    menu: Menu
    faults: Sequence[Fault]
    trees: Sequence[Branch]
    screen_0: Sequence[PhoneText]
    summaries: Sequence[Summary]
    q: str
    found: Sequence[Match]
    most_found: int
    missing: bool


@dataclass(frozen=True, slots=True)
class NodeContext(Context):
    """One node.  `words` and `label` are in the language of the page; `parents`: the menus
    that list the node, each with the key; `marked`: a text with what was searched for.
    """

    template: ClassVar[str] = "menu/node"
    menu: Menu
    node: Node
    words: Mapping[str, NodeWords]
    label: str
    parents: Sequence[tuple[str, str]]
    in_languages: Sequence[NodeInLanguage]
    faults: Sequence[Fault]
    q: str
    marked: Callable[[str], Parts]


@dataclass(frozen=True, slots=True)
class MenuOnPhones:
    """The menu in force, how phones show it, and what is dialled for it."""

    live: LiveMenu
    screens_of: ScreensOf
    service_code: str

    def tree(self, language: str, query: str, missing: bool) -> TreeContext:
        """The whole menu in a language of the pages."""
        menu, faults = self.live.current, self.live.refused
        screens = self.screens_of(menu)
        return TreeContext(
            menu=menu,
            faults=faults,
            trees=trees_of(menu, screens, faults, menu_language(menu, language)),
            screen_0=screen_0(screens),
            summaries=summaries_of(menu, screens, menu.all_languages),
            q=query,
            found=search(menu, query),
            most_found=MOST_FOUND,
            missing=missing,
        )

    def node(self, name: str, language: str, query: str) -> NodeContext:
        """A node of the menu in force."""
        menu, faults = self.live.current, self.live.refused
        words, ways = menu.languages[menu_language(menu, language)].words, ways_to(menu, name)
        screens = self.screens_of(menu)
        shown = node_in_languages(menu, screens, name, faults, ways, self.service_code)
        return NodeContext(
            menu=menu,
            node=menu.nodes[name],
            words=words,
            label=words[name].label or name,
            parents=parents_of(menu, name),
            in_languages=shown,
            faults=faults_elsewhere(faults, name, shown),
            q=query,
            marked=partial(match_parts, query=query),
        )


def menu_language(menu: Menu, language: str) -> str:
    """The language of the page, if the menu has it; else the menu's first."""
    return language if language in menu.languages else next(iter(menu.languages))


def menu_pages(pages: Pages, menu: MenuOnPhones) -> APIRouter:
    """`/operator/menu` and each of its nodes."""
    routes = APIRouter(prefix="/operator/menu")

    @routes.get("")
    async def tree(request: Request) -> Response:
        return show_tree(pages, menu, request)

    @routes.get("/{node}")
    async def one(request: Request, node: str) -> Response:
        if node not in menu.live.current.nodes:
            return show_tree(pages, menu, request, 404)
        return pages.show(request, menu.node(node, language_of(request), query_of(request)))

    return routes


def show_tree(pages: Pages, menu: MenuOnPhones, request: Request, status: int = 200) -> Response:
    """The whole menu; with 404 it says that there is no such node."""
    tree = menu.tree(language_of(request), query_of(request), missing=status == 404)
    return pages.show(request, tree, status)


def query_of(request: Request) -> str:
    """What is searched for."""
    return request.query_params.get("q", "")[:LONGEST_QUERY].strip()
