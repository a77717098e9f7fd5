"""What is answered about a country: for everybody whom it may concern, within its budget."""

import re
from dataclasses import replace
from datetime import date
from functools import cache

import pytest

from menus.contacts.contacts import (
    Contact,
    emergency_of,
    hotlines_of,
    missions_in_kazakhstan,
    missions_of_kazakhstan,
)
from menus.contacts.doubts import Rule, Sendable, sendable
from menus.contacts.phones import grouped
from menus.countries.territories import territories
from menus.file_models import Finds
from sms.checks.budget import LONG_PHONE
from sms.embassy_reply import (
    EMBASSY_SEGMENTS,
    CountryDirectory,
    country_reply,
    country_screen,
    plain,
)
from sms.encoding import measure
from sms.understanding.country_search import countries_of
from tests.support.menus_read import read_once
from tests.support.trees import MENUS

MENU = read_once(MENUS)
LANGUAGES = tuple(MENU.all_languages)
COUNTRIES = countries_of(MENU)
CONTACTS = MENU.contacts
DAY = date(2026, 11, 25)
TODAY = CountryDirectory(COUNTRIES, sendable(CONTACTS, DAY, Rule(1095)))
ONLY_SURE = CountryDirectory(COUNTRIES, sendable(CONTACTS, DAY, Rule(1095, unconfirmed=False)))
WITH_PHONE = tuple(each for each in CONTACTS if each.phones)
ALL_SURE = CountryDirectory(COUNTRIES, Sendable(WITH_PHONE))
"""As if an operator had verified every row."""
ALL_DOUBTED = CountryDirectory(COUNTRIES, Sendable((), WITH_PHONE))
NONE = CountryDirectory(COUNTRIES)
LIBRARIES = {
    "today": TODAY,
    "only sure": ONLY_SURE,
    "all sure": ALL_SURE,
    "all doubted": ALL_DOUBTED,
    "none": NONE,
}
FINDS: tuple[Finds | None, ...] = (None, "abroad", "here")
PHONE = re.compile(r"\+?[0-9](?:[0-9 ]*[0-9])?")


@cache
def of(language: str, code: str, finds: Finds | None = None, directory: str = "today") -> list[str]:
    """The lines of the answer."""
    return country_reply(MENU, language, code, LIBRARIES[directory], finds).splitlines()


def text(language: str, code: str, finds: Finds | None = None, directory: str = "today") -> str:
    return "\n".join(of(language, code, finds, directory))


def shown(contact: Contact) -> str:
    return grouped(contact.phones[0], contact.dialled_in)


# --- Some answers in full -------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "code", "answer"),
    [
        (
            "ru",
            "GB",
            """Великобритания
полиция 999
помощь +44 800 012 1700
Казахстанцам:
дежурный +44 7447 470570
посольство +44 20 7925 1757
дипломат +7 7172 720111
(ночь и выходные)
В Казахстане:
помощь 11616, полиция 102""",
        ),
        (
            "kk",
            "TR",
            """Түркия
көмек 157
полиция 155, расталмаған
Қазақстандықтарға:
дипломат +7 7172 720111
елшілік +90 312 491 91 00, расталмаған
Қазақстанда:
көмек 11616, полиция 102
елшілік +7 7172 70 47 04, расталмаған""",
        ),
        (
            "en",
            "US",
            """USA
police 911
help line +1 888 373 7888, not confirmed
For citizens of Kazakhstan:
duty diplomat +7 7172 720111
(nights and weekends)
we do not have the embassy's number
In Kazakhstan:
duty officer +7 7272 50 76 12
embassy +7 7172 70 21 00
consulate +7 7272 50 49 01
help 11616, police 102""",
        ),
        (
            "ru",
            "RU",
            """Россия
полиция 112, не подтверждено
Казахстанцам:
дипломат +7 7172 720111
(ночь и выходные)
дежурный +7 925 897 71 14, не подтверждено
В Казахстане:
помощь 11616, полиция 102""",
        ),
        (
            "ru",
            "FJ",
            """Фиджи
Казахстанцам:
дипломат +7 7172 720111
(ночь и выходные)
номера посольства у нас нет
В Казахстане:
помощь 11616, полиция 102""",
        ),
    ],
)
def test_an_answer(language: str, code: str, answer: str) -> None:
    assert text(language, code) == answer


