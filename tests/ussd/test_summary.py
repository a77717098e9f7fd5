"""How long the words take: the figures that they must keep to, and how they are counted."""

import pytest

from tests.support.menus_read import read_once
from tests.support.trees import MENUS
from ussd.paging import Budget
from ussd.screens import SCREEN_0, Place, Screens
from ussd.summary import Reached, fewest_keys, reached_by_keys, summaries_of

MENU = read_once(MENUS)
SCREENS = Screens(MENU, Budget())
TEXTS = (
    *("abroad", "escaped", "offer", "firm", "contract", "visa", "documents", "family"),
    *("contacts", "money", "taken_documents", "no_papers", "threats", "violence", "debt"),
    *("common", "forms", "lures", "motive", "in_kazakhstan", "advice"),
)
"""Those that carry facts of the two documents."""
MOST_PAGES = {"kk": 62, "ru": 62, "en": 36, "kk_Latn": 36, "ru_Latn": 36} | {
    "uz": 37,
    "ky": 61,
    "tg": 61,
}
"""Those of uz, ky and tg name the missions of their home too: as many as are known."""
MOST_KEYS = 4
KEY_FOR_LETTERS = 1


@pytest.mark.parametrize("language", MOST_PAGES)
def test_the_texts_keep_to_their_pages(language: str) -> None:
    [figures] = summaries_of(MENU, SCREENS, [language])
    assert figures.with_facts == len(TEXTS) == 21
    assert figures.fact_pages <= MOST_PAGES[language]


@pytest.mark.parametrize("language", MOST_PAGES)
def test_help_is_four_keys_away(language: str) -> None:
    [figures] = summaries_of(MENU, SCREENS, [language])
    assert 0 < (figures.to_number or 0) <= MOST_KEYS
    more = KEY_FOR_LETTERS if language in MENU.latin else 0
    assert 0 < (figures.to_tips or 0) <= MOST_KEYS + more


def test_every_page_of_every_text_is_counted() -> None:
    [figures] = summaries_of(MENU, SCREENS, ["ru"])
    texts = [node.name for node in MENU.nodes.values() if node.is_page]
    assert set(texts) >= set(TEXTS)
    assert figures.texts == len(texts)
    for count, names in ((figures.pages, texts), (figures.fact_pages, TEXTS)):
        assert count == sum(len(SCREENS.view(Place("ru", name)).pages()) for name in names)


def in_russian(screens: Screens) -> list[Reached]:
    return [each for each in reached_by_keys(screens) if each.place.language == "ru"]


def test_keys_are_those_on_the_screen_pages_included() -> None:
    """On small screens a choice may stand behind a page, and is one key more away."""
    for budget, keys in ((Budget(), 3), (Budget(units=60), 4)):
        screens = Screens(MENU, budget)
        assert fewest_keys(in_russian(screens), lambda place, _: place.node == "threats") == keys
    assert fewest_keys(in_russian(SCREENS), lambda place, _: place.node == "nowhere") is None


def test_the_first_screen_holds_six_languages_and_the_notice() -> None:
    view = SCREENS.view(SCREEN_0)
    assert len(MENU.languages) == 6
    for notice in (False, True):
        assert not view.page(notice=notice).more
    assert view.page(notice=True).shown.startswith("1-6?\n")
