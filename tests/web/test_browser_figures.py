"""The figures in a real browser: wide and narrow, light and dark, for everybody."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from redis import Redis

from runtime.embedded_redis import embedded_redis
from tests.support.browser import check_for_everybody, come_in, open_at
from tests.support.days import fill
from tests.support.service import Service, running, short_folder


@pytest.fixture(scope="module")
def filled() -> Iterator[Service]:
    with short_folder() as folder, embedded_redis(folder) as url, running(url) as service:
        with Redis.from_url(url) as redis:
            fill(redis)
        yield service


@pytest.fixture
def entered(page: Page, filled: Service) -> Page:
    """A page of somebody who has logged in."""
    come_in(page, filled.base)
    return page


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_the_figures_can_be_read_by_everybody(
    entered: Page, filled: Service, language: str
) -> None:
    open_at(entered, f"{filled.base}/operator/figures?language={language}")
    for summary in entered.locator("summary").all():
        summary.click()
    check_for_everybody(entered)


def test_bars_are_drawn_and_said(entered: Page, filled: Service) -> None:
    open_at(entered, f"{filled.base}/operator/figures?days=7")
    bars = entered.locator(".chart").first.locator("rect")
    expect(bars).to_have_count(7)
    heights = [box["height"] for each in bars.all() if (box := each.bounding_box())]
    assert min(heights) > 50, heights
    expect(entered.get_by_role("img", name="Callers by day")).to_be_visible()
    expect(entered.get_by_role("row", name="I am in danger (danger)")).to_contain_text("441")
    expect(entered.get_by_role("row", name="<script>alert(1)</script>")).to_be_visible()


def test_the_range_is_chosen_and_the_sheet_taken(entered: Page, filled: Service) -> None:
    open_at(entered, f"{filled.base}/operator/figures")
    entered.get_by_role("link", name="90").click()
    expect(entered.locator(".chart").first.locator("rect")).to_have_count(90)
    with entered.expect_download() as download:
        entered.get_by_role("link", name="As a sheet").click()
    assert download.value.suggested_filename == "komek-90-days.csv"