def test_a_person_there_gets_that_half_and_so_does_one_in_kazakhstan() -> None:
    there, here = of("ru", "TR", "abroad"), of("ru", "TR", "here")
    assert there == [
        "Турция",
        "помощь 157",
        "полиция 155, не подтверждено",
        "Казахстанцам:",
        "дипломат +7 7172 720111",
        "(ночь и выходные)",
        "посольство +90 312 491 91 00, не подтверждено",
        "консульство +90 242 324 26 11, не подтверждено",
    ]
    assert here == [
        "Турция",
        "В Казахстане:",
        "помощь 11616, полиция 102",
        "посольство +7 7172 70 47 04, не подтверждено",
    ]
    assert of("ru", "GB", "here")[1:] == [
        "В Казахстане:",
        "помощь 11616, полиция 102",
        "номера посольства у нас нет",
    ]


# --- Every country --------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("directory", LIBRARIES)
def test_every_answer_fits_names_its_country_and_somebody_to_call(
    language: str, directory: str
) -> None:
    said = MENU.language(language).sms.embassy
    for code in territories("en"):
        for finds in FINDS:
            lines = of(language, code, finds, directory)
            assert measure("\n".join(lines)).segments <= EMBASSY_SEGMENTS, (code, finds)
            assert lines[0] == plain(COUNTRIES.name(code, language))
            assert (said.help_here in lines) == (finds != "abroad"), (code, finds)
            assert finds == "here" or len(PHONE.findall("".join(lines[1:]))) > 0
            assert not set("{}") & set("".join(lines))
        asked = country_reply(MENU, language, code, LIBRARIES[directory], "abroad", True)
        assert measure(asked).segments <= EMBASSY_SEGMENTS, code


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_is_not_sure_is_said_to_be_so_and_nobody_else(language: str) -> None:
    mark = MENU.language(language).sms.embassy.unconfirmed
    sure = {shown(each) for each in TODAY.contacts.sure}
    sure |= {number.number for number in MENU.numbers.values()}
    doubted = {shown(each) for each in TODAY.contacts.unconfirmed}
    seen = set[str]()
    for code in territories("en"):
        for line in of(language, code, "abroad")[1:] + of(language, code, "here")[1:]:
            for phone in PHONE.findall(line):
                assert phone in (doubted if line.endswith(f", {mark}") else sure), (code, line)
                seen.add(phone)
    assert len(seen & doubted) > 30


def test_low_ones_are_never_sent() -> None:
    low = [each for each in CONTACTS if each.confidence == "low" and each.phones]
    sent = {each.phones[0] for each in (*TODAY.contacts.sure, *TODAY.contacts.unconfirmed)}
    wrong = [each for each in low if len(each.phones[0]) > 6 and each.phones[0] not in sent]
    assert len(wrong) > 20
    for each in wrong:
        assert shown(each) not in text("en", each.country), each.id


