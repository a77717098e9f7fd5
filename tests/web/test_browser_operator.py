"""The operator's pages in a real browser: by keyboard, on a small phone and a laptop."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import (
    NARROW,
    WIDTHS,
    check_for_everybody,
    come_in,
    nothing_sideways,
    open_at,
    serious_findings,
)
from tests.support.service import Service, running
from tests.support.trees import copied_menus, edit, until

UNSURE = "kz-abroad-ua-kyiv-embassy"
PATHS = (
    "/menu",
    "/menu?q=passport",
    "/menu/danger",
    "/menu/leaving",
    "/contacts",
    "/contacts?show=due",
    "/contacts/calls",
    f"/contacts/{UNSURE}",
    "/contacts/import",
    "/health",
)


@pytest.fixture
def menus(tmp_path: Path) -> Path:
    return copied_menus(tmp_path)


@pytest.fixture
def own(redis_url: str, menus: Path) -> Iterator[Service]:
    """A service of a test's own.  Asked for before `page`, which must end first: a page that is
    still loading when its service ends complains.
    """
    with running(redis_url, KOMEK_MENUS_DIR=str(menus)) as service:
        yield service


def test_every_page_can_be_used_by_everybody(page: Page, service: Service) -> None:
    come_in(page, service.base)
    for path in PATHS:
        page.goto(f"{service.base}/operator{path}")
        check_for_everybody(page)


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_no_language_is_too_wide(page: Page, service: Service, language: str) -> None:
    come_in(page, service.base)
    for path in PATHS:
        sign = "&" if "?" in path else "?"
        open_at(page, f"{service.base}/operator{path}{sign}language={language}", NARROW)
        expect(page.locator("html")).to_have_attribute("lang", language)
        nothing_sideways(page)


def test_faults_do_not_break_the_page(own: Service, page: Page, menus: Path) -> None:
    come_in(page, own.base)
    edit(menus / "en.yaml", "label: I am in danger", f'label: "{{{"x" * 200}}} <script>"')
    ready = f"{own.base}/readyz"
    until(lambda: own.http.get(ready).json()["faults of a refused change"], "it is refused")
    for path in ("/menu", "/menu/danger"):
        for width in WIDTHS:
            open_at(page, f"{own.base}/operator{path}", width)
            expect(page.get_by_text("menus/en.yaml:").first).to_be_visible()
            nothing_sideways(page)
            assert not serious_findings(page)


def test_the_tree_leads_to_a_screen_by_keyboard(page: Page, service: Service) -> None:
    come_in(page, service.base)
    page.get_by_role("link", name="I got away").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("I got away")
    six_and_latin_of_two = 6 + 2
    edits = page.get_by_role("link", name="Edit these words")
    expect(edits).to_have_count(six_and_latin_of_two)


def test_a_contact_is_verified_by_hand(own: Service, page: Page, menus: Path) -> None:
    come_in(page, own.base)
    pages = page.get_by_role("navigation", name="Operator")
    pages.get_by_role("link", name="Contacts").click()
    page.get_by_label("Country").select_option("UA")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="Embassy of Kazakhstan, Kyiv").click()
    expect(page.get_by_label("Who called")).to_have_value("Aigul")
    page.get_by_label("Who answered").fill("called; the consulate answered")
    page.get_by_role("button", name="The number is right").click()
    expect(page.get_by_role("status")).to_contain_text("Noted: the number is right.")
    expect(page.get_by_text("may be sent", exact=True)).to_be_visible()
    lines = (menus / "contacts.csv").read_text("utf-8").splitlines()
    [line] = [each for each in lines if each.startswith(f"{UNSURE},")]
    assert line.endswith(",called; the consulate answered,")


def test_a_call_is_noted_in_two_clicks(own: Service, page: Page, menus: Path) -> None:
    come_in(page, own.base)
    open_at(page, f"{own.base}/operator/contacts/calls", NARROW)
    first, second = page.locator(".calls > li").nth(0), page.locator(".calls > li").nth(1)
    ids = [each.get_attribute("id") for each in (first, second)]
    first.get_by_text("Answered", exact=True).click()
    first.get_by_label("Who answered").fill("the guard")
    nothing_sideways(page)
    assert not serious_findings(page)
    first.get_by_role("button", name="The number is right").click()
    expect(page.get_by_role("status")).to_contain_text("Noted: the number is right.")
    second = page.locator(f"[id='{ids[1]}']")
    second.get_by_role("button", name="No answer").click()
    expect(page.get_by_role("status")).to_contain_text("Noted: no answer.")
    lines = (menus / "contacts.csv").read_text("utf-8").splitlines()
    [called] = [each for each in lines if each.startswith(f"{ids[0]},")]
    assert called.endswith(",the guard,")


def test_a_file_is_imported_after_a_look(
    own: Service, page: Page, menus: Path, tmp_path: Path
) -> None:
    newer = (menus / "contacts.csv").read_text("utf-8").replace("125 Pall Mall", "126 Pall Mall")
    (tmp_path / "newer.csv").write_text(newer, encoding="utf-8")
    come_in(page, own.base)
    page.goto(f"{own.base}/operator/contacts/import")
    page.get_by_label("A file").set_input_files(tmp_path / "newer.csv")
    page.get_by_role("button", name="Show what would change").click()
    expect(page.locator("ins").first).to_contain_text("126 Pall Mall")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        nothing_sideways(page)
        assert not serious_findings(page)
    page.get_by_role("button", name="Take it over").click()
    expect(page.get_by_role("status")).to_contain_text("The list was taken over.")
    assert (menus / "contacts.csv").read_text("utf-8") == newer


def test_after_log_out_the_way_back_shows_nothing(page: Page, service: Service) -> None:
    come_in(page, service.base)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("button", name="Enter")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("button", name="Enter")).to_be_visible()
