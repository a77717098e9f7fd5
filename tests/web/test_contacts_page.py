"""The operator's contacts: the list, and the mark of who checked."""

import csv
import datetime
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from starlette.datastructures import FormData

from menus.contacts.contacts import Contact
from menus.contacts.doubts import Rule, sendable
from runtime.clock import utc_today
from tests.support.contact_lists import CONTACTS, LONDON
from tests.support.operators import hidden, operator, posted, words
from tests.support.service import running
from tests.support.trees import copied_menus, edit, until
from web.auth import Operator, Role
from web.contacts.contact_page import TypedCall, problem_of, typed_call
from web.contacts.filters import Row, Show, filters_of, rows_of
from web.contacts.list_page import count_of

UNSURE = next(each for each in CONTACTS if each.id == "kz-abroad-ua-kyiv-embassy")
PAGE = f"/operator/contacts/{UNSURE.id}"
MARKUP = "<script>alert(1)</script>"
OLDEST_DAYS = 1095
RULE = Rule(OLDEST_DAYS)
TYPED = {"by": "A. Seitova", "on": "2026-11-20", "source": "called; the consulate answered"}


@pytest.fixture
def menus_(tmp_path: Path) -> Path:
    return copied_menus(tmp_path)


@pytest.fixture
def we(redis_url: str, menus_: Path) -> Iterator[httpx.Client]:
    """An operator of a service on a copy of the data files."""
    with (
        running(redis_url, KOMEK_MENUS_DIR=str(menus_)) as service,
        operator(service.base, "Айгүл") as client,
    ):
        yield client


@pytest.fixture(scope="module")
def looking(redis_url: str) -> Iterator[httpx.Client]:
    with (
        running(redis_url, KOMEK_CONTACTS_OLDEST_DAYS=str(OLDEST_DAYS)) as service,
        operator(service.base) as client,
    ):
        yield client


def file_of(folder: Path) -> Path:
    return folder / "contacts.csv"


def listed(client: httpx.Client, **filters: str) -> list[str]:
    response = client.get("/operator/contacts", params=filters)
    assert response.status_code == 200
    return re.findall(r'<th scope="row"><a href="/operator/contacts/([^"]+)"', response.text)


# --- The list -------------------------------------------------------------------


def test_every_contact_is_listed_with_its_number_as_in_the_file(looking: httpx.Client) -> None:
    assert listed(looking) == [each.id for each in CONTACTS]
    text = looking.get("/operator/contacts").text
    for contact in CONTACTS:
        for phone in contact.phones:
            assert f'<a href="tel:{phone}">{phone}</a>' in text
    sure, unconfirmed = sendable(CONTACTS, utc_today(), RULE).both
    said = f"May be sent today: {len(sure) + len(unconfirmed)}."
    assert f"{said} Of these as not confirmed : {len(unconfirmed)}." in words(text)


def rows() -> list[Row]:
    return rows_of(CONTACTS, utc_today(), RULE)


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({"country": "TR"}, [each.id for each in CONTACTS if each.country == "TR"]),
        ({"kind": "embassy"}, [each.id for each in CONTACTS if each.kind == "embassy"]),
        ({"country": "TR", "kind": "nothing"}, []),
        ({"show": "unverified"}, [each.id for each in CONTACTS if not each.verified_on]),
        ({"show": "unsent"}, [r.contact.id for r in rows() if not r.sent]),
        ({"show": "unconfirmed"}, [r.contact.id for r in rows() if r.sent and r.doubt]),
        ({"show": "due"}, [r.contact.id for r in rows() if r.due]),
        ({"show": "<i>"}, [each.id for each in CONTACTS]),
    ],
)
def test_filters(looking: httpx.Client, filters: dict[str, str], ids: list[str]) -> None:
    assert listed(looking, **filters) == ids


