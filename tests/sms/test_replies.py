"""What is answered: short enough, neutral where a locked phone shows it, and never alone."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from menus.contacts.contacts import Contact, only_sendable, read_contacts
from menus.countries.territories import territories
from sms.checks.budget import NODE_SEGMENTS, SEGMENTS, TIP_SEGMENTS
from sms.encoding import Encoding, measure
from sms.replies import EMBASSY_SEGMENTS, Library, already, is_neutral, plain, reply_to, tips
from sms.requests import Confirm, Digest, Embassy, NodeRequest, Request, Series, Stop, Unknown
from sms.understanding.country_search import countries_of
from tests.support.trees import MENUS, read_menu

LANGUAGES = ("kk", "ru", "en")
MENU = read_menu(MENUS)
COUNTRIES = countries_of(MENU)
CONTACTS, _ = read_contacts(MENUS / "contacts.csv")
SENDABLE = only_sendable(CONTACTS, date(2026, 11, 21), oldest_days=3650)
TODAY = Library(COUNTRIES, SENDABLE)
EVERYTHING = Library(COUNTRIES, tuple(each for each in CONTACTS if each.phones))
"""As if an operator had verified every row."""
NUMBERS = {name: number.number for name, number in MENU.numbers.items()}


def says(request: Request, library: Library = TODAY) -> str:
    return reply_to(request, MENU, lambda: library)


def of(language: str, *codes: str, library: Library = TODAY) -> list[str]:
    """The lines of the answer to EMBASSY and countries."""
    return says(Embassy(language, codes, words_given=True), library).splitlines()


# --- Every message --------------------------------------------------------------


def messages() -> list[tuple[str, str, int]]:
    """The language, the text and the budget of everything but missions."""
    found = list[tuple[str, str, int]]()
    for code in LANGUAGES:
        kinds: dict[str, Request] = {
            "stopped": Stop(code),
            "unknown": Unknown(code),
            "no_country": Embassy(code, (), words_given=False),
            "digest": Digest(code),
            "confirm_series": Series(code),
            "subscribed": Confirm(code),
        }
        found += [(code, says(request), SEGMENTS[kind]) for kind, request in kinds.items()]
        found += [(code, already(MENU, code), SEGMENTS["already"])]
        found += [(code, tip, TIP_SEGMENTS) for tip in tips(MENU, code)]
        words = MENU.languages[code].words
        asked = [NodeRequest(code, node) for node in words if words[node].keywords]
        found += [(code, says(request), NODE_SEGMENTS) for request in asked]
    return found


@pytest.mark.parametrize(("language", "text", "most"), messages())
def test_a_message_fits_is_neutral_and_leaves_no_place_empty(
    language: str, text: str, most: int
) -> None:
    size = measure(text)
    assert size.segments <= most
    assert is_neutral(text, MENU.languages[language].sms)
    assert not set("{}") & set(text)
    assert "\n\n" not in text
    if language == "en":
        assert size.encoding is Encoding.GSM_7


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_that_are_only_for_messages_tell_nothing_in_any_line(language: str) -> None:
    said = MENU.languages[language].sms
    kinds: tuple[Callable[[str], Request], ...] = (Unknown, Digest, Series, Confirm, Stop)
    for text in (*tips(MENU, language), *(says(kind(language)) for kind in kinds)):
        assert [line for line in text.splitlines() if not is_neutral(line, said)] == []


@pytest.mark.parametrize(
    ("language", "line", "neutral"),
    [
        ("ru", "Торговля людьми", False),
        ("ru", "Бежали из рабства?", False),
        ("ru", "Работа и договор", True),
        ("kk", "Адам саудасы", False),
        ("kk", "Құлдықтан қаштыңыз ба?", False),
        ("kk", "Қарыз алмаңыз", True),
        ("en", "VICTIMS of trafficking", False),
        ("en", "Tips for a journey", True),
    ],
)
def test_what_a_first_line_must_not_have(language: str, line: str, neutral: bool) -> None:
    assert is_neutral(f"{line}\nrabstvo", MENU.languages[language].sms) is neutral


# --- Screens as messages ----------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_answer_of_a_node_names_the_hotline_and_the_diplomat_once(language: str) -> None:
    for node, words in MENU.languages[language].words.items():
        if words.keywords:
            text = says(NodeRequest(language, node))
            assert NUMBERS["hotline"] in text
            assert text.count(NUMBERS["duty_diplomat"]) == 1
            for line in words.text.split("\n"):
                assert line in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_is_one_segment_with_all_three_numbers(language: str) -> None:
    text = says(NodeRequest(language, "danger"))
    assert measure(text).segments == 1
    assert [number for number in NUMBERS.values() if number not in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_menu_names_what_to_send_next(language: str) -> None:
    text = says(NodeRequest(language, "leaving"))
    for choice in MENU.nodes["leaving"].choices:
        assert MENU.languages[language].words[choice].keywords[0] in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_menu_names_the_words_for_what_its_questions_lead_to(language: str) -> None:
    said, text = MENU.languages[language].sms, says(NodeRequest(language, "helpers"))
    for keywords in (said.embassy_keywords, said.tips_keywords, said.series_keywords):
        assert text.count(keywords[0]) == 1


# --- Tips -------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_tip_ends_with_the_help_number_and_is_said_once(language: str) -> None:
    series = tips(MENU, language)
    assert len(series) == len(set(series)) == len(tips(MENU, "ru"))
    for tip in series:
        assert tip.strip().splitlines()[-1].endswith(NUMBERS["hotline"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_question_before_the_series_says_how_many_and_how_to_agree_and_end(
    language: str,
) -> None:
    said, text = MENU.languages[language].sms, says(Series(language))
    assert f"{len(said.tips)}" in text
    assert said.yes_keywords[0] in text
    assert said.stop_keywords[0] in text
    assert said.stop_keywords[0] in says(Confirm(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_digest_has_the_numbers_and_stop_has_one_neutral_line(language: str) -> None:
    digest = says(Digest(language))
    assert [number for number in NUMBERS.values() if number not in digest] == []
    assert len(says(Stop(language)).splitlines()) == 1
    assert re.findall(r"\d", says(Stop(language))) == []


# --- Missions ---------------------------------------------------------------------


def test_both_people_who_send_the_same_words_are_answered() -> None:
    assert of("en", "GB") == [
        "United Kingdom",
        "For citizens of Kazakhstan who are there:",
        "police 999",
        "duty phone +447447470570",
        "consulate +442079257522",
        "embassy +442079251757",
        "duty diplomat +7 7172 720111",
        "For citizens of that country who are in Kazakhstan:",
        "we have no number of the embassy",
        "help 11616, police 102",
    ]


def test_the_duty_diplomat_stands_in_where_no_mission_may_be_sent() -> None:
    assert of("ru", "US") == [
        "США",
        "Казахстанцам там:",
        "полиция 911",
        "номера посольства нет",
        "дежурный дипломат +7 7172 720111",
        "Гражданам этой страны в Казахстане:",
        "дежурный телефон +77272507612",
        "помощь 11616, полиция 102",
    ]


@pytest.mark.parametrize("library", [TODAY, EVERYTHING, Library(COUNTRIES, ())])
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answer_about_any_country_fits_names_it_and_has_both_halves(
    language: str, library: Library
) -> None:
    said = MENU.languages[language].sms.embassy
    for code in territories("en"):
        lines = of(language, code, library=library)
        assert measure("\n".join(lines)).segments <= EMBASSY_SEGMENTS, code
        assert lines[0] == plain(COUNTRIES.name(code, language))
        assert lines[1] == said.abroad
        assert said.here in lines
        assert said.none_abroad not in lines[2:4] or said.duty_diplomat in lines


def test_only_what_may_be_sent_is_sent() -> None:
    kept = {phone for each in SENDABLE for phone in each.phones} | set(NUMBERS.values())
    for code in territories("en"):
        for line in of("en", code)[1:]:
            number = re.search(r"\+?\d[\d ]*$", line)
            assert number is None or number[0] in kept | {"102"}


def first_line_of_help(language: str, country: str) -> str | None:
    """What the answer must say first of whom to call there: the police, or else the
    number for everything; None where neither may be sent.
    """
    said = MENU.languages[language].sms.embassy
    for kind, words in (("police", said.police), ("all services", said.emergency)):
        for each in SENDABLE:
            if (each.scope, each.country, each.kind) == ("emergency", country, kind):
                return words.replace("{phone}", each.phones[0])
    return None


@pytest.mark.parametrize("language", LANGUAGES)
def test_whom_to_call_there_comes_first_wherever_it_may_be_sent(language: str) -> None:
    said = MENU.languages[language].sms.embassy
    countries = {each.country for each in CONTACTS if each.scope == "emergency"}
    expected = {code: first_line_of_help(language, code) for code in countries}
    answers = {code: of(language, code) for code in countries}
    assert len(expected) > 40
    assert sum(line is not None for line in expected.values()) > 30
    for code, line in expected.items():
        assert answers[code][1] == said.abroad
        if line:
            assert answers[code][2] == line, code
        labels = (said.police, said.emergency)
        others = [
            each
            for each in answers[code]
            if each != line and any(each.startswith(label.split("{")[0]) for label in labels)
        ]
        assert others == [], f"{code}: one such line, and none that may not be sent"


@pytest.mark.parametrize("code", ["DE", "JO"])
def test_an_ambulance_is_never_called_the_police(code: str) -> None:
    """There the sources agree on the ambulance only."""
    kinds = {each.kind for each in SENDABLE if (each.scope, each.country) == ("emergency", code)}
    assert kinds == {"ambulance", "fire"}
    [ambulance] = {
        each.phones[0] for each in SENDABLE if each.id == f"emergency-{code.lower()}-ambulance"
    }
    lines = of("en", code)
    assert [line for line in lines if line.endswith(f" {ambulance}")] == [f"ambulance {ambulance}"]
    assert lines[2] == f"ambulance {ambulance}", "the number that helps soonest comes first"


def contact(kind: str, phone: str, scope: str = "kz_abroad") -> Contact:
    return replace(CONTACTS[0], scope=scope, country="ZZ", kind=kind, phones=(phone,))


def test_what_is_least_urgent_is_left_out_first() -> None:
    found = [contact("emergency/duty phone", "+100000000000001")]
    found += [contact("embassy", f"+10000000000001{n}") for n in range(3)]
    found += [contact("embassy", "+77170000001", "foreign_in_kz")]
    found += [contact("consulate", "+77170000002", "foreign_in_kz")]
    library = Library(COUNTRIES, tuple(replace(each, country="TR") for each in found))
    lines = of("ru", "TR", library=library)
    assert measure("\n".join(lines)).segments == EMBASSY_SEGMENTS
    assert "дежурный телефон +100000000000001" in lines
    assert "посольство +77170000001" in lines
    assert "посольство +100000000000011" not in lines, "the third of one half goes first"
    assert of("en", "TR", library=library)[2:5] == [
        "duty phone +100000000000001",
        "embassy +100000000000010",
        "embassy +100000000000011",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_several_countries_are_asked_about_by_name(language: str) -> None:
    for codes in (("KR", "KP"), ("CD", "CG"), ("GN", "GQ", "GW", "PG"), ("DM", "DO")):
        text = "\n".join(of(language, *codes))
        assert measure(text).segments <= SEGMENTS["which_country"]
        assert [c for c in codes if plain(COUNTRIES.name(c, language)) not in text] == []
        assert NUMBERS["hotline"] in text


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("Côte d’Ivoire", "Cote d'Ivoire"),
        ("Türkiye", "Türkiye"),
        ("Curaçao", "Curacao"),
        ("Түркия", "Түркия"),
    ],
)
def test_a_latin_name_does_not_turn_a_message_into_ucs2(name: str, sent: str) -> None:
    assert plain(name) == sent
