"""/operator/words: words edited, seen as screens, published."""

from fastapi import APIRouter

from menus.editing import Publisher
from ussd.bootstrap import ScreensOf
from web.auth import Authentication
from web.editor.edit_page import edit_page
from web.editor.editor import Editor
from web.editor.history_pages import history_pages
from web.editor.list_page import list_page
from web.pages import Pages

__all__ = ["editor_pages"]


def editor_pages(
    auth: Authentication, pages: Pages, publisher: Publisher, screens_of: ScreensOf
) -> tuple[APIRouter, ...]:
    """All pages of words."""
    editor = Editor(publisher, screens_of)
    return list_page(pages, editor), history_pages(pages, editor), edit_page(auth, pages, editor)
