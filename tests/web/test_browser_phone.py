"""The phone in a real browser: it dials and texts the real service, whose worker sends."""

import re
from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from redis import Redis

from tests.support.browser import WIDTHS, nothing_sideways, open_at, serious_findings
from tests.support.service import Service, running


@pytest.fixture(scope="module")
def service(redis_url: str) -> Iterator[Service]:
    with running(redis_url, KOMEK_WORKER="true") as service:
        yield service


class Phone:
    """One phone of the page, as a person uses it."""

    def __init__(self, page: Page, place: int = 0) -> None:
        self.root = page.locator(".phone").nth(place)
        self.screen = self.root.locator(".screen")
        self.note = self.root.locator(".note")
        self.wire = self.root.locator(".exchange")

    def turn_to(self, tab: str) -> None:
        self.root.get_by_role("tab", name=tab).click()

    def dial(self, code: str) -> None:
        self.root.get_by_label("Number to dial").fill(code)
        self.root.get_by_role("button", name="Call").click()

    def answer(self, key: str) -> None:
        self.root.get_by_label("Your answer").fill(key)
        self.root.get_by_label("Your answer").press("Enter")

    def text(self, words: str) -> None:
        self.turn_to("Messages")
        self.root.get_by_label("Text to 1234").fill(words)
        self.root.get_by_label("Text to 1234").press("Enter")

    def received(self, text: str) -> Locator:
        return self.root.locator(".bubble:not(.mine)", has_text=text)

    def show_wire(self) -> Locator:
        self.root.get_by_text("What goes over the wire").click()
        return self.wire


@pytest.fixture
def phone(page: Page, service: Service) -> Phone:
    """A phone with a number of its own: what others received is not in it.

    It has looked once for messages: only what comes later is new to it.
    """
    with page.expect_response("**/phone/news"):
        open_at(page, service.base)
    expect(page.locator("#phones")).to_be_visible()
    return Phone(page)


@pytest.fixture
def working_again(redis_url: str) -> Iterator[None]:
    """Afterwards the simulator's gateway works again, whatever a test did."""
    yield
    with Redis.from_url(redis_url) as redis:
        redis.delete("sms:simulator:fault")


def faults(page: Page) -> Locator:
    page.get_by_text("Faults to try").click()
    return page.locator("#faults")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("1", "Полиция 102, 112\nКөмек 11616"),
        ("2", "Полиция 102, 112\nПомощь 11616"),
        ("3", "police 102 or 112\nCall the hotline 11616"),
    ],
    ids=["kk", "ru", "en"],
)
def test_danger_is_two_keys_from_the_code(phone: Phone, language: str, words: str) -> None:
    phone.dial("*384*55#")
    expect(phone.screen).to_contain_text("Politsiya 102, 112")
    phone.answer(language)
    expect(phone.screen).not_to_contain_text("Politsiya")
    phone.answer("1")
    expect(phone.screen).to_contain_text(words)


def test_the_keypad_dials_straight_to_a_screen(phone: Phone) -> None:
    keys = phone.root.get_by_role("group", name="Keypad")
    phone.root.get_by_label("Number to dial").fill("*384*55")
    for key in "*3*1#":
        keys.get_by_role("button", name=key, exact=True).click()
    phone.root.get_by_role("button", name="Call").click()
    expect(phone.screen).to_contain_text("hotline 11616")
    keys.get_by_role("button", name="0", exact=True).click()
    phone.root.get_by_role("button", name="Send").click()
    expect(phone.screen).to_contain_text("1 I am in danger")
    phone.root.get_by_role("button", name="Hang up").click()
    expect(phone.note).to_have_text("You hung up.")


def test_three_wrong_keys_end_the_session(phone: Phone) -> None:
    phone.dial("*384*55*77*77#")
    phone.answer("77")
    expect(phone.note).to_have_text("The session has ended.")
    expect(phone.screen).to_contain_text("11616")


def test_another_code_is_not_ours(phone: Phone) -> None:
    phone.dial("*384*5#")
    expect(phone.note).to_have_text("Only *384*55# is answered here.")


def test_the_wire_shows_form_reply_and_size(phone: Phone) -> None:
    phone.dial("*384*55*2#")
    wire = phone.show_wire()
    expect(wire).to_have_count(1)
    for told in (
        "/ussd",
        "*384*55#",
        "CON 1 Я в опасности",
        "UCS-2, 70 of 70 units, 140 octets; page 1 of 2",
    ):
        expect(wire).to_contain_text(told)


def test_an_embassy_is_asked_for_by_text(phone: Phone) -> None:
    phone.text("EMBASSY TURKEY")
    expect(phone.received("duty diplomat +7 7172 720111")).to_be_visible()
    wire = phone.show_wire()
    reply = wire.filter(has_text="SMS to +7700")
    expect(reply).to_contain_text("segments: 2")
    expect(reply).to_contain_text("queued → sending → accepted → delivered")
    expect(wire.filter(has_text="/sms/delivery")).to_contain_text("Success")


def test_a_keyword_that_is_markup_is_text(phone: Phone) -> None:
    phone.text("<img src=x onerror=alert(1)>")
    expect(phone.root.locator(".bubble.mine")).to_contain_text("<img src=x")
    expect(phone.received("11616")).to_be_visible()


def test_the_series_is_begun_and_stopped(phone: Phone) -> None:
    next_tip = phone.root.get_by_role("button", name="Let the next tip be due now")
    phone.text("SERIES")
    expect(phone.received("YES")).to_be_visible()
    phone.text("YES")
    expect(phone.root.locator(".bubble:not(.mine)")).to_have_count(2)
    for tip in ("Your passport belongs only to you", "Copy your passport"):
        next_tip.click()
        expect(phone.received(tip)).to_be_visible()
    phone.text("STOP")
    expect(phone.received("No more messages will come")).to_be_visible()
    next_tip.click()
    expect(phone.root.get_by_text("No series runs for this number.")).to_be_visible()


