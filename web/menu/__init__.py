"""/operator/menu: the tree and each node in every language."""

from web.menu.pages import MenuOnPhones, menu_pages

__all__ = [
    "MenuOnPhones",
    "menu_pages",
]
