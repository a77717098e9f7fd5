"""Cutting into screens: a table of what is liked, and properties on any text."""

import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sms.encoding import measure
from ussd.paging import Budget, Frame, NoRoom, Page, page_at, pages

BUDGET = Budget()
RUSSIAN = Frame(
    keys=("0 Назад", "0 Назад 00 В начало"),
    keys_if_more=("9 Ещё 0 Назад", "9 Ещё 0 Назад 00 В начало"),
)
ENGLISH = Frame(
    keys=("0 Back", "0 Back 00 Start"), keys_if_more=("9 More 0 Back", "9 More 0 Back 00 Start")
)
NOTICED = replace(RUSSIAN, above="Выберите ещё раз.")
OFFERING = replace(RUSSIAN, offer="1 По SMS")
BARE = Frame()

PHONES = ["+7 7172 720111", "11616", "8 (7172) 72-01-11", "+77172720111", "(+7 7172 720111)"]


def texts_of(text: str, frame: Frame, budget: Budget = BUDGET) -> list[str]:
    return [text[page.start : page.end].strip() for page in pages(text, frame, budget)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [""], id="nothing is one empty screen"),
        pytest.param("Звоните", ["Звоните"], id="what fits is one screen"),
        pytest.param("Звоните\n\nВам помогут", ["Звоните", "Вам помогут"], id="a blank line cuts"),
        pytest.param(
            "я" * 40 + "\n" + "ю" * 3 + " " + "э" * 30,
            ["я" * 40, "ю" * 3 + " " + "э" * 30],
            id="the end of a line comes before the end of a word",
        ),
        pytest.param(
            "Южная Корея\nполиция и помощь 112\nКазахстанцам:\nдипломат +7 7172 720111",
            ["Южная Корея\nполиция и помощь 112", "Казахстанцам:\nдипломат +7 7172 720111"],
            id="a line that ends in a colon stays with the next one",
        ),
        pytest.param(
            "Южная Корея\nполиция и помощь 112\nдипломат +7 7172 720111\n(ночь и выходные)",
            ["Южная Корея\nполиция и помощь 112", "дипломат +7 7172 720111\n(ночь и выходные)"],
            id="a line in brackets stays with the one before it",
        ),
        pytest.param(
            "Россия\nКазахстанцам:\n\nдипломат",
            ["Россия\nКазахстанцам:", "дипломат"],
            id="but an empty line parts them",
        ),
        pytest.param(
            "Звоните сейчас же на этот номер. Вам там обязательно помогут сегодня",
            ["Звоните сейчас же на этот номер.", "Вам там обязательно помогут сегодня"],
            id="the end of a sentence comes before the end of a word",
        ),
        pytest.param(
            "Да. Звоните на номер горячей линии и вам там обязательно помогут",
            ["Да. Звоните на номер горячей линии и вам там обязательно", "помогут"],
            id="but not when that leaves the screen more than half empty",
        ),
        pytest.param(
            "Дежурный дипломат отвечает ночью и в выходные +7 7172 720111, звоните",
            ["Дежурный дипломат отвечает ночью и в выходные", "+7 7172 720111, звоните"],
            id="a phone number is one word, spaces and all",
        ),
        pytest.param("ы" * 70, ["ы" * 56, "ы" * 14], id="a word longer than a screen is cut"),
        pytest.param(
            "я" * 55 + "и\u0306" + "я" * 20,
            ["я" * 55, "и\u0306" + "я" * 20],
            id="a letter keeps its accent",
        ),
        pytest.param("😀" * 40, ["😀" * 28, "😀" * 12], id="a surrogate pair is never cut"),
    ],
)
def test_pages_in_russian(text: str, expected: list[str]) -> None:
    assert texts_of(text, RUSSIAN) == expected


def test_an_escape_pair_is_never_cut() -> None:
    assert texts_of("€" * 100, ENGLISH) == ["€" * 73, "€" * 27]


def test_the_encoding_of_the_whole_screen_decides() -> None:
    """Latin words under Cyrillic navigation lines are UCS-2."""
    assert len(texts_of("word " * 25, RUSSIAN)) == 3
    assert len(texts_of("word " * 25, ENGLISH)) == 1


def test_a_notice_takes_room_and_loses_nothing() -> None:
    text = "Обратитесь в своё посольство или консульство."
    plain, noticed = page_at(text, 0, RUSSIAN, BUDGET), page_at(text, 0, NOTICED, BUDGET)
    assert not plain.more
    assert noticed.more
    rest = page_at(text, noticed.end, RUSSIAN, BUDGET)
    assert text[noticed.start : noticed.end] + text[rest.start : rest.end] == text


