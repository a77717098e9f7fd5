"""What every answer does: a table on a small menu, and what holds on any answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from menus.file_models import EmbassyWords, Phrases, SmsWords, Start
from menus.model import Language, Menu, Node, NodeWords
from sms.embassy_reply import CountryDirectory
from sms.encoding import measure
from sms.requests import DialableRequest, Digest, Embassy, NodeRequest, Series
from sms.understanding.country_search import countries_of
from tests.support.menus_read import read_once
from tests.support.trees import MENUS
from ussd.engine import Screen, Session, key_of, play, show, show_not_sent, step
from ussd.gateways.africastalking import answers_of, hop_of, reply
from ussd.paging import Budget
from ussd.screens import SCREEN_0, Screens

PHRASES = Phrases(
    next="More",
    back="Back",
    start="Start",
    not_on_list="Not there.",
    not_found="No such country.",
    goodbye="Call\n11616",
    which="Which?",
    agree="Yes",
    not_yet="No",
    not_sent="Not sent. Call\n11616",
)
NODES = {
    "main": ("many", "page", "away", "digest", "series"),
    "many": tuple(f"leaf{n}" for n in range(1, 9)),
    "page": (),
    **{f"leaf{n}": () for n in range(1, 9)},
}
OTHERS = (
    Node("away", (), (), finds="abroad"),
    Node("digest", (), (), does="digest"),
    Node("series", (), (), does="series"),
    Node("by_sms", (), (), does="send"),
)
EMBASSY = EmbassyWords.model_validate(
    {name: f"{name} {{phone}}" for name in EmbassyWords.model_fields}
)
LONG = " ".join(f"word{n}" for n in range(60))


def small_menu() -> Menu:
    """Screen 0, a main menu, a menu of eight choices, a page of three screens, pages of
    one (the first may be sent), look-ups and actions.
    """
    nodes = {name: Node(name, choices, ()) for name, choices in NODES.items()}
    nodes |= {node.name: node for node in OTHERS}
    words = {name: NodeWords(f"to {name}", f"This is {name}", done="Done.") for name in nodes}
    words["page"] = NodeWords("to page", LONG)
    words["leaf1"] = NodeWords("to leaf1", "This is leaf1", ("LEAF",))
    said = SmsWords.model_construct(embassy=EMBASSY)
    english = Language("en", "English", "English", "not yet", PHRASES, words, said)
    start = Start(text="Police 102", languages=("en",), leads_to="main")
    return Menu("small", start, nodes, {"en": english}, {}, {}, ())


LIBRARY = CountryDirectory(countries_of(read_once(MENUS)))
SMALL = Screens(small_menu(), Budget(), lambda: LIBRARY)


def after(text: str) -> Screen:
    """The screen after a gateway's `text`."""
    return show(SMALL, play(SMALL, answers_of(text)))


def place_after(text: str) -> tuple[str, int]:
    """The node and the number of its page, from 1."""
    stand = play(SMALL, answers_of(text)).history[-1]
    return " ".join([stand.place.node, *stand.place.countries]), len(stand.starts)


