"""Which number to call next."""

import datetime
from dataclasses import replace

import pytest

from menus.contacts.calls import AGAIN_DAYS, Call, Gap, call_list
from menus.contacts.contacts import Contact
from menus.contacts.doubts import Rule
from tests.support.contact_lists import CONTACTS, LONDON, TODAY

RULE = Rule(1095)
COMMONEST = ("RU", "TR", "KR")


def calls(*contacts: Contact, asked: dict[str, int] | None = None) -> list[Call]:
    return call_list(contacts or CONTACTS, asked or {}, COMMONEST, TODAY, RULE)


def contact(id_: str, country: str = "FR", **cells: object) -> Contact:
    """A mission of medium confidence, unless said otherwise."""
    made = {"confidence": "medium", "date": "2026-02-13", "kind": "embassy", **cells}
    return replace(LONDON, id=id_, country=country, **made)  # type: ignore[arg-type]


def ids(*contacts: Contact, asked: dict[str, int] | None = None) -> list[str]:
    return [each.contact.id for each in calls(*contacts, asked=asked)]


def test_where_most_people_ask_comes_first_then_the_commonest() -> None:
    found = (contact("fr"), contact("kr", "KR"), contact("es", "ES"), contact("tr", "TR"))
    assert ids(*found) == ["tr", "kr", "es", "fr"]
    assert ids(*found, asked={"FR": 11, "ES": 40}) == ["es", "fr", "tr", "kr"]


def test_in_a_country_what_is_missing_most_comes_first() -> None:
    sure = {"confidence": "high", "scope": "kz_abroad"}
    hotline = {"scope": "hotline", "kind": "trafficking hotline"}
    found = (
        contact("sure", **sure),
        contact("beside a sure one"),
        contact("unconfirmed", scope="foreign_in_kz"),
        contact("low", confidence="low", **hotline),
    )
    assert [(each.contact.id, each.gap) for each in calls(*found)] == [
        ("low", Gap.NOTHING),
        ("unconfirmed", Gap.UNCONFIRMED),
        ("beside a sure one", Gap.SURE),
    ]


@pytest.mark.parametrize(
    ("cells", "listed"),
    [
        ({}, True),
        ({"confidence": "low"}, True),
        ({"confidence": "high"}, False),
        ({"confidence": "high", "date": "2024-01-01"}, True),
        ({"confidence": "high", "date": "2020-01-01"}, True),
        ({"confidence": "withdrawn"}, False),
        ({"verified_on": TODAY}, False),
        ({"phones": ()}, False),
        ({"country": "KZ", "scope": "hotline", "kind": "trafficking hotline"}, False),
        ({"scope": "emergency", "kind": "police"}, True),
        ({"scope": "emergency", "kind": "fire"}, False),
        ({"scope": "hotline", "kind": "migrant NGO"}, False),
    ],
)
def test_what_a_call_would_make_sure_and_a_reply_may_name(
    cells: dict[str, object], listed: bool
) -> None:
    country = str(cells.pop("country", "FR"))
    assert bool(calls(contact("x", country, **cells))) is listed


def test_a_number_that_nobody_answered_comes_last_for_a_while() -> None:
    lately = TODAY - datetime.timedelta(days=AGAIN_DAYS - 1)
    before = TODAY - datetime.timedelta(days=AGAIN_DAYS)
    found = (contact("lately", unanswered=(before, lately)), contact("other"))
    assert ids(*found) == ["other", "lately"]
    assert ids(contact("before", unanswered=(before,)), contact("other")) == ["before", "other"]


def test_our_list_names_every_mission_that_is_not_sure_once() -> None:
    found = ids()
    assert len(found) == len(set(found)) > 80
    assert found[0] == "foreign-in-kz-ru-astana-duty", "asked about most, and nothing is sent"


def test_what_cannot_be_called_from_here_is_known() -> None:
    police = contact("police", scope="emergency", kind="police", phones=("155",))
    here = contact("here", scope="foreign_in_kz", phones=("+77172704704",))
    assert [each.from_here for each in calls(police, here)] == [True, False]
