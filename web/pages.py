"""A page: a template filled with words in the reader's language, behind a strict policy.

Each page has a folder: its code, its templates (`.html`), its words in three languages
(`.yaml`, named like the template that says them), and in `static/` its scripts and styles.
What every page has is in `layout/`.

No page loads anything from elsewhere, runs a script that is not a file of ours, or is
kept by a browser.  Every value that a template shows is escaped.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache, partial
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

import yaml
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from menus.model import is_read

HERE = Path(__file__).parent
LANGUAGES = ("en", "ru", "kk")
"""The languages of the pages themselves; the menu may have others."""
COOKIE = "komek_language"
YEAR = 365 * 24 * 3600
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C is ten times as fast; some builds of PyYAML lack it."""


@dataclass(frozen=True, slots=True)
class Context:
    """What one template shows: its fields are the template's variables.  A test reads both."""

    template: ClassVar[str]
    """Its file in this folder, without `.html`; the file `.yaml` beside it has its words."""


class Pages:
    """Renders templates with the words of the files beside them.

    `own_names`: of the languages of the menu, those that are offered first.
    """

    def __init__(self, own_names: Callable[[], Mapping[str, str]]) -> None:
        self._own_names = own_names
        self._templates = Environment(
            loader=FileSystemLoader(HERE),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.tests["read"] = is_read
        self._templates.filters["tag"] = language_tag

    def show(self, request: Request, context: Context, status: int = 200) -> HTMLResponse:
        """The page of this context, in the language of the reader."""
        language = language_of(request)
        variables = {each.name: getattr(context, each.name) for each in fields(context)}
        page = self._templates.get_template(f"{context.template}.html").render(
            **variables_of_every_page(request, context.template, language, self._own_names()),
            **variables,
        )
        response = HTMLResponse(page, status)
        if request.query_params.get("language") == language:
            response.set_cookie(COOKIE, language, max_age=YEAR, httponly=True, samesite="strict")
        return response


def variables_of_every_page(
    request: Request, template: str, language: str, own_names: Mapping[str, str]
) -> dict[str, Any]:
    """What every template sees: `w` are its words, `operator` is who is logged in, if anybody;
    `languages` are those of the pages, `own_names` those of the menu.
    """
    return {
        "w": words_of(template, language),
        "language": language,
        "languages": page_languages(own_names),
        "own_names": own_names,
        "in_language": partial(in_language, request),
        "path": request.url.path,
        "operator": getattr(request.state, "operator", None),
    }


def page_languages(own_names: Mapping[str, str]) -> dict[str, str]:
    """The languages of the pages by their own names, in the order in which callers have them."""
    codes = [code for code in own_names if code in LANGUAGES]
    return {code: own_names.get(code, code) for code in dict.fromkeys((*codes, *LANGUAGES))}


def language_of(request: Request) -> str:
    """What the reader chose just now, or before, or set in the browser; else English."""
    accepted = request.headers.get("accept-language", "").split(",")
    asked = [request.query_params.get("language"), request.cookies.get(COOKIE), *accepted]
    known = (each.strip()[:2].lower() for each in asked if each)
    return next((each for each in known if each in LANGUAGES), "en")


def language_tag(code: str) -> str:
    """What a browser calls a language: kk-Latn (BCP 47)."""
    return code.replace("_", "-")


def in_language(request: Request, language: str) -> str:
    """The address of this very page in a language, its query kept."""
    kept = [pair for pair in request.query_params.multi_items() if pair[0] != "language"]
    return f"{request.url.path}?{urlencode([*kept, ('language', language)])}"


@cache
def words_of(page: str, language: str) -> Mapping[str, str]:
    """The words of a page, and those that every page has."""
    words = translations("layout/page") | translations(page)
    return {key: said[language] for key, said in words.items() if isinstance(said, dict)}


@cache
def translations(page: str) -> dict[str, Any]:
    """The file of a page's words: who has read them, and each word in every language."""
    text = (HERE / f"{page}.yaml").read_bytes()
    content: dict[str, Any] = yaml.load(text, LOADER)  # noqa: S506 (it is a safe one)
    return content