def test_a_fourth_reply_in_ten_minutes_is_explained(phone: Phone) -> None:
    for words in ("TIPS", "CONTRACT", "VISA"):
        phone.text(words)
    expect(phone.root.locator(".bubble:not(.mine)")).to_have_count(3)
    phone.text("FIRM")
    expect(phone.root.get_by_text("No reply was queued.")).to_be_visible()


def test_a_new_message_is_told_while_dialling(phone: Phone) -> None:
    phone.dial("*384*55*3*3*2#")
    expect(phone.screen).to_contain_text("Send it?")
    phone.answer("1")
    expect(phone.note).to_have_text("A new message came.")
    expect(phone.root.get_by_role("tab", name="Messages 1 new")).to_be_visible()
    phone.turn_to("Messages")
    expect(phone.root.locator(".unread")).to_be_hidden()


def test_two_phones_have_two_inboxes(page: Page, service: Service) -> None:
    open_at(page, f"{service.base}/?phones=2&number=%2B77015550001")
    one, other = Phone(page, 0), Phone(page, 1)
    expect(one.root.get_by_label("Number of this phone")).to_have_value("+77015550001")
    other.text("TIPS")
    one.dial("*384*55*3#")
    expect(other.root.locator(".bubble:not(.mine)")).to_have_count(1)
    expect(one.screen).to_contain_text("1 I am in danger")
    expect(one.root.locator(".bubble")).to_have_count(0)


def test_a_number_that_is_none_is_not_taken(phone: Phone) -> None:
    number = phone.root.get_by_label("Number of this phone")
    number.fill("87015550001")
    number.blur()
    expect(phone.root.get_by_role("alert")).to_contain_text("Write + and 7 to 15 digits")
    number.fill("+77015550002")
    number.blur()
    expect(phone.root.get_by_role("alert")).to_be_hidden()


def test_tabs_turn_with_the_arrow_keys(phone: Phone) -> None:
    phone.root.get_by_role("tab", name="Dial").focus()
    phone.root.page.keyboard.press("ArrowRight")
    expect(phone.root.get_by_role("tab", name="Messages")).to_be_focused()
    expect(phone.root.get_by_label("Text to 1234")).to_be_visible()


# --- Faults


def test_a_repeated_hop_gets_the_same_bytes(phone: Phone, page: Page) -> None:
    faults(page).get_by_label("The network posts every hop twice").check()
    phone.dial("*384*55*2#")
    wire = phone.show_wire()
    expect(wire).to_have_count(2)
    expect(wire.first).to_contain_text(re.compile(r"Repeated: the same \d+ bytes"))


def test_a_lost_session_goes_on(phone: Phone, page: Page) -> None:
    switches = faults(page)
    phone.dial("*384*55*3#")
    expect(phone.screen).to_contain_text("1 I am in danger")
    switches.get_by_role("button", name="Lose the session").click()
    expect(switches).to_contain_text("Sessions lost: 1.")
    phone.answer("1")
    expect(phone.screen).to_contain_text("hotline 11616")


def test_without_redis_callers_are_answered(phone: Phone, page: Page) -> None:
    switches = faults(page)
    switches.get_by_label("Seconds without Redis").fill("5")
    switches.get_by_role("button", name="Let Redis hang").click()
    expect(switches).to_contain_text("Redis hangs for")
    phone.dial("*384*55*3*1#")
    expect(phone.screen).to_contain_text("hotline 11616")
    expect(switches).to_contain_text("Redis hangs for")
    phone.text("TIPS")
    expect(switches).to_contain_text("Redis answers again.")
    expect(phone.received("11616")).to_be_visible()


@pytest.mark.usefixtures("working_again")
@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ("takes nothing just now", r"Its reply: queued( → sending → queued)*"),
        ("refuses each SMS", "Its reply: queued → sending → failed"),
        ("hangs and gives no answer", "Its reply: queued → sending → unknown, not sent again"),
    ],
)
def test_a_gateway_that_fails(phone: Phone, page: Page, fault: str, state: str) -> None:
    switches = faults(page)
    switches.get_by_label(fault).check()
    expect(switches).to_contain_text(re.compile(r"Works again in \d+ s"))
    phone.text("TIPS")
    wire = phone.show_wire()
    expect(wire).to_contain_text([re.compile(state)])
    expect(phone.root.locator(".bubble:not(.mine)")).to_have_count(0)
    switches.get_by_label("works", exact=True).check()
    if fault.startswith("takes"):
        expect(phone.received("11616")).to_be_visible()


# --- For everybody


def test_without_javascript_a_notice_stands_there(browser: Browser, service: Service) -> None:
    with browser.new_context(java_script_enabled=False, locale="en") as context:
        page = context.new_page()
        open_at(page, f"{service.base}/?phones=2")
        expect(page.locator("noscript .warning")).to_be_visible()
        expect(page.locator("#phones")).to_be_hidden()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("path", "scheme"), [("/?language=ru", "light"), ("/?phones=2&language=kk", "dark")]
)
def test_everybody_can_use_it(
    page: Page, service: Service, width: int, path: str, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme)
    open_at(page, service.base + path, width)
    first = Phone(page)
    first.root.locator(".answer .call").click()
    expect(first.screen).to_contain_text("Politsiya")
    for details in page.locator("summary").all():
        details.click()
    nothing_sideways(page)
    assert not serious_findings(page)
    first.root.get_by_role("tab").nth(1).click()
    nothing_sideways(page)
    assert not serious_findings(page)
