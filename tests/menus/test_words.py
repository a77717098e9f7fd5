"""The words: every fact of the two documents is there, near, and fit to be read.

The menu is walked as a caller walks it: only keys that stand on the screen are
pressed.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

import pytest

from menus.checklists import YES
from menus.contacts.doubts import Rule, Sendable, sendable
from menus.contacts.phones import grouped
from menus.countries.territories import territories
from menus.model import Node
from sms.embassy_reply import CountryDirectory, plain
from sms.encoding import Encoding, measure
from sms.understanding.country_search import countries_of
from tests.support.menus_read import read_once
from tests.support.trees import MENUS
from ussd.engine import Screen, Session, play, show, step
from ussd.paging import Budget
from ussd.preview import all_screens
from ussd.screens import (
    BACK,
    CHOICES_A_SCREEN,
    KEYS,
    LETTERS,
    NEXT,
    SCREEN_0,
    START,
    Place,
    Screens,
)

LANGUAGES = ("kk", "ru", "en", "uz", "ky", "tg")
READ = (*LANGUAGES, "kk_Latn", "ru_Latn")
"""Also those that are read in Latin letters."""
FORMS = {f"E1{form}" for form in "abcdefghij"}
FACTS = {
    *(f"R{n}" for n in range(1, 18)),
    *FORMS,
    *(f"E{n}" for n in range(2, 15)),
}
"""Of the card for citizens (R) and the eGov page (E), whose first has ten forms."""
FARTHEST = 4
"""Answers from the language choice to any fact, turning pages not counted."""
EMERGENCY = ("police", "hotline", "duty_diplomat")
BUDGET = Budget()
KEYS_LINE = re.compile(rf"(?:({NEXT}) (\S+) )?({BACK}) (\S+)(?: ({START}) (.+))?")

MENU = read_once(MENUS)
COUNTRIES = countries_of(MENU)
LIBRARY = CountryDirectory(COUNTRIES, sendable(MENU.contacts, date(2026, 11, 25), Rule(1095)))
EVERYTHING = CountryDirectory(
    COUNTRIES, Sendable(tuple(each for each in MENU.contacts if each.phones))
)
"""As if an operator had verified every row."""
SCREENS = Screens(MENU, BUDGET, lambda: LIBRARY)


@dataclass(frozen=True)
class Visit:
    """A screen that the walk came to, and after how many choices."""

    session: Session
    screen: Screen
    choices: int

    @property
    def place(self) -> Place:
        return self.session.history[-1].place

    @property
    def start(self) -> int:
        """Where the page begins in the text of its place."""
        return self.session.history[-1].starts[-1]

    def offered(self) -> dict[str, str]:
        """The keys on the screen, each with the words beside it."""
        lines = self.screen.text.splitlines()
        found = (re.fullmatch(rf"([{KEYS}]) (.+)", line) for line in lines)
        choices = {match[1]: match[2] for match in found if match}
        keys = KEYS_LINE.fullmatch(lines[-1])
        pairs = zip(keys.groups()[::2], keys.groups()[1::2], strict=True) if keys else ()
        return choices | {key: words for key, words in pairs if key}


def walk() -> Iterator[Visit]:
    """Every screen that can be come to, the nearest first, each way to it once; those after
    different answers to a checklist say what others say (`tests/ussd/test_checklist.py`).
    """
    ahead, seen = deque([(Session(), 0)]), set[Session]()
    while ahead:
        session, choices = ahead.popleft()
        if session in seen:  # the other letters, and back
            continue
        seen.add(session)
        visit = Visit(session, show(SCREENS, session), choices)
        if visit.place.is_mixed:
            continue
        yield visit
        for key in visit.offered():
            if key == NEXT:
                ahead.appendleft((step(SCREENS, session, key), choices))
            elif key in KEYS:
                ahead.append((step(SCREENS, session, key), choices + 1))


VISITS = list(walk())
BEYOND_0 = [visit for visit in VISITS if visit.place != SCREEN_0]
SHOWN = [*all_screens(SCREENS)]


# --- Every fact -----------------------------------------------------------------


def test_the_facts_are_those_of_the_two_documents() -> None:
    assert set(MENU.facts) == FACTS


def test_the_languages_are_the_six() -> None:
    assert tuple(MENU.languages) == LANGUAGES
    assert tuple(MENU.all_languages) == READ


@pytest.mark.parametrize("language", READ)
def test_every_fact_is_near(language: str) -> None:
    """The language choice is the first choice, so it is not counted."""
    near = {
        fact
        for visit in BEYOND_0
        if visit.place[0] == language and visit.choices - 1 <= FARTHEST
        for fact in MENU.nodes[visit.place[1]].facts
    }
    assert near == FACTS


@pytest.mark.parametrize("language", READ)
def test_every_page_of_every_node_is_come_to(language: str) -> None:
    expected = {
        (place, page.start)
        for place in (Place(language, node.name) for node in MENU.nodes.values() if not sends(node))
        for page in SCREENS.view(place).pages()
    }
    assert {(v.place, v.start) for v in VISITS if v.place.language == language} >= expected


@pytest.mark.parametrize("language", READ)
def test_each_of_the_ten_forms_has_its_line(language: str) -> None:
    assert set(MENU.nodes["forms"].facts) == FORMS
    lines = [line for line in MENU.language(language).words["forms"].text.splitlines() if line]
    assert len(set(lines)) >= 10


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        ("R9", "{police}"),
        ("R9", "{hotline}"),
        ("R10", "{duty_diplomat}"),
        ("R10", "www.mfa.gov.kz"),
        ("R11", "{hotline}"),
    ],
)
@pytest.mark.parametrize("language", READ)
def test_a_fact_with_a_number_shows_it(language: str, fact: str, said: str) -> None:
    said = said.format(**{name: number.number for name, number in MENU.numbers.items()})
    carriers = [node.name for node in MENU.nodes.values() if fact in node.facts]
    texts = [MENU.language(language).words[name].text for name in carriers]
    assert any(said in text for text in texts)


# --- The way in and back --------------------------------------------------------


def test_what_a_key_promises_is_where_it_leads() -> None:
    for visit in BEYOND_0:
        for key, words in visit.offered().items():
            after = step(SCREENS, visit.session, key)
            assert after.misses == 0
            if key in KEYS:
                assert words == promised(after.history[-1].place, visit.place)


def promised(place: Place, here: Place) -> str:
    """The words beside the key that leads to a place from here."""
    language = MENU.language(place.language)
    if place.confirmed:
        return language.phrases.agree
    if place.node == here.node == MENU.start.leads_to:
        letters = MENU.language(here.language).other_letters
        return letters.offer if letters else ""
    if place.answers and not place.page_to_send:
        return language.phrases.agree if place.answers[-1] == YES else language.phrases.not_yet
    if MENU.nodes[place.node].finds and place.countries:
        return plain(COUNTRIES.name(place.countries[0], place.language))
    return language.words[place.node].label


def test_back_is_one_screen_back_until_screen_0() -> None:
    for visit in BEYOND_0:
        session, seen = visit.session, [visit.screen]
        while session != Session():
            session = step(SCREENS, session, BACK)
            seen.append(show(SCREENS, session))
        pages = sum(len(stand.starts) for stand in visit.session.history)
        assert len(seen) == pages


def test_start_is_screen_0_at_once() -> None:
    for visit in BEYOND_0:
        assert step(SCREENS, visit.session, START) == Session()


def test_back_stands_on_every_screen_in_its_language_and_start_where_there_is_room() -> None:
    for visit in BEYOND_0:
        phrases, text = MENU.language(visit.place.language).phrases, visit.screen.text
        offered = visit.offered()
        assert offered[BACK] == phrases.back
        assert offered.get(START) in (None, phrases.start)
        assert (START in offered) or not BUDGET.holds(f"{text} {START} {phrases.start}")


def test_next_stands_exactly_where_more_follows() -> None:
    for visit in VISITS:
        view = SCREENS.view(visit.place)
        follows = visit.start != view.pages()[-1].start
        assert (NEXT in visit.offered()) is follows
        after = step(SCREENS, visit.session, NEXT)
        assert (after.misses == 0) is follows


def test_no_screen_but_the_first_lists_more_than_five_choices() -> None:
    assert CHOICES_A_SCREEN == 5
    for visit in BEYOND_0:
        letters = {LETTERS} if visit.place.node == MENU.start.leads_to else set()
        assert len((set(visit.offered()) & set(KEYS)) - letters) <= 5


# --- What stands on a screen ----------------------------------------------------


@cache
def known_numbers() -> list[str]:
    """As they are shown, the longest first."""
    sent = [each for part in LIBRARY.contacts.both for each in part]
    known = {grouped(phone, each.dialled_in) for each in sent for phone in each.phones}
    known |= {each.number for each in MENU.numbers.values()}
    return sorted(known, key=len, reverse=True)


def digits_beside_numbers(text: str) -> list[str]:
    """Runs of three or more digits that belong to no number that may be sent."""
    for number in known_numbers():
        text = text.replace(number, " ")
    return re.findall(r"[0-9]{3,}", text)


def test_a_screen_fits_and_shows_only_known_numbers() -> None:
    assert len(SHOWN) > 900
    assert {f"{s.title} {s.page}": w for s in SHOWN if (w := wrong_on(s.screen.text))} == {}


def wrong_on(text: str) -> list[object]:
    """What may not stand on a screen: that it is too long, unknown numbers, places left open."""
    size = measure(text)
    too_long = size.units > (160 if size.encoding is Encoding.GSM_7 else 70)
    return [*([size] if too_long else ()), *digits_beside_numbers(text), *(set("{}") & set(text))]


def test_after_wrong_keys_every_screen_still_fits_and_the_last_has_the_hotline() -> None:
    for visit in VISITS:
        session = visit.session
        for misses in (1, 2, 3):
            session = step(SCREENS, session, "x")
            screen = show(SCREENS, session)
            assert BUDGET.holds(screen.text)
            assert screen.ends is (misses == 3)
        assert MENU.numbers["hotline"].number in screen.text


def test_screen_0_is_latin_and_has_the_emergency_numbers_and_the_languages() -> None:
    text = VISITS[0].screen.text
    assert measure(text).encoding is Encoding.GSM_7
    assert [name for name in EMERGENCY if MENU.numbers[name].number not in text] == []
    names = {str(n): each.name for n, each in enumerate(MENU.languages.values(), 1)}
    assert VISITS[0].offered() == names
    assert [name for name in EMERGENCY if MENU.numbers[name].number not in SCREENS.emergency] == []


@pytest.mark.parametrize("key", "123456")
def test_danger_comes_first_and_its_first_screen_has_the_numbers(key: str) -> None:
    session = play(SCREENS, [key, "1"])
    assert session.history[-1].place == Place(LANGUAGES[int(key) - 1], "danger")
    text = show(SCREENS, session).text
    assert MENU.numbers["police"].number in text
    assert MENU.numbers["hotline"].number in text


# --- Look-ups and actions -------------------------------------------------------


def sends(node: Node) -> bool:
    return node.does == "send"


LOOK_UPS = [node.name for node in MENU.nodes.values() if node.finds]


@pytest.mark.parametrize("directory", [LIBRARY, EVERYTHING, CountryDirectory(COUNTRIES)])
@pytest.mark.parametrize("language", READ)
def test_the_screen_of_any_country_fits_names_it_and_begins_with_a_number(
    language: str, directory: CountryDirectory
) -> None:
    screens = Screens(MENU, BUDGET, lambda: directory)
    for node in LOOK_UPS:
        for code in territories("en"):
            view = screens.view(Place(language, node, (code,)))
            name, first, *rest = view.text.splitlines()
            assert name == plain(COUNTRIES.name(code, language))
            assert re.search(r"\d\d", first), view.text
            assert [line for line in (first, *rest) if len(line) > 46] == []
            assert [page for page in view.pages() if not BUDGET.holds(page.shown)] == []


@pytest.mark.parametrize("language", READ)
def test_a_number_stands_whole_on_the_first_screen_of_a_country(language: str) -> None:
    for code in COUNTRIES.commonest[: len(KEYS)]:
        for node in LOOK_UPS:
            first, *_ = SCREENS.view(Place(language, node, (code,))).pages()
            assert digits_beside_numbers(first.shown) == []
            assert re.search(r"\d{3}", first.shown), first.shown


@pytest.mark.parametrize("language", READ)
def test_each_half_of_the_answer_is_where_it_was_asked_for(language: str) -> None:
    said = MENU.language(language).sms.embassy
    abroad, here = (SCREENS.view(Place(language, node, ("US",))).text for node in LOOK_UPS)
    assert said.police.replace("{phone}", "911") in abroad
    assert said.duty_diplomat in abroad
    assert said.none_abroad in abroad
    assert said.help_here in here
    assert said.help_here not in abroad


@pytest.mark.parametrize("language", READ)
def test_every_question_before_an_sms_and_what_follows_is_one_screen(language: str) -> None:
    actions = [node for node in MENU.nodes.values() if node.does]
    assert {node.does for node in actions} == {"send", "digest", "series"}
    for node in actions:
        for done in (False, True):
            assert len(SCREENS.view(Place(language, node.name, confirmed=done)).pages()) == 1


@pytest.mark.parametrize("language", READ)
def test_what_cannot_be_sent_names_the_numbers_for_both_on_one_screen(language: str) -> None:
    view = SCREENS.not_sent(language)
    assert len(view.pages()) == 1
    for name in ("hotline", "duty_diplomat"):
        assert MENU.numbers[name].number in view.text


@pytest.mark.parametrize("language", READ)
def test_the_first_screen_of_each_text_with_keywords_offers_all_of_it_by_sms(language: str) -> None:
    """And what names a number to call from abroad has keywords in every language."""
    words = MENU.language(language).words
    assert words["abroad"].keywords
    assert words["in_kazakhstan"].keywords
    for node in filter(lambda node: node.is_page, MENU.nodes.values()):
        view = SCREENS.view(Place(language, node.name))
        offer = [f"1 {words['by_sms'].label}"] if words[node.name].keywords else []
        assert [each.page_to_send for each in view.choices.values()] == [node.name] * len(offer)
        for n, page in enumerate(view.pages()):
            lines = page.shown.splitlines()
            assert [line for line in lines if line[:2] == "1 "] == (offer if n == 0 else [])


# --- Who has read them ----------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_native_speaker_is_said_to_have_read_the_words(language: str) -> None:
    """When one has, their name and the date stand there; then change this test."""
    assert MENU.language(language).native_reader == "not yet"
    words = (MENUS / f"{language}.yaml").read_text(encoding="utf-8")
    assert "No native speaker has read these words yet." in words


@pytest.mark.parametrize("room", ["menus", "sms", "ussd"])
def test_no_number_and_no_word_of_the_menu_stands_in_python(room: str) -> None:
    spelling = {"countries.py", "spelling.py"}  # letters and endings, no words of ours
    for path in (MENUS.parent / room).glob("*.py"):
        code = path.read_text(encoding="utf-8")
        numbers = [each.number for each in MENU.numbers.values() if len(each.number) > 3]
        assert [number for number in numbers if number in code] == []
        words = re.findall(r"[а-яёәғқңөұүһі]{3,}", code, re.IGNORECASE)
        assert path.name in spelling or words == [], path.name
