"""What every page keeps to: its context, words in three languages, and a strict policy."""

import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import cast

import pytest
import yaml
from fastapi import Request
from jinja2 import Environment, FileSystemLoader, meta, nodes

import web.bootstrap
from menus.editing.sections import sections
from menus.model import Node
from runtime.redis_status import Danger
from sms.gateways import GatewayError
from sms.gateways.simulator import GatewayFault
from sms.outbox import MessageKind, Queue
from sms.states import State
from tests.support.service import Service
from web.auth import Role
from web.contacts.contact_page import OUTCOMES
from web.figures.daily import STATES
from web.health.findings import Verdict, Word
from web.pages import HERE, LANGUAGES, Context, language_tag, variables_of_every_page, words_of

WORDS = sorted(HERE.glob("*/*.yaml"))
TEMPLATES = sorted(HERE.glob("*/*.html"))
CONTEXTS = {each.template: each for each in Context.__subclasses__()}
TREES = Environment(loader=FileSystemLoader(HERE), autoescape=True)
TREES.filters["tag"] = language_tag


def name_of(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


def test_every_template_that_has_words_has_a_context() -> None:
    assert inspect.ismodule(web.bootstrap), "what it imports has every context"
    pages = {name_of(file) for file in WORDS} - {"layout/page", "contacts/macros"}
    assert set(CONTEXTS) == pages
    assert {file.with_suffix(".html") for file in WORDS} <= set(TEMPLATES)


# --- What a template reads ------------------------------------------------------------


def tree_of(name: str) -> nodes.Template:
    return TREES.parse((HERE / name).read_text(encoding="utf-8"))


def family(name: str) -> Iterator[nodes.Template]:
    """A template and those that it fills."""
    tree = tree_of(name)
    yield tree
    for each in tree.find_all(nodes.Extends):
        fills = each.template
        yield from family(fills.value if isinstance(fills, nodes.Const) else "layout/operator.html")


def macros_of(tree: nodes.Template) -> Iterator[nodes.Macro]:
    """The macros that a template imports by name."""
    for each in tree.find_all(nodes.FromImport):
        there = tree_of(cast(nodes.Const, each.template).value)
        yield from (macro for macro in there.find_all(nodes.Macro) if macro.name in each.names)


def variables_read(tree: nodes.Template) -> set[str]:
    """Those that are neither its own macros nor imported ones."""
    macros = {each.name for each in (*tree.find_all(nodes.Macro), *macros_of(tree))}
    return meta.find_undeclared_variables(tree) - macros


def words_read(part: nodes.Node) -> set[str]:
    """The words that are read by a name that stands in the template: `w.title`."""
    reads = [each for each in part.find_all(nodes.Getattr) if isinstance(each.node, nodes.Name)]
    return {each.attr for each in reads if cast(nodes.Name, each.node).name == "w"} - set(dir(dict))


@pytest.mark.parametrize("name", CONTEXTS)
def test_a_template_reads_what_its_context_has(name: str) -> None:
    """A name mistyped on either side is found here, not on a page that somebody looks at."""
    read = set[str]().union(*map(variables_read, family(f"{name}.html")))
    request = Request({"type": "http", "path": "/", "query_string": b"", "headers": []})
    shared = set(variables_of_every_page(request, name, "en", {}))
    assert read - shared == {each.name for each in fields(CONTEXTS[name])}


@pytest.mark.parametrize("name", CONTEXTS)
def test_a_template_reads_words_that_there_are(name: str) -> None:
    trees = list(family(f"{name}.html"))
    parts: list[nodes.Node] = [*trees, *(macro for tree in trees for macro in macros_of(tree))]
    read = set[str]().union(*map(words_read, parts))
    assert "skip" in read
    assert read <= set(words_of(name, "en"))


BUILT: dict[str, Iterable[str]] = {
    "auth/refused": (f"role_{role}" for role in Role),
    "contacts/macros": (f"did_{did}" for did in (*OUTCOMES, "imported")),
    "editor/list": ("about_phrases", "about_sms", "about_sms_embassy"),
    "figures/page": (
        *MessageKind,
        *(f"queue_{queue}" for queue in Queue),
        *(f"state_{state}".replace(" ", "_") for state in STATES),
        *(f"trouble_{name}".replace(" ", "_").lower() for name in GatewayError),
    ),
    "health/page": (
        *Danger,
        *Word,
        *(f"verdict_{verdict.name.lower()}" for verdict in Verdict if verdict is not Verdict.OK),
        *(f"queue_{queue}" for queue in Queue),
    ),
    "phone/page": (*State, "gateway_works", *(f"gateway_{fault}" for fault in GatewayFault)),
}
"""Words whose names are built of values."""


@pytest.mark.parametrize("name", BUILT)
def test_words_whose_names_are_built_are_there(name: str) -> None:
    assert set(map(str, BUILT[name])) <= set(words_of(name, "en"))


def test_every_key_of_a_language_file_is_explained_to_its_editor() -> None:
    words = words_of("editor/edit", "en")
    node = Node("list", (), (), statements=("visa",))
    keys = {field.key for each in sections([node]).values() for field in each.fields}
    assert {key for key in keys if not {f"why_{key}", f"field_{key}"} & set(words)} == set()


# --- What it says ---------------------------------------------------------------------


@pytest.mark.parametrize("file", WORDS, ids=name_of)
def test_words_are_in_every_language(file: Path) -> None:
    words = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert words.pop("native_reader")
    for key, said in words.items():
        assert set(said) == set(LANGUAGES), key
        assert all(isinstance(text, str) and text.strip() for text in said.values()), key


@pytest.mark.parametrize("file", TEMPLATES, ids=name_of)
def test_templates_hold_no_script_and_no_style(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert not re.search(
        r"<script(?![^>]*\bsrc=\"/static/)|<style|\bstyle=|\bon[a-z]+=|\|\s*safe", text
    )


def test_every_answer_has_the_policy(service: Service) -> None:
    for path in ("/operator/enter", "/static/layout/style.css", "/nothing", "/healthz"):
        policy = service.http.get(f"{service.base}{path}").headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
