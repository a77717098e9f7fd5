"""Words edited in the browser, over HTTP: seen by callers, undone, never overwritten."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.operators import operator, words
from tests.support.service import Service, new_session, running
from tests.support.trees import copied_menus, edit, until
from ussd.screens import Place, Screens

PAGE = "/operator/words/en/escaped"
IN_DANGER = "3*1"
"""English, in danger: the screen that lists the label."""
KEYS = ("label", "text", "keywords")


@pytest.fixture(scope="module")
def menus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied_menus(tmp_path_factory.mktemp("words"))


@pytest.fixture(scope="module")
def service(redis_url: str, menus: Path) -> Iterator[Service]:
    with running(redis_url, KOMEK_MENUS_DIR=str(menus)) as service:
        yield service


@pytest.fixture
def desk(service: Service, menus: Path) -> Iterator["Operator"]:
    """An operator; what they publish is gone from the files afterwards."""
    before = {path: path.read_bytes() for path in menus.iterdir()}
    with entered(service.base, "Aigul") as somebody:
        yield somebody
    for path, content in before.items():
        if path.read_bytes() != content:
            path.write_bytes(content)


class Operator:
    """Somebody who came in, and the forms of the pages that they have open."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def opened(self, page: str = PAGE) -> dict[str, str]:
        response = self.http.get(page)
        assert response.status_code == 200, response.text
        return fields_of(response.text)

    def sends(self, form: dict[str, str], page: str = PAGE, **typed: str) -> httpx.Response:
        words = {f"words.{key}": said for key, said in typed.items() if key in KEYS}
        return self.http.post(page, data={**form, "do": typed.get("do", "publish"), **words})

    def publishes(self, page: str = PAGE, **typed: str) -> httpx.Response:
        response = self.sends(self.opened(page), page, **typed)
        assert response.status_code == 303, response.text
        return self.http.get(response.headers["location"])


@contextmanager
def entered(base: str, name: str) -> Iterator[Operator]:
    with operator(base, name) as http:
        yield Operator(http)


def fields_of(page: str, nth: int = -1) -> dict[str, str]:
    """What the form of the words holds, as a browser would send it."""
    form = re.findall(
        rf'<form[^>]*action="{PAGE}"[^>]*>.*?</form>|<form[^>]*id="words".*?</form>', page, re.S
    )[nth]
    found = re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form)
    found += re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>([^<]*)</textarea>', form)
    return {name: html.unescape(value) for name, value in found}


def test_words_are_published_seen_by_callers_and_undone(
    service: Service, desk: Operator, menus: Path
) -> None:
    before = (menus / "en.yaml").read_bytes()
    session = new_session()
    old = service.hop(session, IN_DANGER)

    page = desk.publishes(label="<script>alert(1)</script>", text="Go.\r\n\r\nCall {hotline}")
    assert page.status_code == 200
    assert "Published" in page.text
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert "2 <script>" in service.hop(new_session(), IN_DANGER)
    assert service.hop(session, IN_DANGER) == old, "who is in a call ends on the old words"

    history = desk.http.get(f"{PAGE}/history").text
    assert "Aigul" in history
    assert "<del>" in history
    undo = desk.sends(fields_of(history))
    assert undo.status_code == 303
    assert service.hop(new_session(), IN_DANGER) == old
    assert (menus / "en.yaml").read_bytes() == before
    everything = desk.http.get("/operator/words/history").text
    assert everything.count("Aigul ·") >= 2


STATEMENT = "/operator/words/en/checklist.visa"


