"""The list of calls: what to dial next, and what came of a call."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from redis import Redis

from menus.contacts.calls import call_list
from menus.contacts.doubts import Rule
from runtime.clock import utc_today
from sms.unknown_words import month_of
from tests.support.contact_lists import CONTACTS
from tests.support.operators import operator, posted, words
from tests.support.service import running
from tests.support.trees import copied_menus, edit
from tests.web.test_contacts_page import file_of, line_of

ANKARA = "kz-abroad-tr-ankara-embassy"
PAGE = "/operator/contacts/calls"
COUNTRIES = f"sms:countries:{month_of(datetime.now(UTC))}"


@pytest.fixture
def menus_(tmp_path: Path) -> Path:
    return copied_menus(tmp_path)


@pytest.fixture
def we(redis_url: str, menus_: Path) -> Iterator[httpx.Client]:
    """No country has been asked for yet."""
    with Redis.from_url(redis_url) as redis:
        redis.delete(COUNTRIES)
    with (
        running(
            redis_url, KOMEK_MENUS_DIR=str(menus_), KOMEK_CONTACTS_OLDEST_DAYS="1095"
        ) as service,
        operator(service.base, "Айгүл") as client,
    ):
        yield client


def listed(client: httpx.Client, query: str = "") -> list[str]:
    return re.findall(r'<li class="card" id="([^"]+)"', client.get(f"{PAGE}{query}").text)


def test_the_first_calls_are_shown_then_all(we: httpx.Client) -> None:
    menu_order = ("RU", "TR", "KR", "AE", "UZ", "KG", "CN", "US", "DE", "PL", "GB", "GE")
    expected = call_list(CONTACTS, {}, menu_order, utc_today(), Rule(1095))
    ids = [each.contact.id for each in expected]
    assert listed(we) == ids[:20]
    assert listed(we, "?all") == ids
    text = words(we.get(PAGE).text)
    assert "102 (Police)" in text, "a number of every screen that is not sure"
    assert f"Show all ({len(ids)})" in text


def test_where_most_people_ask_comes_first(we: httpx.Client, redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        redis.hset(COUNTRIES, "MN", 10)
        assert listed(we)[0].startswith("foreign-in-kz-ru"), "ten people are not told of"
        redis.hset(COUNTRIES, "MN", 11)
        assert "11 people or more asked about this country." in words(we.get(PAGE).text)
        assert listed(we)[0] == "kz-abroad-mn-ulaanbaatar-embassy"
        redis.delete(COUNTRIES)


def test_a_call_is_noted_and_leads_back_to_the_list(we: httpx.Client, menus_: Path) -> None:
    assert ANKARA in listed(we, "?all")
    form = {"outcome": "verified", "source": "the consul answered", "back": "calls"}
    answer = posted(we, f"/operator/contacts/{ANKARA}", **form)
    assert answer.status_code == 303
    assert line_of(menus_, ANKARA)[-4:] == [
        "Айгүл",
        str(utc_today()),
        "the consul answered",
        "",
    ]
    page = we.get(answer.headers["location"]).text
    assert "Embassy of Kazakhstan, Ankara : Noted: the number is right." in words(page)
    assert ANKARA not in listed(we, "?all")


def test_nobody_answered_puts_it_last(we: httpx.Client) -> None:
    first = listed(we, "?all")[0]
    posted(we, f"/operator/contacts/{first}", outcome="unanswered", back="calls")
    assert listed(we, "?all")[-1] == first


def test_what_cannot_be_noted_is_told_at_the_contact(we: httpx.Client, menus_: Path) -> None:
    before = file_of(menus_).read_bytes()
    form = {"outcome": "verified", "source": "", "back": "calls"}
    answer = posted(we, f"/operator/contacts/{ANKARA}", **form)
    assert answer.status_code == 422
    assert "Write who answered, or where you read it." in words(answer.text)
    assert file_of(menus_).read_bytes() == before


def test_markup_of_a_contact_is_text(we: httpx.Client, menus_: Path) -> None:
    edit(file_of(menus_), "Embassy of Russia in Kazakhstan - emergency", "<script>x</script> -")
    assert "<script>x" not in we.get(PAGE).text
