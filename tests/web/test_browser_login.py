"""Logging in to the operator's pages, in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import WIDTHS, nothing_sideways, open_at, serious_findings
from tests.support.service import Service


@pytest.mark.parametrize("width", WIDTHS)
def test_the_door_can_be_used_by_everybody(page: Page, service: Service, width: int) -> None:
    open_at(page, f"{service.base}/operator/enter", width)
    nothing_sideways(page)
    assert not serious_findings(page)


@pytest.mark.may_refuse(403)
def test_a_wrong_token_is_told(page: Page, service: Service) -> None:
    open_at(page, f"{service.base}/operator")
    page.get_by_label("Your name").fill("Aigul")
    page.get_by_label("Token").fill("not-the-token")
    page.get_by_role("button", name="Enter").click()
    expect(page.get_by_role("alert")).to_have_text("This token is not the right one.")