@pytest.mark.parametrize(
    ("text", "node", "page"),
    [
        pytest.param("", "start", 1, id="a dial shows screen 0"),
        pytest.param("1", "main", 1, id="a language leads to its main menu"),
        pytest.param("1*1", "many", 1, id="a choice leads to its node"),
        pytest.param("1*1*8", "leaf8", 1, id="the key of another page works on this one"),
        pytest.param("1*1*9*8", "leaf8", 1, id="and on its own"),
        pytest.param("1*2*9", "page", 2, id="9 turns the page"),
        pytest.param("1*2*9*9", "page", 3, id="and again"),
        pytest.param("1*2*9*9*9", "page", 3, id="there is no page after the last"),
        pytest.param("1*2*9*9*0", "page", 2, id="0 turns back"),
        pytest.param("1*2*9*0*0", "main", 1, id="and from the first page to the node before"),
        pytest.param("1*1*9*6*0", "many", 2, id="to the page that the choice was made on"),
        pytest.param("1*0", "start", 1, id="0 on the main menu leads to screen 0"),
        pytest.param("0", "start", 1, id="on screen 0 there is nothing before"),
        pytest.param("1*1*3*00", "start", 1, id="00 leads to screen 0 from anywhere"),
        pytest.param("1*1*3*00*1*2", "page", 1, id="from where one goes on"),
        pytest.param("1*2*7*9", "page", 2, id="a wrong key does not lose the place"),
        pytest.param("1**1", "many", 1, id="an empty answer is a wrong one"),
        pytest.param("*1", "main", 1, id="also when it is the first"),
        pytest.param("1*", "main", 1, id="and the last"),
        pytest.param("1#", "main", 1, id="the key to send is no part of the answer"),
        pytest.param("1*2#", "page", 1, id="nor at the end of a dialled code"),
        pytest.param("１*２", "page", 1, id="full-width digits"),
        pytest.param("١*٢*٩", "page", 2, id="Arabic digits"),
        pytest.param("۱*۲", "page", 1, id="Persian digits"),
        pytest.param(" 1 *2.", "page", 1, id="spaces and a full stop"),
        pytest.param("1)*2,", "page", 1, id="a bracket and a comma"),
        pytest.param("\u200f1\u200e*2\ufe0f", "page", 1, id="marks that nobody sees"),
        pytest.param("1*0 0", "start", 1, id="a space inside 00"),
        pytest.param("1*11", "main", 1, id="11 is not 1"),
        pytest.param("1*" + "1" * 5000, "main", 1, id="a very long answer is a wrong one"),
        pytest.param("1*\x00", "main", 1, id="NUL is a wrong answer"),
        pytest.param("1*²", "main", 1, id="a raised two is not two"),
        pytest.param("1*one", "main", 1, id="a word is not a key"),
        pytest.param("1*1*4*0*5*0*6", "leaf6", 1, id="to and fro"),
        pytest.param("1*3*2", "away TR", 1, id="a country by its key"),
        pytest.param("1*3*8", "away US", 1, id="the key of another page works here too"),
        pytest.param("1*3*9*8", "away US", 1, id="and on its own"),
        pytest.param("1*3*Turkey", "away TR", 1, id="by its name"),
        pytest.param("1*3*турция", "away TR", 1, id="in another language"),
        pytest.param("1*3*turciya", "away TR", 1, id="in other letters"),
        pytest.param("1*3*I am in Turkey.", "away TR", 1, id="among other words"),
        pytest.param("1*3*France", "away FR", 1, id="one that is not offered"),
        pytest.param("1*3*Korea", "away KR KP", 1, id="two are meant: the question which"),
        pytest.param("1*3*Korea*2", "away KP", 1, id="answered by key"),
        pytest.param("1*3*Korea*North Korea", "away KP", 1, id="by name"),
        pytest.param("1*3*Korea*2*0", "away KR KP", 1, id="back to the question which"),
        pytest.param("1*3*Korea*Congo*Korea*0", "away", 1, id="typed again, it is one step"),
        pytest.param("1*3*Korea*Korea", "away KR KP", 1, id="the same again leads nowhere"),
        pytest.param("1*3*Kazakhstan", "away", 1, id="home is no answer"),
        pytest.param("1*3*Atlantis", "away", 1, id="nor what nobody knows"),
        pytest.param("1*3*" + "Turkey " * 30, "away", 1, id="nor a story"),
        pytest.param("1*3*2*Turkey", "away TR", 1, id="a country's screen finds no other"),
        pytest.param("1*3*2*0", "away", 1, id="from a country back to the question"),
        pytest.param("1*3*9*8*0", "away", 2, id="to the page that it was chosen on"),
        pytest.param("1*Turkey", "main", 1, id="a menu finds no country"),
        pytest.param("1*4", "digest", 1, id="an action asks first"),
        pytest.param("1*4*0", "main", 1, id="who does not agree goes back"),
        pytest.param("1*4*1*0", "main", 1, id="from what is done back to before the question"),
        pytest.param("1*1*1*1", "by_sms", 1, id="a page offers to be sent"),
        pytest.param("1*1*1*1*1*0", "leaf1", 1, id="and is come back to"),
        pytest.param("1*1*2*1", "leaf2", 1, id="one that no message answers for does not"),
        pytest.param("1*3*2*1", "by_sms TR", 1, id="so does a country"),
    ],
)
def test_where_an_answer_leads(text: str, node: str, page: int) -> None:
    assert place_after(text) == (node, page)


