"""Words edited in a real browser: checked as one types, published, seen, undone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.browser import check_for_everybody, come_in
from tests.support.service import Service, new_session, running
from tests.support.trees import copied_menus

PAGE = "/operator/words/en/escaped"
IN_DANGER = "3*1"
DIALLED = f"*384*55*{IN_DANGER}#"
PAGES = ("/operator/words", "/operator/words/history", PAGE, f"{PAGE}/history",
         "/operator/words/ru/all.sms")  # fmt: skip


@pytest.fixture(scope="module")
def service(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    menus: Path = copied_menus(tmp_path_factory.mktemp("words"))
    with running(redis_url, KOMEK_MENUS_DIR=str(menus)) as service:
        yield service


@pytest.fixture
def inside(page: Page, service: Service) -> Page:
    """The page of an operator who came in."""
    come_in(page, service.base)
    return page


def dialled(inside: Page, service: Service) -> Locator:
    """The screen of a phone beside the operator's page."""
    phone = inside.context.new_page()
    phone.goto(service.base)
    phone.get_by_label("Number to dial").fill(DIALLED)
    phone.get_by_role("button", name="Call").click()
    return phone.locator(".phone .screen")


def test_a_word_is_edited_seen_on_the_phone_and_undone(inside: Page, service: Service) -> None:
    before = service.hop(new_session(), IN_DANGER)
    inside.goto(f"{service.base}{PAGE}")
    label = inside.get_by_label("In the menu above")
    verdict, shown = inside.locator("#verdict"), inside.locator("#preview")

    label.fill("I {nope} away")
    expect(verdict).to_have_text("Faults: 1")
    expect(inside.locator("#faults-label")).to_contain_text("has no number")
    label.fill("I ran <b>")
    expect(verdict).to_have_text("No faults")
    expect(shown).to_contain_text("2 I ran <b>")
    assert service.hop(new_session(), IN_DANGER) == before, "typing changes nothing"

    inside.get_by_role("button", name="Publish").click()
    expect(inside.get_by_role("status").first).to_contain_text("Published")
    expect(dialled(inside, service)).to_contain_text("2 I ran <b>")

    inside.get_by_role("link", name="History and undo").click()
    expect(inside.locator("del").first).to_be_visible()
    inside.get_by_role("button", name="Bring these words back").last.click()
    expect(inside.get_by_role("status").first).to_contain_text("Published")
    expect(dialled(inside, service)).to_contain_text("2 I got away")
    assert service.hop(new_session(), IN_DANGER) == before


@pytest.mark.may_refuse(422)
def test_without_a_script_the_button_checks(inside: Page, service: Service) -> None:
    inside.route("**/live_check.js", lambda route: route.fulfill(body=""))
    inside.goto(f"{service.base}{PAGE}")
    inside.get_by_label("Text").fill("Call {nope}")
    inside.get_by_role("button", name="Check").click()
    expect(inside.locator("#faults-text")).to_contain_text("has no number")
    inside.get_by_role("button", name="Publish").click()
    expect(inside.get_by_role("alert").first).to_contain_text("Not published")
    expect(inside.get_by_label("Text")).to_have_value("Call {nope}")


def test_the_pages_are_for_everybody(inside: Page, service: Service) -> None:
    for path in PAGES:
        inside.goto(f"{service.base}{path}")
        check_for_everybody(inside)