def test_what_is_due_is_due_before_it_is_too_old() -> None:
    day = utc_today() - datetime.timedelta(days=1095 - 30)
    [soon] = rows_of([replace(LONDON, verified_on=day)], utc_today(), RULE)
    assert (soon.due, soon.doubt) == (True, None)
    assert filters_of("", "", "due").take(soon)
    assert not filters_of("", "", Show.UNSENT).take(soon)


@pytest.mark.parametrize("contact", [CONTACTS[0], LONDON, UNSURE], ids=lambda each: each.id)
def test_a_contact_shows_all_that_the_file_says(looking: httpx.Client, contact: Contact) -> None:
    text = words(looking.get(f"/operator/contacts/{contact.id}").text)
    assert all(part in text for part in (contact.name, contact.source, *contact.phones))
    [row] = rows_of([contact], utc_today(), RULE)
    assert ("is not sent" in text) is not row.sent


@pytest.mark.parametrize("id_", ["nobody", "%3Cscript%3E", "import2"])
def test_an_unknown_contact_is_not_found(looking: httpx.Client, id_: str) -> None:
    response = looking.get(f"/operator/contacts/{id_}")
    assert response.status_code == 404
    assert "There is no such contact" in words(response.text)
    assert posted(looking, f"/operator/contacts/{id_}", **TYPED).status_code == 404


def test_markup_in_a_contact_is_shown_as_text(menus_: Path, redis_url: str) -> None:
    edit(file_of(menus_), "National hotline against trafficking", f"{MARKUP} hotline")
    with (
        running(redis_url, KOMEK_MENUS_DIR=str(menus_)) as service,
        operator(service.base) as client,
    ):
        for path in ("", "/hotline-kz-trafficking"):
            text = client.get(f"/operator/contacts{path}").text
            assert "&lt;script&gt;alert(1)&lt;/script&gt; hotline" in text
            assert "<script" not in text


# --- A call ---------------------------------------------------------------------


def line_of(folder: Path, id_: str = UNSURE.id) -> list[str]:
    """The cells of a contact, as the file has them."""
    lines = file_of(folder).read_text(encoding="utf-8").splitlines()
    return next(csv.reader([each for each in lines if each.startswith(f"{id_},")]))


def test_a_contact_is_marked_as_verified(we: httpx.Client, menus_: Path) -> None:
    before = file_of(menus_).read_bytes().splitlines()
    form = we.get(PAGE).text
    assert 'name="by" value="Айгүл"' in form
    assert f'value="{utc_today()}"' in form
    answer = posted(we, PAGE, outcome="verified", **TYPED)
    assert answer.status_code == 303
    page = words(we.get(answer.headers["location"]).text)
    assert "Noted: the number is right. It is sent as a sure one now." in page
    assert "may be sent" in page
    after = file_of(menus_).read_bytes().splitlines()
    [changed] = [new for old, new in zip(before, after, strict=True) if old != new]
    assert changed.decode().endswith(",A. Seitova,2026-11-20,called; the consulate answered,")


def test_another_phone_is_right(we: httpx.Client, menus_: Path) -> None:
    form = {**TYPED, "phones": "+380 (44) 489-15-97"}
    answer = posted(we, PAGE, outcome="corrected", **form)
    assert line_of(menus_)[6] == "+380444891597"
    page = words(we.get(answer.headers["location"]).text)
    assert "the phone is a new one now" in page
    assert f"Until 2026-11-20: {UNSURE.phones[0]}." in page


def test_a_number_is_withdrawn(we: httpx.Client, menus_: Path) -> None:
    answer = posted(we, PAGE, outcome="withdrawn", **TYPED)
    assert line_of(menus_)[12] == "withdrawn"
    page = words(we.get(answer.headers["location"]).text)
    assert "is not sent somebody found that it is wrong" in page


def test_nobody_answered(we: httpx.Client, menus_: Path) -> None:
    answer = posted(we, PAGE, outcome="unanswered", back="calls")
    assert answer.headers["location"].startswith("/operator/contacts/calls?")
    assert line_of(menus_)[-1] == str(utc_today())
    assert f"{UNSURE.name} : Noted: no answer." in words(we.get(answer.headers["location"]).text)
    assert f"No answer on: {utc_today()}" in words(we.get(PAGE).text)


