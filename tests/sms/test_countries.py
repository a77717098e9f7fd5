"""Which country is meant: a table of spellings, misspellings made by chance, and noise."""

import random
import re
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from menus.countries.territories import FILE, from_cldr, territories
from sms.encoding import is_gsm7
from sms.understanding.country_search import LEAST_RATIO, MOST_ASKED, countries_of
from sms.understanding.normalize import skeleton, words_of
from tests.support.menus_read import read_once
from tests.support.trees import MENUS, copied_menus, faults_of

HOUSE = Path(__file__).parents[2]
TABLE = HOUSE / "tests" / "countries.txt"
COUNTRIES = countries_of(read_once(MENUS))
MISSPELT = [*COUNTRIES.commonest, "TJ", "TM", "BY", "UA", "MN", "IN", "SA", "QA", "IT", "FR", "IL"]


def table() -> list[tuple[str, frozenset[str], bool]]:
    """Each spelling, the countries it means, and whether they are to be asked back."""
    rows: list[tuple[str, frozenset[str], bool]] = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            meant, _, spellings = line.partition(":")
            codes = frozenset(re.findall(r"\b[A-Z]{2}\b", meant))
            rows += [
                (each.strip(), codes, meant.startswith("ask")) for each in spellings.split(";")
            ]
    return rows


def judged(words: str, codes: frozenset[str], ask: bool) -> str:
    """What a look-up was: right, wrong, or asked (no country, or a choice of several).

    To name one country for sure is wrong unless it is the one; so is a choice that
    does not have it.
    """
    found = COUNTRIES.find(words)
    if frozenset(found) == codes and (len(found) > 1) == ask:
        return "right"
    if len(found) == 1 or (found and not codes <= set(found)):
        return "wrong"
    return "asked"


