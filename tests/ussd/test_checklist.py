"""The checklist: what its keys do, in every language that the menu has."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from menus.checklists import MOST_STATEMENTS, NOT_YET, YES, left_to_do
from menus.model import NodeWords
from sms.requests import NodeRequest
from tests.support.menus_read import read_once
from tests.support.trees import MENUS
from ussd.engine import Session, play, show, step
from ussd.hop import Hop, _record_of
from ussd.paging import Budget
from ussd.preview import all_screens
from ussd.screens import KEYS, LETTERS, PASSING_AT_HAND, SCREEN_0, Place, Screens
from ussd.sessions import HopRecord

MENU = read_once(MENUS)
SCREENS = Screens(MENU, Budget())
NODE = "checklist"
NAMED = MENU.nodes[NODE].statements
COUNT = len(NAMED)
LANGUAGES = list(MENU.all_languages)
HOTLINE = MENU.numbers["hotline"].number
EACH = pytest.mark.parametrize("language", LANGUAGES)
ALL_BUT_THIRD = "1121111111"


def begun(language: str) -> Session:
    """A caller before the first statement."""
    base = MENU.language(language).base
    first = KEYS[list(MENU.languages).index(base or language)]
    leaving = KEYS[MENU.nodes[MENU.start.leads_to].choices.index("leaving")]
    session = play(SCREENS, [first, *([LETTERS] if base else []), leaving, "1"])
    assert session.history[-1].place == Place(language, NODE)
    return session


def after(language: str, *answers: str) -> Session:
    session = begun(language)
    for answer in answers:
        session = step(SCREENS, session, answer)
    return session


def pages_of(session: Session) -> list[str]:
    return [page.shown for page in SCREENS.view(session.history[-1].place).pages()]


def words_of(language: str) -> NodeWords:
    return MENU.language(language).words[NODE]


@pytest.mark.parametrize(
    ("keys", "answers", "misses"),
    [
        pytest.param("", "", 0, id="the first statement"),
        pytest.param("1", "1", 0, id="yes"),
        pytest.param("2", "2", 0, id="not yet"),
        pytest.param("12", "12", 0, id="one after the other"),
        pytest.param("120", "1", 0, id="0 takes the last answer back"),
        pytest.param("1201", "11", 0, id="and it is given anew"),
        pytest.param("7", "", 1, id="a wrong key asks again"),
        pytest.param("179", "1", 2, id="there is no other page"),
        pytest.param("171", "11", 0, id="a right one forgives it"),
        pytest.param("2222222222", "2222222222", 0, id="the last answer leads to the list"),
        pytest.param("22222222220", "222222222", 0, id="from where 0 leads to the last statement"),
        pytest.param("2222222222900", "222222222", 0, id="also by way of its pages"),
        pytest.param("11111111112", "1111111111", 1, id="once all is done no key is on offer"),
    ],
)
def test_where_a_key_leads(keys: str, answers: str, misses: int) -> None:
    sessions = {language: after(language, *keys) for language in LANGUAGES}
    led = {language: (each.history[-1].place, each.misses) for language, each in sessions.items()}
    there = {language: Place(language, NODE, answers=answers) for language in LANGUAGES}
    assert led == {language: (place, misses) for language, place in there.items()}


@EACH
def test_0_leads_out_and_00_to_screen_0(language: str) -> None:
    assert after(language, "0").history[-1].place == Place(language, "leaving")
    assert after(language, "1", "2", "00") == Session()


@EACH
def test_each_statement_is_on_one_screen_with_its_number_and_keys(language: str) -> None:
    phrases, session = MENU.language(language).phrases, begun(language)
    for nth, said in enumerate(words_of(language).statements, 1):
        lines = show(SCREENS, session).text.splitlines()
        keys = [f"1 {phrases.agree}", f"2 {phrases.not_yet}"]
        assert lines[:-1] == [f"{nth}/{COUNT}", said.says, *keys]
        assert lines[-1].startswith(f"0 {phrases.back}")
        again = show(SCREENS, step(SCREENS, session, "7")).text.splitlines()
        assert again[:-1] == [phrases.not_on_list, said.says, *keys]
        session = step(SCREENS, session, NOT_YET)


@EACH
def test_three_wrong_keys_end_it_with_the_number(language: str) -> None:
    screen = show(SCREENS, after(language, "1", "x", "y", "z"))
    assert screen.ends
    assert HOTLINE in screen.text


@EACH
def test_all_done_is_said_on_one_screen_with_the_hotline_and_nothing_to_send(language: str) -> None:
    session = after(language, *(YES * COUNT))
    [shown] = pages_of(session)
    assert shown.startswith(words_of(language).done.strip())
    assert HOTLINE in shown
    assert not SCREENS.view(session.history[-1].place).choices


@given(st.sampled_from(LANGUAGES), st.text(YES + NOT_YET, min_size=COUNT, max_size=COUNT))
def test_the_list_has_what_is_not_done_in_its_order_and_the_hotline(
    language: str, answers: str
) -> None:
    words, session = words_of(language), after(language, *answers)
    left = [each.to_do for each, key in zip(words.statements, answers, strict=True) if key != YES]
    assert list(left_to_do(words, answers)) == left
    view = SCREENS.view(session.history[-1].place)
    if left:
        heading, *lines = view.text.splitlines()
        assert heading == words.text.strip()
        assert lines[: len(left)] == left
        assert HOTLINE in view.text
        assert left[0] in view.page().shown, "the first screen has something to do"
    cut = [page for page in view.pages() if not Budget().holds(page.shown)]
    assert cut == []


@EACH
def test_every_line_of_the_list_is_whole_on_a_screen(language: str) -> None:
    pages = pages_of(after(language, *(NOT_YET * COUNT)))
    shown = [line for page in pages for line in page.splitlines()]
    assert [each.to_do for each in words_of(language).statements if each.to_do not in shown] == []


@given(
    st.sampled_from(LANGUAGES),
    st.lists(st.sampled_from(["1", "2", "1", "2", "9", "0", "00", "7", "", "x", "Turkey"])),
)
def test_any_keys_lead_to_a_screen_that_fits(language: str, keys: list[str]) -> None:
    assert Budget().holds(show(SCREENS, after(language, *keys)).text)


@EACH
def test_the_offer_sends_what_is_left(language: str) -> None:
    session = after(language, *ALL_BUT_THIRD, "1")
    assert session.request is None, "the question comes first"
    agreed = step(SCREENS, session, "1")
    assert agreed.request == NodeRequest(language, NODE, ALL_BUT_THIRD)
    back = step(SCREENS, agreed, "0").history[-1].place
    assert back == Place(language, NODE, answers=ALL_BUT_THIRD)


@EACH
def test_no_answer_leaves_the_dialled_text(language: str) -> None:
    """What Redis is told of a hop has the node, and nothing that was answered."""
    for answers in ("", "1", "12", ALL_BUT_THIRD):
        session = after(language, *answers)
        hop = Hop("ATUid_1", ("3", "3", "1", *answers), "+77010000000")
        assert _record_of(hop, session) == HopRecord(
            "ATUid_1", "+77010000000", 3 + len(answers), (language, NODE)
        )
    assert {each.name for each in fields(HopRecord)} == {
        *("session_id", "msisdn", "answers", "place", "country"),
    }


def test_views_of_answers_are_not_all_kept() -> None:
    screens = Screens(MENU, Budget())
    for number in range(2**COUNT):
        answers = f"{number:0{COUNT}b}".replace("0", NOT_YET)
        screens.view(Place("en", NODE, answers=answers))
    kept = [place for place in screens._views if place != SCREEN_0]
    assert [place for place in kept if place.is_mixed] == []
    assert screens._passing.cache_info().currsize <= PASSING_AT_HAND


def test_screens_to_be_looked_at_have_each_statement_once() -> None:
    shown = [each for each in all_screens(SCREENS, "en") if each.title.startswith(f"en {NODE}")]
    texts = [each.screen.text for each in shown]
    assert len(set(texts)) == len(texts)
    statements = [text for text in texts if f"/{COUNT}\n" in text]
    assert len(statements) == COUNT <= MOST_STATEMENTS
