"""/operator/words: words edited, seen as screens, published."""

from web.editor.pages import words_pages

__all__ = [
    "words_pages",
]
