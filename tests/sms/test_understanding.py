"""What people send is understood, or asked about; it is never mistaken."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from menus.countries.territories import territories
from sms.encoding import is_gsm7
from sms.replies import reply_to
from sms.requests import (
    Confirm,
    Digest,
    Embassy,
    NodeRequest,
    Request,
    Series,
    Stop,
    Unknown,
)
from sms.understanding import word_index
from sms.understanding.explanation import lines_of
from sms.understanding.matching import RULES, explain, understand
from sms.understanding.normalize import skeleton
from sms.understanding.vocabulary import named_by
from sms.understanding.word_index import WordIndex
from tests.support.answers import Answer, answers, world
from tests.support.inputs import FORMS, rows_of

BY = world()
MENU, VOCABULARY = BY.menu, BY.vocabulary
PLEAS = ("danger", "danger abroad", "papers", "papers abroad")
LEAST_RIGHT = 0.97
"""Of the whole table; what is not right is safe."""


@pytest.fixture(scope="module")
def table() -> list[Answer]:
    return list(answers(rows_of(), BY))


# --- The table ------------------------------------------------------------------


def test_the_table_is_large_and_has_every_form(table: list[Answer]) -> None:
    forms = Counter(answer.row.form for answer in table)
    assert len(table) >= 1000
    assert sum(answer.row.part != "ours" for answer in table) >= 300
    assert all(forms[form] >= 40 for form in FORMS), forms


def test_every_node_of_the_table_is_one(table: list[Answer]) -> None:
    for need in (need for answer in table for need in answer.row.needs):
        assert not need.startswith("screen ") or need.split()[1] in MENU.nodes


def test_what_people_send_is_right_or_safe(
    table: list[Answer], capsys: pytest.CaptureFixture[str]
) -> None:
    count = Counter(answer.verdict() for answer in table)
    with capsys.disabled():
        print(f"\ninputs: {dict(count)}")
    assert len([str(answer.row) for answer in table if answer.verdict() == "wrong"]) <= 2
    assert count["right"] / len(table) >= LEAST_RIGHT


def test_every_plea_is_answered_with_a_number_and_none_is_taken_for_stop(
    table: list[Answer],
) -> None:
    pleas = [answer for answer in table if answer.row.kind in PLEAS]
    assert len(pleas) > 500
    for answer in pleas:
        assert answer.names_a_number(), str(answer.row)
        assert not answer.says_stopped(), str(answer.row)
        assert not answer.gives_advice(), str(answer.row)


# --- What holds for every keyword and country ------------------------------------


def meant(request: Request) -> str:
    kinds = {Stop: "stop", Confirm: "yes", Embassy: "embassy", Digest: "digest", Series: "series"}
    return request.node if isinstance(request, NodeRequest) else kinds.get(type(request), "unknown")


@pytest.mark.parametrize("write", [str.upper, str.lower, str.title, "  {}! 🙏".format])
def test_every_keyword_that_a_language_names_is_heard(write: Callable[[str], str]) -> None:
    for language in MENU.languages.values():
        for written, meaning in named_by(language):
            request = understand(write(written), VOCABULARY)
            assert meant(request) == meaning, written


def test_the_first_keyword_of_a_node_answers_in_its_own_language() -> None:
    for language in MENU.languages.values():
        for node, words in language.words.items():
            if words.keywords:
                request = understand(words.keywords[0], VOCABULARY)
                assert request == NodeRequest(language.code, node)


def test_every_pattern_has_a_meaning() -> None:
    meanings = {each.meaning for each in VOCABULARY.keywords}
    assert meanings <= {*MENU.nodes, "stop", "yes", "embassy", "digest", "series"}


def test_no_country_is_mistaken_for_a_keyword_or_for_another_country() -> None:
    for code in territories("en"):
        for language in MENU.languages:
            name = VOCABULARY.countries.name(code, language)
            request = understand(name, VOCABULARY)
            assert isinstance(request, Embassy), name
            homonym = any(code in each.codes for each in VOCABULARY.countries.names.homonyms)
            assert not request.codes or code in request.codes or homonym or code == "KZ", name


@pytest.mark.parametrize("language", ["kk", "ru", "en", "uz", "ky", "tg"])
def test_embassy_and_a_country_is_answered_in_the_language_of_the_keyword(language: str) -> None:
    for keyword in MENU.languages[language].sms.embassy_keywords:
        for name in ("Türkiye", "Түркия", "Турция", "Turkey"):
            request = understand(f"{keyword} {name}", VOCABULARY)
            assert isinstance(request, Embassy)
            assert request.codes == ("TR",)


def test_an_embassy_without_a_country_says_whether_words_were_given() -> None:
    assert understand("EMBASSY", VOCABULARY) == Embassy("en", (), words_given=False)
    assert understand("EMBASSY please", VOCABULARY) == Embassy("en", (), words_given=False)
    assert understand("EMBASSY atlantis", VOCABULARY) == Embassy("en", (), words_given=True)


# --- Where somebody is -------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sender", "codes"),
    [
        pytest.param("помогите", "TR", ("TR",), id="by the sender's number"),
        pytest.param("помогите", "KZ", None, id="a number of home"),
        pytest.param("помогите я в Дубае", "TR", ("AE",), id="the words are nearer"),
        pytest.param("yordam bering, Olmaotadaman", "UZ", None, id="home, by a city"),
        pytest.param("я из Узбекистана, меня держат", None, None, id="who is from there"),
        pytest.param("вытащите меня из Польши", None, ("PL",), id="out of there"),
        pytest.param("Түркиядан Грузияға алып кетті, ұрады", None, ("GE",), id="two countries"),
        pytest.param("хозяин бьёт, я в Корее", None, ("KR",), id="the likelier of two"),
        pytest.param("турок хозяин бьёт меня", None, None, id="his people are no place"),
    ],
)
def test_whoever_is_in_need_is_answered_for_where_they_are(
    text: str, sender: str | None, codes: tuple[str, ...] | None
) -> None:
    request = understand(text, VOCABULARY, sender)
    if codes:
        assert isinstance(request, Embassy)
        assert (request.codes, request.finds, request.danger) == (codes, "abroad", True)
    else:
        assert isinstance(request, NodeRequest)
    assert VOCABULARY.is_urgent(request)


# --- Stop, and yes ----------------------------------------------------------------


@pytest.mark.parametrize("language", ["kk", "ru", "en", "uz", "ky", "tg"])
def test_stop_alone_ends_and_beside_a_plea_does_not(language: str) -> None:
    said = MENU.languages[language]
    for stop in said.sms.stop_keywords:
        request = understand(stop, VOCABULARY)
        assert isinstance(request, Stop)
        assert not request.plea
        for plea in said.words["danger"].keywords:
            assert not isinstance(understand(f"{stop} {plea}", VOCABULARY), Stop), (stop, plea)


@pytest.mark.parametrize("text", ["хватит", "жетер", "enough", "прекратите!", "bas"])
def test_a_stop_that_could_be_a_plea_says_so(text: str) -> None:
    request = understand(text, VOCABULARY)
    assert isinstance(request, Stop)
    assert request.plea


@pytest.mark.parametrize("text", ["yes but not now", "да нет", "да что это", "ok who is this"])
def test_yes_among_other_words_is_no_consent(text: str) -> None:
    assert not isinstance(understand(text, VOCABULARY), Confirm)


# --- Anything at all ---------------------------------------------------------------


@given(st.text(max_size=600))
def test_nothing_that_is_sent_is_an_error(text: str) -> None:
    explanation = explain(text, VOCABULARY)
    assert explanation.rule in {*RULES, "unknown"}
    assert lines_of(explanation)


@given(st.text(alphabet=st.characters(categories=["Nd", "Po", "So", "Zs", "Cf"]), max_size=80))
def test_signs_and_digits_ask_for_nothing(text: str) -> None:
    assert isinstance(understand(text, VOCABULARY), Unknown)


@pytest.mark.parametrize("text", ["", "?", "112", "😀😀", "..."])
def test_what_is_in_no_language_is_answered_in_the_first_two(text: str) -> None:
    assert understand(text, VOCABULARY) == Unknown("kk", "ru")


def test_an_explanation_says_what_was_recognised_and_why_it_won() -> None:
    lines = lines_of(explain("стоп помогите, я в Турции", VOCABULARY))
    assert lines[0] == "Embassy: TR, danger in ru, by the rule 'help'"
    assert "  2  danger: помогите  (ru: помог*)" in lines
    assert "  where: TR, by the words" in lines
    assert any(line.startswith("  country: Турции  (TR, in)") for line in lines)


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("помогите", NodeRequest("ru", "danger")),
        ("pomogite", NodeRequest("ru_Latn", "danger")),
        ("pomogite пожалуйста", NodeRequest("ru", "danger")),
        ("көмек керек", NodeRequest("kk", "danger")),
        ("komek kerek", NodeRequest("kk_Latn", "danger")),
        ("kömek kerek", NodeRequest("kk_Latn", "danger")),
        ("I need help", NodeRequest("en", "danger")),
        ("posolstvo turtsii", Embassy("ru_Latn", ("TR",), words_given=True)),
        ("elshilik turkiya", Embassy("kk_Latn", ("TR",), words_given=True)),
        ("embassy turkey", Embassy("en", ("TR",), words_given=True)),
        ("sovety", Digest("ru_Latn")),
        ("jazylu", Series("kk_Latn")),
        ("xyzzy", Unknown("kk_Latn", "ru_Latn")),
        ("112", Unknown("kk", "ru")),
        ("?", Unknown("kk", "ru")),
    ],
)
def test_words_in_latin_letters_are_answered_in_them(text: str, request_: Request) -> None:
    assert understand(text, BY.vocabulary) == request_


def test_a_plea_from_abroad_is_answered_in_its_letters() -> None:
    asked = understand("pomogite", BY.vocabulary, "TR")
    assert asked == Embassy("ru_Latn", ("TR",), words_given=True, finds="abroad", danger=True)
    reply = reply_to(asked, BY.menu, lambda: BY.directory)
    assert is_gsm7(reply)
    assert reply.startswith("Turtsiya\npomoshch 157\n")


# --- Words of any length --------------------------------------------------------

KNOWN = frozenset({"pasport", "pasport$", "otobrali$", "zaperli", "pomogite$", "politsia"})
INDEX = WordIndex.of(KNOWN, frozenset())
LETTERS = st.text("aeioprstzlmg", max_size=12) | st.sampled_from([*map(skeleton, KNOWN)])


@given(st.lists(LETTERS, max_size=4).map("".join))
def test_a_long_word_is_what_it_is_when_all_of_it_is_looked_at(word: str) -> None:
    patient = replace(INDEX, longest=len(word) + 1)
    assert INDEX.known(word) == patient.known(word)
    assert INDEX.guessed(word) == patient.guessed(word)


def test_a_word_costs_no_more_than_the_longest_that_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = Counter[int]()
    without_one = word_index._without_one

    def counting(key: str) -> Iterator[str]:
        for each in without_one(key):
            tried[length] += 1
            yield each

    monkeypatch.setattr(word_index, "_without_one", counting)
    for length in (INDEX.longest, 100, 640):
        INDEX.guessed(("pa" * length)[:length])
    assert tried[INDEX.longest] > 0
    assert tried[640] == tried[100] <= 2 * tried[INDEX.longest]
