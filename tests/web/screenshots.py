"""Takes the pictures of the pages that README and docs/ show: `make screenshots`.

Each picture is a row of `PICTURES`: its name, where it begins, and what a person does
there.  The service is real, on a server of its own; its figures are invented.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, expect
from redis import Redis

from runtime.embedded_redis import embedded_redis
from sms.outbox.counts import counts_key
from tests.support.browser import NARROW, WIDE, chromium, open_at, watched_page
from tests.support.days import TODAY
from tests.support.service import OPERATOR_TOKEN, Service, running, short_folder
from ussd.sessions import dialled_key

DOCS = Path(__file__).parents[2] / "docs"
PHONE = "/?number=%2B77010000000"
CONTACT = "/operator/contacts/kz-abroad-ua-kyiv-embassy"
OLDEST_DAYS = "1095"
"""As the settings have it."""
Steps = Callable[[Page], None]


def nothing(_page: Page) -> None:
    """The page as it opens."""


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


def edited(page: Page) -> None:
    """The name of a number mistyped, and what the check says of it."""
    page.get_by_label("Text").fill("If you escaped from slavery, call {hotlin}.")
    expect(page.locator("#verdict")).to_have_text("Faults: 1")


def without_its_place(page: Page) -> None:
    """Where this machine keeps its Redis is nobody's business."""
    where = page.get_by_text("redis.sock")
    where.evaluate("each => { each.textContent = 'redis.sock' }")


@dataclass(frozen=True)
class Picture:
    """`whole`: the page to its end, else what a window of 800 px shows."""

    name: str
    path: str
    steps: Steps = nothing
    width: int = WIDE
    colours: Literal["light", "dark"] = "light"
    whole: bool = True


PICTURES = [
    Picture("phone", PHONE, dialled),
    Picture("phone-narrow", PHONE, texted, NARROW),
    Picture("menu-node", "/operator/menu/danger"),
    Picture("words-editor", "/operator/words/en/escaped", edited),
    Picture("contacts-dark", "/operator/contacts", colours="dark", whole=False),
    Picture("calls", "/operator/contacts/calls", whole=False),
    Picture("contact-narrow", f"{CONTACT}?language=ru", width=NARROW, whole=False),
    Picture("figures", "/operator/figures?days=30", whole=False),
    Picture("health", "/operator/health", without_its_place),
]


def a_month(redis: Redis) -> None:
    """Thirty days of invented counts: more people at the week's end, and more each week."""
    for n in range(30):
        day = TODAY - timedelta(days=n)
        busy = (40 - n) * (4 if day.weekday() >= 5 else 3)
        places = {"kk danger": busy // 3, "ru danger": busy // 4, "kk leaving": busy // 3}
        places |= {"ru helpers": busy // 4, "en signs": busy // 6, "- start": busy // 5}
        dialled: dict[Any, Any] = {f"at {place}": people for place, people in places.items()}
        people = sum(places.values())
        dialled |= {"sessions": people + busy // 4, "hops": people * 5}
        texted: dict[Any, Any] = {
            "reply is delivered": busy // 2,
            "reply of 1": busy // 4,
            "reply of 2": busy // 4,
        }
        texted |= {"series is delivered": busy // 3, "series of 2": busy // 3}
        texted |= {"reply messages": busy, "reply segments": busy * 2}
        texted |= {"series messages": busy // 3, "series segments": busy // 3 * 2}
        redis.hset(dialled_key(day), mapping=dialled)
        redis.hset(counts_key(day), mapping=texted | {"trouble no answer": busy // 5})
    redis.hset(f"sms:known-words:{TODAY:%Y-%m}", mapping={"hepl": "25", "viza turk": "14"})


def enter(page: Page, service: Service) -> None:
    form: dict[str, str | float | bool] = {"token": OPERATOR_TOKEN, "name": "Aigul"}
    page.context.request.post(f"{service.base}/operator/enter", form=form, max_redirects=0)


def take(browser: Browser, service: Service) -> None:
    for each in PICTURES:
        with watched_page(browser) as page:
            page.emulate_media(color_scheme=each.colours)
            enter(page, service)
            open_at(page, service.base + each.path, each.width)
            each.steps(page)
            if each.whole:  # so that what sticks to the window stands where the page ends
                height = page.evaluate("document.documentElement.scrollHeight")
                page.set_viewport_size({"width": each.width, "height": height})
            at = DOCS / f"{each.name}.png"
            page.screenshot(path=at, full_page=each.whole, animations="disabled")


def main() -> None:
    with (
        short_folder() as folder,
        embedded_redis(folder) as url,
        running(url, KOMEK_WORKER="true", KOMEK_CONTACTS_OLDEST_DAYS=OLDEST_DAYS) as service,
        chromium() as browser,
    ):
        with Redis.from_url(url) as redis:
            a_month(redis)
        take(browser, service)


if __name__ == "__main__":
    main()