def test_a_statement_of_a_checklist_is_edited_like_other_words(
    service: Service, desk: Operator, menus: Path
) -> None:
    before = (menus / "en.yaml").read_bytes()
    form = fields_of(desk.http.get(STATEMENT).text)
    assert form["words.says"] == "I have a work visa, not a tourist visa"
    assert STATEMENT in desk.http.get("/operator/menu/checklist").text
    assert STATEMENT in desk.http.get("/operator/words").text

    too_long = {**form, "do": "publish", "words.says": "Visa " * 40}
    refused = desk.http.post(STATEMENT, data=too_long)
    assert refused.status_code == 422
    assert "of 160 units (GSM-7): shorten it" in refused.text
    assert (menus / "en.yaml").read_bytes() == before

    said = {"words.says": "My visa is a work visa", "words.to_do": "Ask the embassy for a visa"}
    seen = desk.http.post(f"{STATEMENT}/preview", data={**form, **said}).text
    assert "8/10\nMy visa is a work visa\n1 Yes" in seen
    assert "Before you leave:\nAsk the embassy for a visa" in seen
    answer = desk.http.post(STATEMENT, data={**form, **said, "do": "publish"})
    assert answer.status_code == 303, answer.text
    assert "My visa is a work visa" in service.hop(new_session(), "3*3*1" + "*1" * 7)
    assert "Ask the embassy for a visa" in service.hop(new_session(), "3*3*1" + "*1" * 7 + "*2*1*1")
    assert "checklist.visa" in desk.http.get("/operator/words/history").text


def test_a_faulty_edit_is_refused_and_kept_on_the_page(desk: Operator, menus: Path) -> None:
    before = (menus / "en.yaml").read_bytes()
    typed = {"label": "L" * 150, "text": "Call {nope}\n\nIt’s", "keywords": "HELP\nRAN"}
    response = desk.sends(desk.opened(), **typed)
    assert response.status_code == 422
    for what in ("has no number", "GSM-7", "reads like", "shorten it"):
        assert what in response.text
    kept = fields_of(response.text)
    assert {key: kept[f"words.{key}"] for key in KEYS} == typed
    assert (menus / "en.yaml").read_bytes() == before


def test_a_preview_shows_the_latin_letters_too(desk: Operator, screens: Screens) -> None:
    text = html.unescape(desk.http.get("/operator/words/ru/violence").text)
    for code, name in (("ru", "Русский"), ("ru_Latn", "Русский (Latinitsa)")):
        assert f'<h3 lang="{code.replace("_", "-")}">{name}</h3>' in text
        for page in screens.view(Place(code, "violence")).pages():
            assert f">{page.shown}</p>" in text
    listed = desk.http.get("/operator/words").text
    counts = [screens.page_count(Place(code, "violence")) for code in ("ru", "ru_Latn")]
    assert "Screens: {}, in Latin letters {}".format(*counts) in words(listed)


def test_languages_have_their_own_names_and_follow_the_setting(redis_url: str) -> None:
    with running(redis_url, KOMEK_LANGUAGES="tg,kk") as service, operator(service.base) as http:
        listed = words(http.get("/operator/words?language=en").text)
        names = ("Тоҷикӣ", "Қазақша", "Русский", "English", "O'zbekcha", "Кыргызча")
        places = [listed.index(f"{name} not read by") for name in names]
        assert places[:2] == sorted(places)[:2]
        assert listed.count("not offered to callers") == 4
        assert re.search("Қазақша Русский English .*Words", listed), "those of the pages"
        assert "not offered this language" in http.get("/operator/words/en/danger").text
        assert "Кыргызча" in http.get("/operator/words/tg/danger").text
        tree = words(http.get("/operator/menu").text)
        assert tree.index("Тоҷикӣ tg") < tree.index("Қазақша kk")
        assert "Русский" not in tree.split("Read by native speakers")[1]


@pytest.mark.parametrize("way", ["", "/preview"])
def test_a_check_writes_nothing(desk: Operator, menus: Path, way: str) -> None:
    before = (menus / "en.yaml").read_bytes()
    response = desk.sends(desk.opened(), f"{PAGE}{way}", text="Call {hotline}", do="check")
    assert response.status_code == 200
    assert "No faults" in response.text
    assert re.search(r"Call 11616\n1 .*SMS\n0 Back", response.text)
    assert ("<html" in response.text) == (way == "")
    assert (menus / "en.yaml").read_bytes() == before


def test_the_second_of_two_sees_both_and_decides(service: Service, desk: Operator) -> None:
    with entered(service.base, "Bolat") as other:
        mine = desk.opened()
        other.publishes(label="Theirs")
        told = desk.sends(mine, label="Mine")
        assert told.status_code == 409
        for words in ("I got away", "Theirs", "Mine"):
            assert words in told.text
        assert "2 Theirs" in service.hop(new_session(), IN_DANGER)
        again = desk.sends(fields_of(told.text))
        assert again.status_code == 303
    assert "2 Mine" in service.hop(new_session(), IN_DANGER)