def test_where_only_sure_ones_are_sent_nothing_is_marked() -> None:
    mark = MENU.languages["en"].sms.embassy.unconfirmed
    answers = {code: text("en", code, directory="only sure") for code in territories("en")}
    assert not [code for code, answer in answers.items() if mark in answer]
    assert "duty diplomat +7 7172 720111" in answers["TR"]
    assert "+90" not in answers["TR"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_embassys_own_number_is_there_wherever_it_is_known(language: str) -> None:
    count = 0
    for code in territories("en"):
        for of_kind in (missions_of_kazakhstan, missions_in_kazakhstan):
            both = (each for known in TODAY.contacts.both for each in of_kind(known, code))
            embassy = next((each for each in both if each.kind == "embassy"), None)
            if embassy:
                assert shown(embassy) in text(language, code), code
                count += 1
    assert count > 10


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_hotline_of_a_country_is_in_its_answer_where_it_is_known(language: str) -> None:
    count = 0
    for code in territories("en"):
        known = [each for part in TODAY.contacts.both for each in hotlines_of(part, code)]
        if known and code != "KZ":
            assert shown(known[0]) in text(language, code), code
            count += 1
    assert count > 10


@pytest.mark.parametrize("language", LANGUAGES)
def test_that_we_have_no_number_is_said_only_where_we_send_none(language: str) -> None:
    said = MENU.language(language).sms.embassy
    for code in territories("en"):
        none = not any(missions_of_kazakhstan(each, code) for each in TODAY.contacts.both)
        assert (said.none_abroad in of(language, code, "abroad")) <= none
        if none:
            assert said.duty_diplomat in of(language, code)
            assert said.duty_hours in of(language, code), "his hours, where he stands alone"


@pytest.mark.parametrize("language", LANGUAGES)
def test_within_each_group_the_sure_ones_come_first(language: str) -> None:
    said = MENU.language(language).sms.embassy
    for code in territories("en"):
        groups = [[]]  # type: list[list[bool]]
        for line in of(language, code)[1:]:
            if line in (said.abroad, said.here):
                groups.append([])
            groups[-1].append(line.endswith(said.unconfirmed))
        for group in groups[1:]:
            assert group == sorted(group), (code, of(language, code))


def test_no_phone_is_longer_than_the_checks_take_it_to_be() -> None:
    assert max(len(shown(each)) for each in WITH_PHONE) <= len(LONG_PHONE)


# --- Whom to call there ---------------------------------------------------------


def first_help(language: str, code: str) -> str | None:
    """What the answer must say first of whom to call there, where that is sure."""
    said = MENU.language(language).sms.embassy
    for each in emergency_of(TODAY.contacts.sure, code):
        if each.kind in {"police", "all services"}:
            words = said.police if each.kind == "police" else said.emergency
            return words.replace("{phone}", each.phones[0])
    return None


@pytest.mark.parametrize("language", LANGUAGES)
def test_whom_to_call_there_comes_first_wherever_it_is_sure(language: str) -> None:
    expected = {code: first_help(language, code) for code in territories("en")}
    assert sum(line is not None for line in expected.values()) > 50
    for code, line in expected.items():
        assert line is None or of(language, code)[1] == line


@pytest.mark.parametrize("code", ["DE", "JO", "EE"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_number_of_ambulance_and_fire_is_that_of_emergencies(language: str, code: str) -> None:
    """There the sources do not agree on the police."""
    said = MENU.language(language).sms.embassy
    phones = {each.phones[0] for each in emergency_of(TODAY.contacts.sure, code)}
    [phone] = phones
    assert of(language, code)[1] == said.emergency.replace("{phone}", phone)
    assert said.police.replace("{phone}", phone) not in text(language, code)


def test_an_ambulance_alone_is_called_one() -> None:
    alone = [each for each in CONTACTS if each.id == "emergency-de-ambulance"]
    directory = CountryDirectory(COUNTRIES, Sendable(tuple(alone)))
    assert country_reply(MENU, "en", "DE", directory).splitlines()[1] == "ambulance 112"


# --- What is left out -----------------------------------------------------------


def contact(id_: str, kind: str, scope: str = "kz_abroad") -> Contact:
    """Of Turkey, with a phone by which it is known again."""
    phone = f"+90312491910{id_}"
    made = {"id": id_, "scope": scope, "country": "TR", "kind": kind, "phones": (phone,)}
    return replace(CONTACTS[0], **made)  # type: ignore[arg-type]


def test_what_is_least_urgent_is_left_out_first() -> None:
    found = [contact("1", "emergency/duty phone"), *(contact(n, "embassy") for n in "234")]
    found += [contact("5", "embassy", "foreign_in_kz"), contact("6", "consulate", "foreign_in_kz")]
    directory = CountryDirectory(COUNTRIES, Sendable(tuple(found)))
    russian = country_reply(MENU, "ru", "TR", directory)
    assert measure(russian).segments == EMBASSY_SEGMENTS
    assert named_in(russian) == ["1", "2", "5", "6"], "no third mission of one kind"
    assert "720111" in russian
    assert named_in(country_reply(MENU, "en", "TR", directory)) == ["1", "2", "3", "5", "6"]


def named_in(answer: str) -> list[str]:
    return re.findall(r"\+90 312 491 91 0([0-9])", answer)


# --- The same on a screen -------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_screen_says_all_that_the_message_says_of_that_half(language: str) -> None:
    said = MENU.language(language).sms.embassy
    for code in territories("en"):
        for finds in ("abroad", "here"):
            screen = country_screen(MENU, language, finds, code, TODAY).splitlines()
            message = of(language, code, finds)
            assert [line for line in message if line not in {*screen, said.abroad, said.here}] == []
