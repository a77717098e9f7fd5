"""Takes the pictures of the pages that README shows: `make screenshots`.

Each picture is a row of `PICTURES`: its name, where it begins, and what a person does
there.  The service is real, on a server of its own.
"""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from sms.embedded_redis import embedded_redis
from tests.browser import NARROW, WIDE, chromium, open_at, watched_page
from tests.service import Service, running, short_folder

DOCS = Path(__file__).parent.parent / "docs"
NUMBER = "%2B77010000000"
Steps = Callable[[Page], None]


def dialled(page: Page) -> None:
    """In Russian to "in danger now", with the wire shown."""
    page.get_by_text("What goes over the wire").click()
    for answer in ("*384*55#", "2", "1"):
        page.locator(".typed").fill(answer)
        page.locator(".typed").press("Enter")
        expect(page.locator(".note")).to_be_empty()
    expect(page.locator(".screen")).to_contain_text("11616")
    expect(page.locator(".exchange").first).to_contain_text("of 70 units")


def texted(page: Page) -> None:
    """A word, and its reply."""
    page.get_by_role("tab", name="Messages").click()
    page.locator(".word").fill("EMBASSY TURKEY")
    page.locator(".word").press("Enter")
    expect(page.locator(".bubble")).to_have_count(2)


PICTURES: list[tuple[str, str, int, Steps]] = [
    ("phone", f"/?number={NUMBER}", WIDE, dialled),
    ("phone-narrow", f"/?number={NUMBER}", NARROW, texted),
]


def take(browser: Browser, service: Service) -> None:
    for name, path, width, steps in PICTURES:
        with watched_page(browser) as page:
            open_at(page, service.base + path, width)
            steps(page)
            page.screenshot(path=DOCS / f"{name}.png", full_page=True, animations="disabled")


def main() -> None:
    with (
        short_folder() as folder,
        embedded_redis(folder) as url,
        running(url, KOMEK_WORKER="true") as service,
        chromium() as browser,
    ):
        take(browser, service)


if __name__ == "__main__":
    main()