def test_an_edit_by_hand_counts_as_an_editor(desk: Operator, menus: Path) -> None:
    mine = desk.opened()
    edit(menus / "en.yaml", "label: I got away", "label: By hand")
    told = desk.sends(mine, label="Mine")
    assert told.status_code == 409
    assert "By hand" in told.text
    desk.sends(fields_of(told.text))
    assert "By hand" in desk.http.get(f"{PAGE}/history").text


def test_a_file_that_somebody_broke_is_shown_and_can_be_mended(
    service: Service, desk: Operator, menus: Path
) -> None:
    edit(menus / "en.yaml", "label: I got away", "label: I got {away}")
    until(lambda: "I got {away}" not in service.hop(new_session(), IN_DANGER), "good words stay")
    until(lambda: "is refused" in desk.http.get("/operator/words").text, "the list tells")
    offer = "/operator/words/en/offer"
    held_up = desk.sends(desk.opened(offer), offer, label="New")
    assert held_up.status_code == 422
    assert "Faults elsewhere" in held_up.text
    desk.publishes(label="I got away now")
    assert "2 I got away now" in service.hop(new_session(), IN_DANGER)


def test_a_file_that_is_no_yaml_is_told_on_every_page(desk: Operator, menus: Path) -> None:
    mine = desk.opened()
    (menus / "en.yaml").write_text("nodes: [", encoding="utf-8")
    for page in ("/operator/words", PAGE, f"{PAGE}/history", "/operator/words/ru/escaped"):
        assert desk.http.get(page).status_code == 200, page
    assert "not YAML" in desk.http.get(PAGE).text
    told = desk.sends(mine, label="Mine")
    assert told.status_code in (409, 422)
    assert fields_of(told.text)["words.label"] == "Mine"


def test_every_section_has_its_page(desk: Operator) -> None:
    listed = desk.http.get("/operator/words").text
    pages = set(re.findall(r'href="(/operator/words/\w+/[\w.]+)"', listed))
    assert len(pages) == 3 * (listed.count('class="card"'))
    for page in ("/operator/words/kk/all.sms", "/operator/words/ru/all.phrases", PAGE):
        assert page in pages
        assert desk.http.get(page).status_code == 200


@pytest.mark.parametrize(
    "page",
    ["/operator/words/en/nothing", "/operator/words/tree/main", "/operator/words/xx/main",
     "/operator/words/..%2Fen/main", "/operator/words/en/nothing/history"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(desk: Operator, page: str) -> None:
    assert desk.http.get(page).status_code == 404


def test_nothing_without_the_door_or_its_token(service: Service, desk: Operator) -> None:
    form = desk.opened()
    for page in ("/operator/words", "/operator/words/history", PAGE, f"{PAGE}/history"):
        response = service.http.get(f"{service.base}{page}")
        assert response.status_code == 303, page
    for page in (PAGE, f"{PAGE}/preview"):
        assert desk.sends({**form, "csrf": "forged"}, page).status_code == 403
        assert service.http.post(f"{service.base}{page}", data=form).status_code == 303


def test_far_too_long_words_are_not_even_tried(desk: Operator) -> None:
    response = desk.sends(desk.opened(), text="word " * 5000)
    assert response.status_code == 422
    assert "far too long" in response.text


def test_two_services_on_one_folder_follow_each_other(redis_url: str, tmp_path: Path) -> None:
    menus = str(copied_menus(tmp_path))
    with (
        running(redis_url, KOMEK_MENUS_DIR=menus) as one,
        running(redis_url, KOMEK_MENUS_DIR=menus) as two,
    ):
        with entered(one.base, "Aigul") as somebody:
            somebody.publishes(label="From one")
        until(lambda: "2 From one" in two.hop(new_session(), IN_DANGER), "the other follows")
        with entered(two.base, "Bolat") as somebody:
            somebody.publishes(label="From two")
        until(lambda: "2 From two" in one.hop(new_session(), IN_DANGER), "the first follows")