def test_no_spelling_of_the_table_is_taken_for_another_country(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = table()
    results = {words: judged(words, codes, ask) for words, codes, ask in rows}
    count = {kind: [*results.values()].count(kind) for kind in ("right", "asked", "wrong")}
    with capsys.disabled():
        print(f"\ncountries: {len(rows)} spellings: {count}")
    assert len(rows) >= 120
    assert not [words for words, result in results.items() if result == "wrong"]
    assert count["right"] / len(results) >= 0.97, [w for w, r in results.items() if r == "asked"]


@pytest.mark.parametrize(
    ("words", "codes"), [(words, codes) for words, codes, ask in table() if ask]
)
def test_a_word_of_several_countries_is_asked_back(words: str, codes: frozenset[str]) -> None:
    assert set(COUNTRIES.find(words)) == codes


@pytest.mark.parametrize("language", ["kk", "ru", "en", "uz", "uz_Cyrl", "ky", "tg"])
def test_every_name_of_every_language_is_understood(language: str) -> None:
    """As CLDR writes it, in capitals, and without its signs; a homonym is asked."""
    for code, name in territories(language).items():
        for written in (name, name.upper(), re.sub(r"[-–—()&.,]+", " ", name)):
            found = COUNTRIES.find(written)
            assert code in found, (written, found)
            homonym = any(set(found) == set(each.codes) for each in COUNTRIES.names.homonyms)
            assert len(found) == 1 or homonym, (written, found)


def test_names_in_replies_are_understood_when_typed_back() -> None:
    for language in ("kk", "ru", "en", "uz", "ky", "tg"):
        for code in territories("en"):
            assert code in COUNTRIES.find(COUNTRIES.name(code, language))


@pytest.mark.parametrize("language", ["kk", "ru", "en", "uz", "ky", "tg"])
def test_misspelt_by_chance_no_country_is_taken_for_another(language: str) -> None:
    """One or two letters wrong, lost, added or swapped behind the first: never a wrong one.

    A name that became another name as it is known (Ирак, Иран) is no misspelling.
    """
    chance = random.Random(f"{language} 2026-11-21")
    right = tried = 0
    for code in MISSPELT:
        name = territories(language)[code]
        for _ in range(40 if len(name) > 4 else 0):
            words = _misspelt(name, chance)
            if " ".join(words_of(words)) in COUNTRIES.known:
                continue
            tried += 1
            found = COUNTRIES.find(words)
            assert len(found) != 1 or found == (code,), (name, words, found)
            right += found == (code,)
    assert right / tried > 0.5


def _misspelt(name: str, chance: random.Random) -> str:
    letters = list(name)
    for _ in range(chance.choice([1, 1, 2])):
        at = chance.randrange(1, len(letters) - 1)
        way = chance.choice(["lose", "double", "swap", "other"])
        if way == "lose":
            del letters[at]
        elif way == "double":
            letters.insert(at, letters[at])
        elif way == "swap":
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
        else:
            letters[at] = chance.choice("аеиоустрнк" if "а" <= name[1] <= "ӿ" else "aeioustrnk")
    return "".join(letters)


NOISE = st.text("абвгдежзиклмнопрстуфхцчшыэюяәғқңөұүі ", max_size=30) | st.text(
    "abcdefghijklmnopqrstuvwxyz ", max_size=30
)


@given(NOISE | st.text(max_size=60))
@example("\u200b\ufe0f🇹🇷" * 50)
@example("а" * 5000)
def test_noise_is_never_taken_loosely(words: str) -> None:
    """What is found is named in the words, or is near to some of them: 80 of 100 at least."""
    found, tokens = COUNTRIES.find(words), words_of(words)
    assert len(found) <= MOST_ASKED
    if found and not COUNTRIES._named(tokens):
        left = [token for token in tokens if token not in COUNTRIES.around]
        read = [" ".join(tokens), " ".join(left), *left, *map(" ".join, pairwise(left))]
        names = [name for name, codes in COUNTRIES.guessed.items() if set(codes) & set(found)]
        assert max(fuzz.ratio(each, name) for each in read for name in names) >= LEAST_RATIO


def test_no_word_of_our_own_menus_is_taken_for_a_misspelt_country() -> None:
    """Hundreds of everyday words of the very matter, in three languages."""
    for language in ("kk", "ru", "en", "uz", "ky", "tg"):
        text = (HOUSE / "menus" / f"{language}.yaml").read_text(encoding="utf-8")
        tokens = {token for word in re.findall(r"[^\W\d_]+", text) for token in words_of(word)}
        for token in tokens:
            assert COUNTRIES._named([token]) or COUNTRIES.find(token) in ((), ("KZ",)), token


@pytest.mark.parametrize(
    ("code", "language", "name"),
    [
        ("TR", "kk", "Түркия"),
        ("TR", "ru", "Турция"),
        ("TR", "en", "Turkey"),
        ("KR", "ru", "Южная Корея"),
        ("US", "kk", "АҚШ"),
        ("TR", "uz", "Turkiya"),
        ("TR", "xx", "Turkey"),
    ],
)
def test_name(code: str, language: str, name: str) -> None:
    assert COUNTRIES.name(code, language) == name


def test_no_name_of_an_english_reply_leaves_gsm7() -> None:
    for code in territories("en"):
        assert is_gsm7(COUNTRIES.name(code, "en")), code


def test_an_unknown_code_has_no_name() -> None:
    with pytest.raises(KeyError):
        COUNTRIES.name("ZZ", "en")


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        pytest.param("ТУРЦИЯ", "турция", id="capitals"),
        pytest.param("Қазақ", "казак", id="Kazakh letters on a Russian keyboard"),
        pytest.param("ёж", "еж", id="ё is e"),
        pytest.param("китаи", "китай", id="й is и"),
        pytest.param("TУРЦИЯ", "турция", id="a Latin T in a Cyrillic word"),
        pytest.param("Тurkey", "turkey", id="a Cyrillic Т in a Latin word"),
        pytest.param("turciya", "турция", id="typed in Latin letters"),
        pytest.param("turtsiya", "турция", id="and in others"),
        pytest.param("oʻzbekiston", "o'zbekiston", id="any apostrophe"),
        pytest.param("и\u0306од", "йод", id="a decomposed letter"),
        pytest.param("ＴＵＲＫＥＹ", "turkey", id="full-width letters"),
        pytest.param("россия", "росия", id="a letter doubled"),
    ],
)
def test_one_spelling(typed: str, same: str) -> None:
    assert words_of(typed) == words_of(same) != []


@given(st.text(max_size=40))
def test_a_skeleton_is_small_latin_letters_and_digits(word: str) -> None:
    assert re.fullmatch("[a-z0-9]*", skeleton(word))


def test_a_look_up_takes_less_than_five_milliseconds() -> None:
    words = "помогите пожалуйста срочно хозяин не отдаёт паспорт и деньги мы сидим в подвале"
    begun = time.process_time()
    for _ in range(20):
        COUNTRIES.find(words)
    assert (time.process_time() - begun) / 20 < 0.025, "five times the limit, for a busy machine"


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        pytest.param("  TR: [Turkey", "  QQ: [Turkey", "'QQ' is no country's code", id="a code"),
        pytest.param("commonest: [RU,", "commonest: [ZZ,", "'ZZ' is no country's", id="in a list"),
        pytest.param("  TR: [Turkey", "  TR: [Америка", "also a name of", id="two countries"),
        pytest.param("\nendings:", "\nending:", "endings", id="a section"),
    ],
)
def test_mistakes_in_the_data_have_their_place(
    tmp_path: Path, before: str, after: str, says: str
) -> None:
    file = copied_menus(tmp_path) / "countries.yaml"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")
    faults = faults_of(file.parent)
    assert any(says in fault for fault in faults)
    assert all(fault.startswith("menus/countries.yaml:") for fault in faults)


def test_the_names_are_those_of_cldr() -> None:
    assert FILE.read_text(encoding="utf-8") == from_cldr(), "run `make territories`"