def test_running_processes_take_it_up(redis_url: str, menus_: Path) -> None:
    with (
        running(redis_url, KOMEK_MENUS_DIR=str(menus_)) as one,
        running(redis_url, KOMEK_MENUS_DIR=str(menus_)) as two,
        operator(one.base) as client,
    ):
        before = two.http.get(f"{two.base}/readyz").json()["menu"]
        posted(client, PAGE, **TYPED)
        assert one.http.get(f"{one.base}/readyz").json()["menu"] != before, "at once"
        until(lambda: two.http.get(f"{two.base}/readyz").json()["menu"] != before, "by the other")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"source": ""}, "Write who answered, or where you read it."),
        ({"source": "", "outcome": "withdrawn"}, "Write who answered, or where you read it."),
        ({"outcome": "corrected", "phones": ""}, "Write the right phone."),
        ({"outcome": "corrected", "phones": "12"}, "Phone 1: write + and the country code."),
        ({"on": "20.11.2026"}, "Write a day"),
        ({"on": "2126-01-01"}, "This day is still to come."),
        ({"source": "x" * 201}, "at most 200 plain characters"),
        ({"by": "a\u202eb"}, "at most 200 plain characters"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_typed_is_lost(
    looking: httpx.Client, typed: dict[str, str], said: str
) -> None:
    form = {**TYPED, **typed}
    before = file_of(Path("menus")).read_bytes()
    answer = posted(looking, PAGE, **form)
    assert answer.status_code == 422
    assert said in words(answer.text)
    for name, value in form.items():
        assert name == "outcome" or hidden_or_shown(answer.text, name) == " ".join(value.split())
    assert file_of(Path("menus")).read_bytes() == before


def hidden_or_shown(page: str, name: str) -> str:
    found = re.search(rf'<input name="{name}"[^>]*?value="([^"]*)"', page)
    return found[1] if found else hidden(page, name)


def test_a_fault_of_the_file_is_shown_in_place(we: httpx.Client, menus_: Path) -> None:
    edit(file_of(menus_), "hotline-kz-trafficking,hotline,", "hotline-kz-trafficking,<b>,")
    answer = posted(we, PAGE, **TYPED)
    assert answer.status_code == 422
    assert "menus/contacts.csv:2:" in answer.text
    assert TYPED["source"] in answer.text
    text = we.get("/operator/contacts").text
    assert "menus/contacts.csv:2:" in text
    assert "“scope” must be one of" in words(text)


def test_a_verification_waits_for_a_menu_without_faults(we: httpx.Client, menus_: Path) -> None:
    edit(menus_ / "en.yaml", "label: I am in danger", 'label: "{nobody}"')
    assert posted(we, PAGE, **TYPED).status_code == 303
    assert "come into force when those are mended" in words(we.get("/operator/contacts").text)


def test_who_called_and_when_need_not_be_typed() -> None:
    typed = typed_call(
        FormData({"source": " the consul  answered "}),
        Operator("Aigul", Role.ALL, own=False, session_id="", csrf=""),
    )
    assert typed == TypedCall("Aigul", str(utc_today()), "the consul answered")
    assert problem_of(typed) == ""
    assert problem_of(replace(typed, source="", outcome="unanswered")) == ""


@pytest.mark.parametrize(
    ("written", "count"),
    [("0", 0), ("12", 12), (None, None), ("", None), ("-1", None), ("1" * 9, None), ("٣", None)],
)
def test_counts_in_an_address(written: str | None, count: int | None) -> None:
    assert count_of(written) == count


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_said_to_be_one(we: httpx.Client, menus_: Path) -> None:
    menus_.chmod(0o555)
    try:
        assert "cannot write" in words(we.get("/operator/contacts").text)
        answer = posted(we, PAGE, **TYPED)
        assert (answer.status_code, "Nothing was changed" in answer.text) == (422, True)
    finally:
        menus_.chmod(0o755)