@pytest.mark.parametrize(
    ("text", "ends", "says"),
    [
        pytest.param("7", False, "1?\nPolice 102\n1 English", id="a notice on screen 0"),
        pytest.param("1*7", False, "Not there.\nThis is main", id="a notice in the language"),
        pytest.param("1*7*8", False, "Not there.", id="after two it still goes on"),
        pytest.param("1*7*8*7", True, "Call\n11616", id="after three it ends with the number"),
        pytest.param("7*8*7", True, "Police 102", id="on screen 0 with all numbers"),
        pytest.param(
            "1*7*8*7*1*1", True, "Call\n11616", id="what comes after the end is not heard"
        ),
        pytest.param("1***", True, "Call\n11616", id="three empty answers end it too"),
        pytest.param("1*x*y*1*x*y*3", False, "This is leaf3", id="a right key forgives the wrong"),
        pytest.param("1*7*9*6", True, "Call", id="a key that is not on offer counts"),
        pytest.param("1*3*Korea*Korea", False, "Not there.\nWhich?", id="the same name again"),
        pytest.param("1*3*Atlantis", False, "No such country.\nThis is away", id="no country"),
        pytest.param("1*3*x*y*z", True, "Call\n11616", id="three names of nothing end it"),
    ],
)
def test_wrong_keys(text: str, ends: bool, says: str) -> None:
    screen = after(text)
    assert (screen.ends, says in screen.text) == (ends, True), screen


TURKEY = Embassy("en", ("TR",), words_given=True, finds="abroad")


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        pytest.param("1*4", None, id="a question is no consent"),
        pytest.param("1*4*1", Digest("en"), id="the chief tips"),
        pytest.param("1*5*1", Series("en"), id="the series"),
        pytest.param("1*1*1*1*1", NodeRequest("en", "leaf1"), id="a page"),
        pytest.param("1*3*2*1*1", TURKEY, id="a country"),
        pytest.param("1*4* 1.", Digest("en"), id="however the key is typed"),
        pytest.param("1*4*1*0", None, id="going back wishes nothing"),
        pytest.param("1*4*1*1", Digest("en"), id="a key of the question is none of what is said"),
        pytest.param("1*4*1*x", Digest("en"), id="a wrong key leaves what was agreed to"),
        pytest.param("1*4*1*x*y*z", None, id="until the end"),
        pytest.param("1*4*1*x*0", None, id="and going back wishes nothing"),
        pytest.param("1*4*1*0*4", None, id="nor the question again"),
        pytest.param("1*4*1*0*4*1", Digest("en"), id="agreeing again does"),
        pytest.param("1*4*x*1", Digest("en"), id="after a wrong key too"),
        pytest.param("1*4*x*y*z*1", None, id="not after the end"),
    ],
)
def test_what_was_agreed_to_is_known_while_it_is_said(
    text: str, wish: DialableRequest | None
) -> None:
    assert play(SMALL, answers_of(text)).request == wish


@pytest.mark.parametrize(("text", "since"), [("1*4*1", 0), ("1*4*1*x", 1), ("1*4*1*x*y", 2)])
def test_how_many_answers_ago_it_was_agreed_to(text: str, since: int) -> None:
    assert play(SMALL, answers_of(text)).since == since


def test_what_could_not_be_sent_is_said_with_the_number_and_the_keys() -> None:
    shown = show_not_sent(SMALL, play(SMALL, answers_of("1*4*1")))
    assert shown == Screen("Not sent. Call\n11616\n0 Back 00 Start", ends=False)


def test_questions_about_several_countries_are_not_kept() -> None:
    """There are too many of them."""
    kept = len(SMALL._views)
    for text in ("1*3*Turkey China", "1*3*Russia China", "1*3*China France"):
        assert len(play(SMALL, answers_of(text)).history[-1].place.countries) == 2
    assert len(SMALL._views) <= kept + 2, "screen 0 and main at the most"


def test_pages_of_a_menu_hold_five_choices() -> None:
    assert after("1*1").text.splitlines()[1:6] == [f"{n} to leaf{n}" for n in range(1, 6)]
    assert after("1*1*9").text.splitlines()[:3] == [f"{n} to leaf{n}" for n in range(6, 9)]


