"""Latin letters: how each text is written in them, and of which languages there are any."""

from datetime import date
from pathlib import Path

import pytest

from menus.contacts import Rule, sendable
from menus.file_models import LatinLetters
from menus.loading import offering, speller
from sms.embassy_reply import CountryDirectory
from sms.encoding import is_gsm7
from sms.understanding.country_search import countries_of
from tests.support.menus_read import read_menu, read_once
from tests.support.trees import MENUS, copied_menus, faults_of
from ussd.engine import play
from ussd.paging import Budget
from ussd.screens import LETTERS, Place, Screens

MENU = read_once(MENUS)
LIBRARY = CountryDirectory(
    countries_of(MENU), sendable(MENU.contacts, date(2026, 11, 25), Rule(1095))
)
TABLE = LatinLetters(
    offer="Latinitsa",
    back="Kirillitsa",
    letters={"а": "a", "к": "k", "н": "n", "х": "h", "с": "s", "сх": "skh", "ь": "", "ш": "sh"},
    words={"ка": "Kaa", "на са": "nasa", "кан": "can"},
)


@pytest.mark.parametrize(
    ("text", "latin"),
    [
        pytest.param("канака", "kanaka", id="letter by letter"),
        pytest.param("сах сха ах", "sah skha ah", id="letters beside each other first"),
        pytest.param("Наш НАШ ш Ш", "Nash NASH sh Sh", id="capitals"),
        pytest.param("кань", "kan", id="a letter that is not written"),
        pytest.param("кан Кан КАН", "can Can CAN", id="a word by hand takes the capitals"),
        pytest.param("ка КА Ка", "Kaa Kaa Kaa", id="unless it has its own"),
        pytest.param("накан кана ка-кан", "nakan kana Kaa-can", id="only a whole word"),
        pytest.param("На са", "Nasa", id="several words by hand"),
        pytest.param("на\nса", "na\nsa", id="but on one line"),
        pytest.param("SMS www.mfa.gov.kz {phone}", "SMS www.mfa.gov.kz {phone}", id="Latin"),
        pytest.param("+7 7172 720111, 102!", "+7 7172 720111, 102!", id="numbers"),
        pytest.param("кѓа", "kѓa", id="a letter without a row stays"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_text_is_spelt(text: str, latin: str) -> None:
    assert speller(TABLE)(text) == latin


@pytest.mark.parametrize(
    ("language", "node", "line"),
    [
        ("kk_Latn", "danger", "Komek 11616"),
        ("kk_Latn", "escaped", "Konsuldyqqa barynyz ne basqa qalada, auylda komek suranyz."),
        ("kk_Latn", "threats", "Bul sizdin kinaniz emes. Tuysyna ziyan keltiremiz deidi."),
        ("kk_Latn", "by_sms", "SMS qalady, basqalar oqi alady. Jibereyik pe?"),
        ("kk_Latn", "abroad", "Qazaqstan diplomaty, tun men demalys:"),
        ("ru_Latn", "danger", "Pomoshch 11616"),
        ("ru_Latn", "documents", "Spryachte ot vseh eshche kopii pasporta v raznyh mestah."),
        ("ru_Latn", "contacts", "Vstante na uchet v konsulstve, derzhite svyaz."),
        ("ru_Latn", "advice", "Do otyezda iz Kazahstana posovetuytes:"),
        ("ru_Latn", "violence", "sazhayut na narkotiki, derzhat odnih, bez edy i vody."),
        ("ru_Latn", "forms", "Prinuditelnyi trud"),
        ("ru_Latn", "private", "Videt SMS mogut set' i tot, u kogo telefon."),
    ],
)
def test_a_screen_reads_as_people_text(language: str, node: str, line: str) -> None:
    assert line in MENU.language(language).words[node].text.splitlines()


@pytest.mark.parametrize("language", ["kk_Latn", "ru_Latn"])
def test_every_country_has_a_latin_name_by_which_it_is_found(language: str) -> None:
    countries = countries_of(MENU)
    for code, name in MENU.names.names[language].items():
        assert code in countries.find(name), name
        assert is_gsm7(name.translate({ord("’"): "'", ord("—"): "-"})), name


@pytest.mark.parametrize(
    ("answers", "place"),
    [
        (["1"], Place("kk", "main")),
        (["1", LETTERS], Place("kk_Latn", "main")),
        (["1", LETTERS, LETTERS], Place("kk", "main")),
        (["2", "9", LETTERS], Place("ru_Latn", "main")),
        (["2", LETTERS, "1"], Place("ru_Latn", "danger")),
        (["3"], Place("en", "main")),
        (["3", LETTERS], Place("en", "main")),
    ],
)
def test_one_key_leads_there_and_back(answers: list[str], place: Place) -> None:
    session = play(Screens(MENU, Budget()), answers)
    assert session.history[-1].place == place
    assert session.misses == (answers == ["3", LETTERS])


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ("1*8*2*1*1*1", "Bul sizdin kinaniz emes."),
        ("2*8*2*1*1*1", "Eto ne vasha vina."),
        ("1*8*3*2*1", "Jol aldyndagy kenester"),
        ("2*8*1*1*2*1*1", "politsiya 155, ne podtverzhdeno"),
        ("2*2*1*1*1", "Это не ваша вина."),
    ],
)
def test_an_sms_asked_for_on_a_screen_comes_in_its_letters(keys: str, says: str) -> None:
    screens = Screens(MENU, Budget(), lambda: LIBRARY)
    request = play(screens, keys.split("*")).request
    assert request
    message = screens.message_for(request)
    assert says in message
    assert is_gsm7(message) is (LETTERS in keys)


def test_without_the_table_no_menu_offers_them(tmp_path: Path) -> None:
    menus = copied_menus(tmp_path)
    (menus / "latin.yaml").unlink()
    assert faults_of(menus) == []
    menu = read_menu(menus)
    assert menu.latin == {}
    assert play(Screens(menu, Budget()), ["1", LETTERS]).misses == 1


def test_a_language_that_is_not_offered_is_not_offered_in_latin_letters() -> None:
    assert list(offering(MENU, ["en", "ru"]).latin) == ["ru_Latn"]
