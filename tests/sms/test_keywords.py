"""What people send is understood, or asked about; it is never mistaken."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from menus.countries.territories import territories
from sms.requests import Confirm, Digest, Embassy, NodeRequest, Request, Series, Stop, Unknown
from sms.understanding.country_search import countries_of
from sms.understanding.matching import understand
from sms.understanding.vocabulary import Vocabulary, keywords_of, vocabulary_of
from tests.support.trees import MENUS, read_once

INPUTS = Path(__file__).parents[1] / "inputs.txt"
LINE = re.compile(r"(?P<language>kk|ru|en) (?P<request>\w+)(?P<codes>( [A-Z]{2})*) \| (?P<text>.*)")
MENU = read_once(MENUS)


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return vocabulary_of(MENU, countries_of(MENU))


def table() -> list[tuple[Request, str]]:
    """Each line of inputs.txt: what is meant, and how it is put."""
    lines = INPUTS.read_text(encoding="utf-8").splitlines()
    found = [LINE.fullmatch(line) for line in lines if line and not line.startswith("#")]
    return [(meant(each), each["text"]) for each in found if each]


def meant(line: re.Match[str]) -> Request:
    language, request = line["language"], line["request"]
    plain: dict[str, Callable[[str], Request]] = {
        "stop": Stop,
        "digest": Digest,
        "series": Series,
        "yes": Confirm,
        "unknown": Unknown,
    }
    if request in plain:
        return plain[request](language)
    if request == "embassy":
        return Embassy(language, tuple(sorted(line["codes"].split())), words_given=True)
    return NodeRequest(language, request)


def as_tabled(request: Request) -> Request:
    """Without what the table does not say; the order of countries is no matter."""
    if isinstance(request, Embassy):
        return Embassy(request.language, tuple(sorted(request.codes)), words_given=True)
    return request


def asks_back(request: Request) -> bool:
    """The reply names what to send instead, so nobody is misled."""
    return isinstance(request, Unknown) or (
        isinstance(request, Embassy) and len(request.codes) != 1
    )


# --- The table ------------------------------------------------------------------


def test_every_line_of_the_table_is_read() -> None:
    text = INPUTS.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert len(lines) >= 200
    for request, _ in table():
        assert not isinstance(request, NodeRequest) or request.node in MENU.nodes


def test_what_people_send_is_right_or_asked_and_never_wrong(
    vocabulary: Vocabulary, capsys: pytest.CaptureFixture[str]
) -> None:
    right, asked, wrong = list[str](), list[str](), list[str]()
    for expected, text in table():
        request = as_tabled(understand(text, vocabulary))
        line = f"{text!r}: {request}, not {expected}"
        if request == expected:
            right.append(line)
        elif asks_back(request) and request.language == expected.language:
            asked.append(line)
        else:
            wrong.append(line)
    with capsys.disabled():
        print(f"\n{len(right)} right, {len(asked)} asked, {len(wrong)} wrong")
    assert wrong == []
    assert len(asked) <= len(right) // 50, asked


# --- What holds for every keyword and country ------------------------------------


@pytest.mark.parametrize("write", [str.upper, str.lower, str.title, "  {}! 🙏".format])
def test_every_keyword_is_heard_in_its_language_or_in_one_that_shares_it(
    vocabulary: Vocabulary, write: Callable[[str], str]
) -> None:
    for language in MENU.languages.values():
        for written, keyword in keywords_of(language):
            request = understand(write(written), vocabulary)
            assert not isinstance(request, Unknown), written
            if isinstance(request, NodeRequest):
                assert request.node == keyword.node, written


def test_the_first_keyword_of_a_node_answers_in_its_own_language(vocabulary: Vocabulary) -> None:
    for language in MENU.languages.values():
        for node, words in language.words.items():
            if words.keywords:
                assert understand(words.keywords[0], vocabulary) == NodeRequest(language.code, node)


def test_no_country_is_mistaken_for_a_keyword_or_for_another_country(
    vocabulary: Vocabulary,
) -> None:
    for code in territories("en"):
        for language in MENU.languages:
            name = vocabulary.countries.name(code, language)
            request = understand(name, vocabulary)
            assert isinstance(request, Embassy), name
            assert not request.codes or code in request.codes or code == "KZ", (name, request)


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_embassy_and_a_country_is_answered_in_the_language_of_the_keyword(
    vocabulary: Vocabulary, language: str
) -> None:
    for keyword in MENU.languages[language].sms.embassy_keywords:
        for name in ("Türkiye", "Түркия", "Турция", "Turkey"):
            request = understand(f"{keyword} {name}", vocabulary)
            assert request == Embassy(language, ("TR",), words_given=True)


def test_an_embassy_without_a_country_says_whether_words_were_given(
    vocabulary: Vocabulary,
) -> None:
    assert understand("EMBASSY", vocabulary) == Embassy("en", (), words_given=False)
    assert understand("EMBASSY please", vocabulary) == Embassy("en", (), words_given=False)
    assert understand("EMBASSY atlantis", vocabulary) == Embassy("en", (), words_given=True)


# --- Stop, and yes ----------------------------------------------------------------


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_stop_outranks_every_other_wish(vocabulary: Vocabulary, language: str) -> None:
    said = MENU.languages[language]
    others = [written for written, _ in keywords_of(said)]
    for stop in said.sms.stop_keywords:
        for other in others:
            request = understand(f"{stop} {other}", vocabulary)
            assert isinstance(request, Stop), (stop, other)


@pytest.mark.parametrize("text", ["yes but not now", "да нет", "да что это", "ok who is this"])
def test_yes_among_other_words_is_no_consent(vocabulary: Vocabulary, text: str) -> None:
    assert not isinstance(understand(text, vocabulary), Confirm)


# --- Anything at all ---------------------------------------------------------------


@given(st.text(max_size=600))
def test_nothing_that_is_sent_is_an_error(text: str) -> None:
    understand(text, VOCABULARY)


@given(st.text(alphabet=st.characters(categories=["Nd", "Po", "So", "Zs", "Cf"]), max_size=80))
def test_signs_and_digits_ask_for_nothing(text: str) -> None:
    assert isinstance(understand(text, VOCABULARY), Unknown)


VOCABULARY = vocabulary_of(MENU, countries_of(MENU))
