"""A real browser for the tests: the system's Chromium, driven by Playwright.

A page of ours loads nothing from elsewhere, breaks no policy, and logs no error: a
test that opens one and sees otherwise fails.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    Page,
    Request,
    expect,
    sync_playwright,
)

from tests.support.patience import PATIENCE
from tests.support.service import OPERATOR_TOKEN

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""As in `install_packages.sh`.  The first is Chromium without windows, which takes half of
the processor time.
"""
MISSING = "these tests need Chromium: run `make browser`, or install the package chromium"
ARGUMENTS = (
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NARROW, WIDE = 360, 1280
WIDTHS = (NARROW, WIDE)
"""Of a small phone and of a laptop, in CSS pixels."""
HEIGHT = 800
WAIT_MS = 1000 * PATIENCE
expect.set_options(timeout=WAIT_MS)
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
FIND = """async (rules) => {
    const rows = [...document.querySelectorAll("tr:nth-child(n+11), .calls > li:nth-child(n+11)")]
    const places = rows.map((row) => row.parentNode)
    rows.forEach((row) => row.remove())
    const only = rules.length ? {runOnly: {type: "rule", values: rules}} : {}
    const found = await axe.run({resultTypes: ["violations"], selectors: false, ...only})
    rows.forEach((row, n) => places[n].append(row))
    return found.violations
}"""
"""The rows of a long table are alike, so it is as if there were ten; they come back where they
were, at its end.  To name each element that is well takes long.
"""
SCHEMES: dict[Literal["light", "dark"], Sequence[str]] = {
    "dark": ("color-contrast", "link-in-text-block"),
    "light": (),
}
"""By which rules of axe a page is looked at in each: by all in one, in the other by those that
other colours can break.
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, headless.  While it runs, this thread cannot run asyncio."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        raise AssertionError(MISSING)
    as_root = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*as_root, *ARGUMENTS])
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watch:
    """What a page did that none of ours does.  `refusals`: HTTP answers that are meant."""

    refusals: Sequence[int] = ()
    complaints: list[str] = field(default_factory=list)
    origins: set[str] = field(default_factory=set)

    def over(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", self._failed)
        page.on("request", self._asked)

    def verdict(self) -> list[str]:
        several = [f"several origins: {sorted(self.origins)}"] if len(self.origins) > 1 else []
        return self.complaints + several

    def _said(self, message: ConsoleMessage) -> None:
        meant = any(f"status of {status} " in message.text for status in self.refusals)
        if message.type in {"error", "assert"} and not meant:
            self.complaints.append(message.text)

    def _failed(self, error: Error) -> None:
        self.complaints.append(str(error))

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"}:
            self.origins.add(f"{parts.scheme}://{parts.netloc}")


@contextmanager
def watched_page(browser: Browser, refusals: Sequence[int] = ()) -> Iterator[Page]:
    """A page in a fresh profile, in English; fails when the page did what none should."""
    context = browser.new_context(locale="en", reduced_motion="reduce")
    context.set_default_timeout(WAIT_MS)
    watch = Watch(refusals)
    context.on("page", watch.over)
    try:
        yield context.new_page()
    finally:
        context.close()
    assert not watch.verdict(), watch.verdict()


def open_at(page: Page, address: str, width: int = WIDE) -> None:
    """Open an address in a window of this width."""
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.goto(address)


def come_in(page: Page, base: str) -> None:
    """Log in to the operator's pages, by keyboard."""
    open_at(page, f"{base}/operator")
    page.get_by_label("Your name").fill("Aigul")
    page.get_by_label("Token").fill(OPERATOR_TOKEN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Menu")


def nothing_sideways(page: Page) -> None:
    """Nothing of the page is reached only by scrolling sideways."""
    width, room = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert width <= room, f"{width} px wide in {room} px"


def serious_findings(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """What axe finds by these rules, or by all, that keeps people from using the page: serious and
    critical.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate(FIND, [*rules])
    return [
        f"{each['id']}: {each['help']}: {[node['html'] for node in each['nodes']][:3]}"
        for each in found
        if each["impact"] in {"serious", "critical"}
    ]


def check_for_everybody(page: Page) -> None:
    """On a small phone and on a laptop, in light and in dark colours."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        nothing_sideways(page)
        for scheme, rules in SCHEMES.items():
            page.emulate_media(color_scheme=scheme)
            assert not serious_findings(page, rules), f"{page.url}, {width} px, {scheme}"
