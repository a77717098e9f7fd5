"""A language of migrants: the missions of their own country in Kazakhstan come first."""

import pytest

from menus.contacts.contacts import missions_in_kazakhstan
from menus.contacts.phones import grouped
from menus.file_models import HOME_MISSIONS
from sms.embassy_reply import MOST_HOME_MISSIONS, CountryDirectory
from sms.replies import node_reply
from sms.requests import Embassy
from sms.understanding.matching import understand
from tests.sms.test_embassy_reply import ALL_SURE, COUNTRIES, LIBRARIES, MENU, NONE, TODAY
from tests.support.answers import world
from ussd.paging import Budget
from ussd.screens import Place, Screens

VOCABULARY = world().vocabulary
HOMES = {code: each.home for code, each in MENU.languages.items() if each.home}
NAMING = ("escaped", "taken_documents", "no_papers", "in_kazakhstan")
"""The screens for whoever needs their own mission."""


def test_three_languages_have_a_home() -> None:
    assert HOMES == {"uz": "UZ", "ky": "KG", "tg": "TJ"}


@pytest.mark.parametrize("language", HOMES)
@pytest.mark.parametrize("node", NAMING)
def test_the_own_missions_take_the_place_on_screens_and_in_messages(
    language: str, node: str
) -> None:
    assert f"{{{HOME_MISSIONS}}}" in MENU.languages[language].words[node].text
    sure, doubted = (missions_in_kazakhstan(part, HOMES[language]) for part in TODAY.contacts.both)
    screen = Screens(MENU, Budget(), lambda: TODAY).view(Place(language, node)).text
    unconfirmed = MENU.languages[language].sms.embassy.unconfirmed
    for said in (screen, node_reply(MENU, language, node, lambda: TODAY.contacts)):
        named = (*sure, *doubted)[:MOST_HOME_MISSIONS]
        assert named, "contacts.csv has a mission of each home"
        for each in named:
            line = next(n for n in said.splitlines() if grouped(each.phones[0], "KZ") in n)
            assert line.endswith(unconfirmed) is (each in doubted)
        assert HOME_MISSIONS not in said


@pytest.mark.parametrize("language", HOMES)
def test_where_no_mission_may_be_sent_that_is_said(language: str) -> None:
    said = node_reply(MENU, language, "in_kazakhstan", lambda: NONE.contacts)
    assert MENU.languages[language].sms.embassy.none_here in said


@pytest.mark.parametrize("directory", LIBRARIES.values(), ids=LIBRARIES)
def test_the_hotline_is_on_the_first_screen_all_the_same(directory: CountryDirectory) -> None:
    screens = Screens(MENU, Budget(), lambda: directory)
    places = [Place(language, node) for language in HOMES for node in NAMING]
    shown = {place: screens.view(place).page().shown for place in places}
    hotline = MENU.numbers["hotline"].number
    assert {place: text for place, text in shown.items() if hotline not in text} == {}


@pytest.mark.parametrize("language", MENU.languages)
def test_the_home_is_the_first_country_that_is_offered_here_and_only_there(language: str) -> None:
    screens, home = Screens(MENU, Budget(), lambda: ALL_SURE), HOMES.get(language)
    first = COUNTRIES.commonest[0]
    for node, expected in (("embassy_here", home or first), ("embassy_abroad", first)):
        offered = [each.countries for each in screens.view(Place(language, node)).choices.values()]
        assert offered[0] == (expected,)
        assert len(offered) == len(set(offered)) == 8


@pytest.mark.parametrize("language", HOMES)
def test_embassy_alone_or_with_home_asks_for_the_missions_here(language: str) -> None:
    word, home = MENU.languages[language].sms.embassy_keywords[0], HOMES[language]
    name = COUNTRIES.name(home, language)
    assert understand(word, VOCABULARY) == Embassy(language, (home,), False, "here")
    assert understand(f"{word} {name}", VOCABULARY) == Embassy(language, (home,), True, "here")


@pytest.mark.parametrize(
    ("text", "sender", "codes", "finds"),
    [
        pytest.param("elchixona turkiya", None, ("TR",), None, id="another country"),
        pytest.param("ELCHIXONA", "TR", ("TR",), None, id="from another country"),
        pytest.param("O'zbekiston elchixonasi", "UZ", ("UZ",), None, id="from home"),
        pytest.param("elchixona atlantida", None, (), None, id="a country that is none"),
        pytest.param("EMBASSY", None, (), None, id="a language without a home"),
    ],
)
def test_otherwise_the_country_is_the_one_that_is_meant(
    text: str, sender: str | None, codes: tuple[str, ...], finds: str | None
) -> None:
    request = understand(text, VOCABULARY, sender)
    assert isinstance(request, Embassy)
    assert (request.codes, request.finds) == (codes, finds)
