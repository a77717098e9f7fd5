"""What is answered: short enough, neutral where a locked phone shows it, and never alone."""

import re
from collections.abc import Callable
from datetime import date

import pytest

from menus.contacts.doubts import Rule, sendable
from sms.checks.budget import NODE_SEGMENTS, SEGMENTS, TIP_SEGMENTS
from sms.embassy_reply import CountryDirectory, plain
from sms.encoding import Encoding, measure
from sms.replies import already, asked_by, is_neutral, reply_to, tips
from sms.requests import Confirm, Digest, Embassy, NodeRequest, Request, Series, Stop, Unknown
from sms.understanding.country_search import countries_of
from tests.support.menus_read import read_once
from tests.support.trees import MENUS

LANGUAGES = ("kk", "ru", "en", "uz", "ky", "tg")
READ = (*LANGUAGES, "kk_Latn", "ru_Latn")
"""Also those that are read in Latin letters."""
MENU = read_once(MENUS)
COUNTRIES = countries_of(MENU)
TODAY = CountryDirectory(COUNTRIES, sendable(MENU.contacts, date(2026, 11, 25), Rule(1095)))
NUMBERS = {name: number.number for name, number in MENU.numbers.items()}


def says(request: Request, directory: CountryDirectory = TODAY) -> str:
    return reply_to(request, MENU, lambda: directory)


# --- Every message --------------------------------------------------------------


def messages() -> dict[str, tuple[str, str, int]]:
    """The language, the text and the budget of everything but missions, by a name."""
    found = dict[str, tuple[str, str, int]]()
    for code in READ:
        kinds: dict[str, Request] = {
            "stopped": Stop(code),
            "unknown": Unknown(code),
            "no_country": Embassy(code, (), words_given=False),
            "digest": Digest(code),
            "confirm_series": Series(code),
            "subscribed": Confirm(code),
        }
        texts = {kind: (says(request), SEGMENTS[kind]) for kind, request in kinds.items()}
        texts["already"] = already(MENU, code), SEGMENTS["already"]
        texts |= {f"tip {n}": (tip, TIP_SEGMENTS) for n, tip in enumerate(tips(MENU, code))}
        asked = [node for node, words in MENU.language(code).words.items() if words.keywords]
        texts |= {node: (says(NodeRequest(code, node)), NODE_SEGMENTS) for node in asked}
        found |= {f"{code} {name}": (code, *each) for name, each in texts.items()}
    return found


def test_every_message_fits_is_neutral_and_leaves_no_place_empty() -> None:
    assert len(messages()) > 300
    assert {name: w for name, each in messages().items() if (w := wrong_in(*each))} == {}


def wrong_in(language: str, text: str, most: int) -> list[str]:
    """What may not be in a message."""
    size = measure(text)
    wrong = {
        f"{size.segments} segments": size.segments > most,
        "a first line that tells": not is_neutral(text, MENU.language(language).sms),
        "a place left open": bool(set("{}") & set(text)),
        "an empty line": "\n\n" in text,
        "not in GSM-7": language not in ("kk", "ru", "ky", "tg")
        and size.encoding is not Encoding.GSM_7,
    }
    return [what for what, is_so in wrong.items() if is_so]


@pytest.mark.parametrize("language", READ)
def test_words_that_are_only_for_messages_tell_nothing_in_any_line(language: str) -> None:
    """But for the numbers, which stand in no first line."""
    said = MENU.language(language).sms
    kinds: tuple[Callable[[str], Request], ...] = (Unknown, Digest, Series, Confirm, Stop)
    for text in (*tips(MENU, language), *(says(kind(language)) for kind in kinds)):
        lines = re.sub(r"\d", "", text).splitlines()
        assert [line for line in lines if not is_neutral(line, said)] == []


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
        ("en", "Call 112", False),
    ],
)
def test_what_a_first_line_must_not_have(language: str, line: str, neutral: bool) -> None:
    assert is_neutral(f"{line}\nrabstvo", MENU.language(language).sms) is neutral


# --- Screens as messages ----------------------------------------------------------


@pytest.mark.parametrize("language", READ)
def test_every_answer_of_a_node_names_the_hotline_and_the_diplomat_once(language: str) -> None:
    for node, words in MENU.language(language).words.items():
        if words.keywords:
            text = says(NodeRequest(language, node))
            assert NUMBERS["hotline"] in text
            assert text.count(NUMBERS["duty_diplomat"]) == 1
            for line in words.text.split("\n"):
                assert line in text or line == "{home_missions}"


@pytest.mark.parametrize("language", READ)
def test_help_is_one_segment_with_all_numbers(language: str) -> None:
    text = says(NodeRequest(language, "danger"))
    assert measure(text).segments == 1
    assert [number for number in NUMBERS.values() if number not in text] == []


@pytest.mark.parametrize("language", READ)
def test_a_menu_names_what_to_send_next(language: str) -> None:
    text = says(NodeRequest(language, "leaving"))
    for choice in MENU.nodes["leaving"].choices:
        assert [each for each in asked_by(MENU, language, choice) if each not in text] == []


@pytest.mark.parametrize("language", READ)
def test_a_menu_names_the_words_for_what_its_questions_lead_to(language: str) -> None:
    said = MENU.language(language).sms
    for menu, lists in (
        ("helpers", (said.embassy_keywords, said.series_keywords)),
        ("leaving", (said.digest_keywords,)),
    ):
        for keywords in lists:
            assert says(NodeRequest(language, menu)).count(keywords[0]) == 1


# --- Tips -------------------------------------------------------------------------


@pytest.mark.parametrize("language", READ)
def test_each_tip_ends_with_the_help_number_and_is_said_once(language: str) -> None:
    series = tips(MENU, language)
    assert len(series) == len(set(series)) == len(tips(MENU, "ru"))
    for tip in series:
        assert tip.strip().splitlines()[-1].endswith(NUMBERS["hotline"])


@pytest.mark.parametrize("language", READ)
def test_the_question_before_the_series_says_how_many_and_how_to_agree_and_end(
    language: str,
) -> None:
    said, text = MENU.language(language).sms, says(Series(language))
    assert f"{len(said.series)}" in text
    assert said.yes_keywords[0] in text
    assert said.stop_keywords[0] in text
    assert said.stop_keywords[0] in says(Confirm(language))


@pytest.mark.parametrize("language", READ)
def test_the_digest_has_the_numbers_and_stop_has_one_neutral_line(language: str) -> None:
    digest = says(Digest(language))
    named = ("police", "hotline", "duty_diplomat")
    assert [name for name in named if NUMBERS[name] not in digest] == []
    assert len(says(Stop(language)).splitlines()) == 1
    assert re.findall(r"\d", says(Stop(language))) == []


@pytest.mark.parametrize("language", READ)
def test_several_countries_are_asked_about_by_name(language: str) -> None:
    for codes in (("KR", "KP"), ("CD", "CG"), ("GN", "GQ", "GW", "PG"), ("DM", "DO")):
        text = says(Embassy(language, codes, words_given=True))
        assert measure(text).segments <= SEGMENTS["which_country"]
        assert [c for c in codes if plain(COUNTRIES.name(c, language)) not in text] == []
        assert NUMBERS["hotline"] in text
