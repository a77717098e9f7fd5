"""The operator's menu: the tree, its nodes as phones show them, faults, and the search."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from menus.model import Language, Menu
from sms.encoding import measure
from sms.requests import NodeRequest
from tests.support.operators import operator, words
from tests.support.service import Service, running
from tests.support.trees import copied_menus, edit, until
from ussd.screens import SCREEN_0, Place, Screens
from ussd.summary import summaries_of
from web.menu.search import MOST_FOUND, match_parts, search
from web.menu.tree import dial_string, parents_of, trees_of, ways_to

MARKUP = "<b>bold</b> & 'quoted'"


@pytest.fixture(scope="module")
def looking(service: Service) -> Iterator[httpx.Client]:
    with operator(service.base) as client:
        yield client


@pytest.fixture
def menus(tmp_path: Path) -> Path:
    return copied_menus(tmp_path)


def page(client: httpx.Client, path: str = "", **query: str) -> str:
    response = client.get(f"/operator/menu{path}", params=query)
    assert response.status_code == 200, response.text
    return response.text


def shown_exactly(page: str) -> list[str]:
    """The screens and messages of a page, without marks."""
    pieces = re.findall(r'<pre class="screen"[^>]*>(.*?)</pre>', page, re.DOTALL)
    return [html.unescape(re.sub(r"</?mark>", "", piece)) for piece in pieces]


# --- The tree -------------------------------------------------------------------


def test_every_node_is_drawn_with_its_key_and_label(looking: httpx.Client, menu: Menu) -> None:
    for code in ("en", "ru", "kk"):
        text = page(looking, language=code)
        for node in menu.nodes:
            assert f'href="/operator/menu/{node}"' in text
            assert menu.languages[code].words[node].label in words(text)
        assert menu.version in text
    page(looking, language="en")


def test_screen_0_is_shown_as_it_is(looking: httpx.Client, screens: Screens) -> None:
    assert shown_exactly(page(looking)) == [screens.view(SCREEN_0).page().shown]


def test_the_length_of_the_words_is_told_also_in_latin_letters(
    looking: httpx.Client, menu: Menu, screens: Screens
) -> None:
    text, codes = page(looking), ("kk", "ru", "en", "kk_Latn", "ru_Latn")
    for code, figures in zip(codes, summaries_of(menu, screens, codes), strict=True):
        counts = (figures.texts, figures.pages, figures.with_facts, figures.fact_pages)
        cells = "".join(f"<td>{each}</td>" for each in counts)
        assert f"<code>{code}</code></th>{cells}" in text


def test_a_node_in_two_menus_hangs_in_both(menu: Menu, screens: Screens) -> None:
    tree, *others = trees_of(menu, screens, (), "en")
    assert [each.node for each in others] == ["by_sms"]
    hanging = [each.node for branch in tree.branches for each in branch.branches]
    assert hanging.count("embassy_abroad") == 1, "the other menu is further down"
    assert parents_of(menu, "embassy_abroad") == [("danger", "1"), ("embassy", "1")]
    assert ways_to(menu, "embassy_abroad") == [("1", "1"), ("4", "2", "1")]
    assert ways_to(menu, menu.start.leads_to) == [()]
    assert dial_string("*384*55#", "2", ("1", "1")) == "*384*55*2*1*1#"


# --- One node -------------------------------------------------------------------


def in_order_of_screen_0(menu: Menu) -> Iterator[tuple[str, Language]]:
    """Each language, and behind it the same in Latin letters."""
    for code in menu.languages:
        yield from ((each.code, each) for each in menu.in_each_alphabet(code))


def test_a_node_is_shown_in_all_languages_and_letters_as_the_phone_shows_it(
    looking: httpx.Client, menu: Menu, screens: Screens
) -> None:
    for node in menu.nodes:
        text = page(looking, f"/{node}")
        expected = []
        for code, language in in_order_of_screen_0(menu):
            for place in screens.said_in_turn(Place(code, node)):
                expected += [each.shown for each in screens.view(place).pages()]
            for name in menu.nodes[node].statements:
                assert f'href="/operator/words/{language.file}/{node}.{name}"' in text
            if language.words[node].keywords:
                expected.append(screens.message_for(NodeRequest(code, node)))
                size = measure(expected[-1])
                assert f"{size.encoding}, {size.units} units, segments: {size.segments}" in text
            assert f'href="/operator/words/{language.file}/{node}"' in text
            assert f"{language.own_name} <code>{code}</code>" in html.unescape(text)
            assert all(word in words(text) for word in language.words[node].keywords)
        assert shown_exactly(text) == expected, node
        assert len(re.findall("Not read by a native speaker", text)) == len(menu.languages)


def test_a_node_says_what_each_screen_takes(looking: httpx.Client, screens: Screens) -> None:
    text = page(looking, "/danger")
    size = measure(screens.view(Place("ru", "danger")).page().shown)
    assert f'<meter min="0" max="70" value="{size.units}"' in text
    assert f"UCS-2, {size.units} / 70 units" in text
    assert "*384*55*2*1#" in words(text)
    assert "*384*55*2*8*1#" in words(text), "in Latin letters"


def test_the_tree_tells_the_pages_also_in_latin_letters(
    looking: httpx.Client, screens: Screens
) -> None:
    text = words(page(looking))
    for code in ("ru", "ru_Latn"):
        assert f"{code} {screens.page_count(Place(code, 'violence'))}" in text


def test_a_node_names_its_facts_and_where_it_hangs(looking: httpx.Client, menu: Menu) -> None:
    text = words(page(looking, "/abroad"))
    assert menu.facts["R10"] in text
    assert "Who can help → 3" in text


@pytest.mark.parametrize("name", ["nothing", "%3Cscript%3E", "..%2Fhealth", "x" * 500])
def test_an_unknown_node_is_not_found(looking: httpx.Client, name: str) -> None:
    response = looking.get(f"/operator/menu/{name}")
    assert response.status_code == 404
    assert "<script" not in response.text


# --- Faults ---------------------------------------------------------------------


def test_faults_of_the_files_are_shown_where_they_are(redis_url: str, menus: Path) -> None:
    with running(redis_url, KOMEK_MENUS_DIR=str(menus)) as service, operator(service.base) as we:
        assert "The files have no faults" in words(page(we))
        edit(menus / "en.yaml", "label: I am in danger", f'label: "{{nobody}} {MARKUP}"')
        edit(
            menus / "tree.yaml",
            "choices: [embassy_abroad, escaped]",
            "choices: [embassy_abroad, <i>]",
        )
        until(lambda: "is refused" in words(page(we)), "the faults are seen")
        line = 1 + menus.joinpath("en.yaml").read_text("utf-8")[: _at(menus)].count("\n")
        top, node = page(we), page(we, "/danger")
        for text in (top, node):
            assert f"menus/en.yaml:{line}:" in text
            assert "nobody" in words(text)
            assert "&#39;&lt;i&gt;&#39;" in text
            assert "<i>" not in text
        assert "faults: 2" in words(top).lower()
        assert "I am in danger" in words(node), "callers still see the earlier words"


def _at(menus: Path) -> int:
    return menus.joinpath("en.yaml").read_text("utf-8").index("{nobody}")


def test_markup_in_words_is_shown_as_text(redis_url: str, menus: Path) -> None:
    edit(menus / "en.yaml", "- HELP\n", "- <script>alert(1)</script>\n      - HELP\n")
    edit(menus / "en.yaml", "label: I am in danger", f'label: "{MARKUP}"')
    with running(redis_url, KOMEK_MENUS_DIR=str(menus)) as service, operator(service.base) as we:
        for text in (page(we), page(we, "/danger"), page(we, q="script"), page(we, q="bold")):
            assert "<b>" not in text
            assert "<script" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page(we, "/danger")


# --- Search ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "node", "language"),
    [
        ("pAsSpOrT", "documents", "en"),
        ("ПАСПОРТ", "documents", "ru"),
        ("ҚАУІП төніп", "danger", "kk"),
        ("  in    DANGER ", "danger", "en"),
        ("SOS", "danger", "en"),
        ("danger", "danger", ""),
    ],
)
def test_words_are_found_in_any_case(menu: Menu, query: str, node: str, language: str) -> None:
    found = {(each.place.node, each.place.language) for each in search(menu, query)}
    assert (node, language) in found


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("stopall", "stop_keywords 2"),
        ("if you need help", "goodbye"),
        ("politsiya", "start"),
        ("{phone}", "embassy.police"),
    ],
)
def test_words_of_messages_are_found_too(menu: Menu, query: str, what: str) -> None:
    assert what in {each.place.what for each in search(menu, query) if not each.place.node}


@pytest.mark.parametrize("query", ["", "   ", "no such words 12345", ".*", "((", "\\"])
def test_nothing_is_found_where_nothing_is(menu: Menu, query: str) -> None:
    assert search(menu, query) == []


def test_results_are_bounded(menu: Menu) -> None:
    assert len(search(menu, "e")) == MOST_FOUND


@pytest.mark.parametrize(
    ("text", "query", "parts"),
    [
        ("a b A", "a", [("a", True), (" b ", False), ("A", True)]),
        ("a\nb", "a b", [("a\nb", True)]),
        ("abc", "x", [("abc", False)]),
        ("abc", "", [("abc", False)]),
    ],
)
def test_marked(text: str, query: str, parts: list[tuple[str, bool]]) -> None:
    assert match_parts(text, query) == parts
    assert "".join(piece for piece, _ in match_parts(text, query)) == text


def test_results_lead_to_nodes_with_the_match_marked(looking: httpx.Client) -> None:
    text = page(looking, q="passport")
    assert 'href="/operator/menu/documents?q=passport"' in text
    assert "<mark>passport</mark>" in text
    assert "<mark>passport</mark>" in page(looking, "/documents", q="passport")


def test_another_language_keeps_the_query(looking: httpx.Client) -> None:
    text = page(looking, q="a&b", language="en")
    assert 'href="/operator/menu?q=a%26b&amp;language=kk"' in text


def test_a_query_is_shown_as_text(looking: httpx.Client) -> None:
    text = page(looking, q='"><script>alert(1)</script>')
    assert "<script" not in text
    assert 'value="&#34;&gt;&lt;script&gt;' in text