def test_the_longest_keys_that_fit_are_shown() -> None:
    """A page ends where the shortest leave it room."""
    for count, keys in ((50, "0 Назад 00 В начало"), (51, "0 Назад"), (62, "0 Назад")):
        assert page_at("ы" * count, 0, RUSSIAN, BUDGET).shown.split("\n")[-1] == keys
    assert page_at("ы" * 63, 0, RUSSIAN, BUDGET).shown.endswith("\n9 Ещё 0 Назад")


def test_an_offer_stands_on_the_first_page_alone() -> None:
    first, second = pages("Звоните сюда\n\nВам помогут", OFFERING, BUDGET)
    assert first.shown == "Звоните сюда\n1 По SMS\n9 Ещё 0 Назад 00 В начало"
    assert second.shown == "Вам помогут\n0 Назад 00 В начало"


def test_no_room_is_said() -> None:
    with pytest.raises(NoRoom):
        page_at("слово", 0, Frame(keys=["я" * 70], keys_if_more=["я" * 70]), BUDGET)


def test_no_budget_is_larger_than_a_word_is_looked_at() -> None:
    with pytest.raises(ValueError, match="at most 200"):
        Budget(septets=201)


# --- Properties ---------------------------------------------------------------

SCRIPTS = st.sampled_from(
    [
        "abc def.\n",
        "қаз ақ!\n",
        "€[]^ a\n",
        "😀 👨‍👩\n",
        "يسا عده\n",
        "你好 。\n",
        "и\u0306 e\u0301 \n",
    ]
)
RUNS = SCRIPTS.flatmap(lambda letters: st.text(alphabet=letters, max_size=200))
ANY_TEXT = st.lists(RUNS | st.text(max_size=150), max_size=4).map("".join)
FRAMES = st.sampled_from([RUSSIAN, ENGLISH, NOTICED, OFFERING, BARE])
BUDGETS = st.builds(Budget, st.integers(60, 182), st.integers(60, 80))


def all_pages(text: str, frame: Frame, budget: Budget) -> list[Page]:
    return list(pages(text, frame, budget))


@given(ANY_TEXT, FRAMES, BUDGETS)
@example("\n\n" * 50, RUSSIAN, BUDGET)
@example("\u0301" * 300, RUSSIAN, BUDGET)
@example("1 " * 200, RUSSIAN, BUDGET)
def test_pages_joined_are_the_text(text: str, frame: Frame, budget: Budget) -> None:
    cut = all_pages(text, frame, budget)
    assert "".join(text[page.start : page.end] for page in cut) == text
    assert [page.more for page in cut] == [True] * (len(cut) - 1) + [False]


@given(ANY_TEXT, FRAMES, BUDGETS)
def test_no_page_is_over_budget_and_all_of_it_is_shown(
    text: str, frame: Frame, budget: Budget
) -> None:
    for page in all_pages(text, frame, budget):
        assert measure(page.shown).units <= budget.of(page.shown)
        assert text[page.start : page.end].strip() in page.shown


@given(ANY_TEXT, FRAMES, BUDGETS)
def test_navigation_lines_stand_where_they_work(text: str, frame: Frame, budget: Budget) -> None:
    for page in all_pages(text, frame, budget):
        keys = frame.keys_if_more if page.more else frame.keys
        assert page.shown.endswith(tuple(keys))
        assert page.shown.startswith(frame.above)


@given(ANY_TEXT, FRAMES, BUDGETS)
def test_no_word_that_fits_is_cut(text: str, frame: Frame, budget: Budget) -> None:
    for page in all_pages(text, frame, budget)[:-1]:
        before, after = text[page.end - 1], text[page.end]
        if not before.isspace() and not after.isspace():
            word = re.split(r"\s", text[: page.end])[-1] + re.split(r"\s", text[page.end :])[0]
            screen = frame.around(word, first=page.start == 0, more=True)
            assert not budget.holds(screen), word


@given(
    st.lists(st.sampled_from(PHONES) | st.text("абв где", min_size=1, max_size=60), max_size=12),
    FRAMES,
)
def test_no_phone_number_is_cut(parts: list[str], frame: Frame) -> None:
    text = " и ".join(parts)
    shown = [page.shown for page in all_pages(text, frame, BUDGET)]
    for phone in PHONES:
        assert sum(each.count(phone) for each in shown) == text.count(phone)


@given(ANY_TEXT, FRAMES)
def test_no_letter_is_parted_from_its_accent(text: str, frame: Frame) -> None:
    for page in all_pages(text, frame, BUDGET)[:-1]:
        if unicodedata.combining(text[page.end]) and not text[page.end - 1].isspace():
            part = text[page.start : page.end].strip()
            assert all(map(unicodedata.combining, part[1:]))


def test_work_is_in_proportion_to_the_length() -> None:
    """Ten times the text is ten times the measuring, also where no word ever ends."""
    for unit in ("ы", "слово ", "\n\n", "1 "):
        few, many = (sum(1 for _ in pages(unit * n, RUSSIAN, BUDGET)) for n in (300, 3000))
        assert many <= 11 * max(few, 1)
