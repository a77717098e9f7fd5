"""/operator/menu: the tree and each node in every language."""

from web.menu.pages import MenuView, menu_pages

__all__ = [
    "MenuView",
    "menu_pages",
]