def test_ten_thousand_answers_are_played() -> None:
    """In one pass: each answer is one step, and no step looks back at the others."""
    assert place_after("*".join(["1", *["2", "0"] * 5000])) == ("main", 1)
    assert place_after("*".join(["1*2", *["9", "0"] * 5000])) == ("page", 1)


def test_a_step_changes_nothing_it_was_given() -> None:
    session = play(SMALL, ["1", "2"])
    assert step(SMALL, session, "9") == step(SMALL, session, "9")
    assert session == play(SMALL, ["1", "2"])


ANSWERS = st.lists(
    st.sampled_from(["1", "2", "3", "5", "8", "9", "9", "0", "00", "", "7.", "x"])
    | st.sampled_from(["Turkey", "Korea", "Congo", "North Korea", "конго"])
    | st.text(max_size=20),
    max_size=40,
)


@given(ANSWERS)
def test_any_answers_lead_to_a_screen_that_fits(answers: list[str]) -> None:
    screen = show(SMALL, play(SMALL, answers))
    assert measure(screen.text).units <= Budget().of(screen.text)
    assert reply(screen).startswith(("CON ", "END "))


@given(ANSWERS)
def test_navigation_lines_stand_exactly_where_they_work(answers: list[str]) -> None:
    session = play(SMALL, answers)
    text = show(SMALL, session).text
    if session.ended:
        return
    keys = text.splitlines()[-1]
    for key, said in (("0", "0 Back"), ("9", "9 More")):
        works = step(SMALL, session, key).misses == 0
        assert works == (f"{said} " in f"{keys} "), (key, text)
    assert (step(SMALL, session, "00").misses == 0) >= ("00 Start" in keys)


@given(ANSWERS, st.integers(0, 40))
def test_a_session_can_be_taken_up_anywhere(answers: list[str], cut: int) -> None:
    """Played at once or hop by hop, from memory or from the beginning: all the same."""
    halfway = play(SMALL, answers[:cut])
    rest = answers[cut:]
    for answer in rest:
        halfway = step(SMALL, halfway, answer)
    assert halfway == play(SMALL, answers)


@given(ANSWERS)
def test_no_way_is_longer_than_the_tree_is_deep(answers: list[str]) -> None:
    """Screen 0, main, a look-up, which of several, the country, the question to send it."""
    assert len(play(SMALL, answers).history) <= 6


def test_every_dial_begins_at_screen_0() -> None:
    assert play(SMALL, []) == Session()
    assert Session().history[-1].place == SCREEN_0


@pytest.mark.parametrize(
    ("typed", "key"),
    [("1", "1"), (" 1.", "1"), ("٣", "3"), ("０0", "00"), ("#", ""), ("1" * 17, "1" * 17)],
)
def test_key_of(typed: str, key: str) -> None:
    assert key_of(typed) == key


@pytest.mark.parametrize(
    ("form", "kept"),
    [
        pytest.param({"sessionId": "ATUid_1", "phoneNumber": "+77010000000"}, True, id="a caller"),
        pytest.param({"sessionId": "ATUid_1", "phoneNumber": "no"}, False, id="no number"),
        pytest.param({"sessionId": "ATUid_1", "phoneNumber": "+77010000000,+1"}, False, id="two"),
        pytest.param({"sessionId": "ATUid_1", "phoneNumber": "+770100000٠٠"}, False, id="Arabic"),
        pytest.param({"sessionId": "ATUid_1", "phoneNumber": "+77010000000\n"}, False, id="line"),
        pytest.param({"sessionId": "ATUid_1"}, False, id="without a number"),
        pytest.param({"sessionId": "a b", "phoneNumber": "+77010000000"}, False, id="bad session"),
        pytest.param({"sessionId": "x" * 129, "phoneNumber": "+77010000000"}, False, id="too long"),
        pytest.param({"sessionId": "", "phoneNumber": "+77010000000"}, False, id="no session"),
    ],
)
def test_only_a_session_that_can_be_relied_on_is_kept(form: dict[str, str], kept: bool) -> None:
    hop = hop_of({"text": "1", **form})
    assert (hop.session_id is not None) == (hop.msisdn is not None) == kept
    assert "+7701" not in repr(hop)
