"""The menu as it is: the tree, each node as a phone shows it, its faults, and a search.

What is drawn is the menu in force.  Faults are those of a change on disk that was
refused; while there are any, the tree is not what the files say.
"""

from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from menus.live import LiveMenu
from menus.model import Menu, is_read
from ussd.bootstrap import ScreensOf
from web.menu.node import faults_elsewhere, said_everywhere, screen_0
from web.menu.search import LONGEST_QUERY, MOST_FOUND, marked, search
from web.menu.tree import above, trees_of, ways_to
from web.pages import Pages, language_of


class MenuView:
    """What the pages of the menu are made from."""

    def __init__(self, live: LiveMenu, screens_of: ScreensOf, service_code: str) -> None:
        self.live = live
        self._screens = screens_of
        self._code = service_code

    def tree(self, language: str, query: str) -> dict[str, Any]:
        """What the template `menu` shows."""
        menu, faults = self.live.current, self.live.refused
        screens = self._screens(menu)
        return {
            "menu": menu,
            "faults": faults,
            "trees": trees_of(menu, screens, faults, spoken(menu, language)),
            "screen_0": screen_0(screens),
            "found": search(menu, query),
            "most_found": MOST_FOUND,
            "is_read": is_read,
        }

    def node(self, node: str, language: str) -> dict[str, Any]:
        """What the template `menu_node` shows of a node of the menu in force."""
        menu, faults = self.live.current, self.live.refused
        words, ways = menu.languages[spoken(menu, language)].words, ways_to(menu, node)
        said = said_everywhere(menu, self._screens(menu), node, faults, ways, self._code)
        return {
            "menu": menu,
            "node": menu.nodes[node],
            "words": words,
            "label": words[node].label or node,
            "above": above(menu, node),
            "said": said,
            "faults": faults_elsewhere(faults, node, said),
        }


def spoken(menu: Menu, language: str) -> str:
    """The language of the page, if the menu has it; else the menu's first."""
    return language if language in menu.languages else next(iter(menu.languages))


def menu_pages(pages: Pages, view: MenuView) -> APIRouter:
    """`/operator/menu` and each of its nodes."""
    routes = APIRouter(prefix="/operator/menu")

    def tree(request: Request, status: int = 200) -> Response:
        query = request.query_params.get("q", "")[:LONGEST_QUERY].strip()
        shown = view.tree(language_of(request), query)
        missing = status == 404
        return pages.show(request, "menu/tree", status, q=query, missing=missing, **shown)

    @routes.get("")
    async def whole(request: Request) -> Response:
        return tree(request)

    @routes.get("/{node}")
    async def one(request: Request, node: str) -> Response:
        if node not in view.live.current.nodes:
            return tree(request, 404)
        query = request.query_params.get("q", "")[:LONGEST_QUERY].strip()
        shown = view.node(node, language_of(request))
        mark = partial(marked, query=query)
        return pages.show(request, "menu/node", q=query, marked=mark, **shown)

    return routes
