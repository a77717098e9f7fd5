"""Operators with a token and a role of their own, over HTTP: what each may do and see."""

import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from runtime.clock import utc_today
from tests.support.operators import csrf_of, entered, operator, posted, visitor, words
from tests.support.service import OPERATOR_TOKEN, Service, running
from tests.support.trees import copied_menus
from tests.web.test_authentication import led_to_the_door, made_pages
from web.auth.attempts import ATTEMPTS
from web.auth.roster import Role, Roster

WORDS = "/operator/words/en/danger"
CONTACT = "kz-abroad-ua-kyiv-embassy"
ADDRESS = "192.0.2.1"


@dataclass(frozen=True)
class House:
    """A service, the folder of its menu, and its operators with their tokens."""

    service: Service
    menus: Path
    tokens: dict[Role, str]

    @property
    def roster(self) -> Roster:
        return Roster(roster_of(self.service))

    @contextmanager
    def inside(self, role: Role) -> Iterator[httpx.Client]:
        with visitor(self.service.base, ADDRESS) as client:
            assert entered(client, self.tokens[role], name="").status_code == 303
            yield client


def roster_of(service: Service) -> Path:
    return service.log.parent / "operators.jsonl"


def name_of(role: Role) -> str:
    return f"Әсел {role}"


@pytest.fixture(scope="module")
def house(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    menus = copied_menus(tmp_path_factory.mktemp("roles"))
    with running(redis_url, KOMEK_MENUS_DIR=str(menus)) as service:
        roster = Roster(roster_of(service))
        tokens = {role: roster.add(name_of(role), role, utc_today()) for role in Role}
        yield House(service, menus, tokens)


# --- What a role may do ---------------------------------------------------------------


def changing(tmp_path: Path) -> dict[str, Role]:
    """Every address of the operator's pages that takes a form, and whose it is."""
    app = made_pages(tmp_path)
    assert isinstance(app, FastAPI)
    found: dict[str, dict[str, object]] = app.openapi()["paths"]
    posts = [path for path, of in found.items() if path.startswith("/operator") and "post" in of]
    ours = set(posts) - {"/operator/enter", "/operator/leave"}
    return {each: Role.WORDS if "/words/" in each else Role.CONTACTS for each in ours}


@pytest.mark.filterwarnings("ignore:Duplicate Operation ID")
@pytest.mark.parametrize("role", Role)
def test_every_change_is_refused_to_whom_it_is_not_allowed(
    house: House, tmp_path: Path, role: Role
) -> None:
    found = changing(tmp_path)
    assert {*found.values()} == {Role.WORDS, Role.CONTACTS}
    with house.inside(role) as client:
        csrf = csrf_of(client)
        for path, change in found.items():
            address = path.format(code="en", name="danger", id_=CONTACT)
            answer = client.post(address, data={"csrf": csrf, "do": "check"})
            if role.may(change):
                assert answer.status_code != 403 or "role" not in answer.text, address
            else:
                assert answer.status_code == 403, address
                assert "Your role does not allow this. Nothing was changed." in words(answer.text)


@pytest.mark.parametrize("role", Role)
def test_a_page_shows_what_its_reader_may_do(house: House, role: Role) -> None:
    with house.inside(role) as client:
        edit, contact = client.get(WORDS).text, client.get(f"/operator/contacts/{CONTACT}").text
        calls, listed = (
            client.get("/operator/contacts/calls").text,
            client.get("/operator/contacts").text,
        )
        node = client.get("/operator/menu/danger").text
        importing = client.get("/operator/contacts/import").status_code
    shown = [
        'value="publish"' in edit,
        " readonly" not in edit,
        'href="/operator/words/en/danger"' in node,
    ]
    assert shown == [role.may("words")] * 3
    shown = [
        'name="outcome"' in contact,
        'name="outcome"' in calls,
        "/operator/contacts/import" in listed,
        importing == 200,
    ]
    assert shown == [role.may("contacts")] * 4
    assert f"Signed in as {name_of(role)} (may " in words(edit)


def test_everybody_may_look_everywhere(house: House) -> None:
    with house.inside(Role.READ) as client:
        for page in ("menu", "words", "words/history", "contacts", "figures", "health"):
            assert client.get(f"/operator/{page}").status_code == 200, page
        assert "Publish" not in client.get(f"{WORDS}/history").text


# --- Who made a change ----------------------------------------------------------------


def edited(client: httpx.Client, text: str) -> httpx.Response:
    form = client.get(WORDS).text
    was = html.unescape(re.findall(r'name="was" value="([^"]*)"', form)[0])
    fields = {
        f"words.{key}": "\n".join(v) if isinstance(v, list) else v
        for key, v in json.loads(was).items()
    }
    return posted(client, WORDS, was=was, do="publish", **{**fields, "words.label": text})


def test_words_are_signed_by_who_published_them(house: House) -> None:
    with house.inside(Role.WORDS) as client:
        assert edited(client, "In danger now").status_code == 303
        assert name_of(Role.WORDS) in client.get("/operator/words/history").text


def test_a_call_is_signed_by_who_noted_it_whatever_is_typed(house: House) -> None:
    page = f"/operator/contacts/{CONTACT}"
    typed = {"by": "Somebody else", "source": "the consul answered", "on": "2026-11-20"}
    with house.inside(Role.CONTACTS) as client:
        assert 'name="by"' not in client.get(page).text
        assert posted(client, page, outcome="unanswered").status_code == 303
        assert posted(client, page, outcome="verified", **typed).status_code == 303
        text = words(client.get(page).text)
    rows = (house.menus / "contacts.csv").read_text("utf-8").splitlines()
    [row] = [each for each in rows if each.startswith(f"{CONTACT},")]
    assert name_of(Role.CONTACTS) in row
    assert "Somebody else" not in row + text
    noted = re.findall(rf"UTC · {name_of(Role.CONTACTS)} · ([a-z ]+)", text)
    assert [each.strip()[:8] for each in noted] == ["verified", "no answe"]


def test_a_list_is_signed_by_who_took_it_over(house: House) -> None:
    table = (house.menus / "contacts.csv").read_text("utf-8").splitlines()
    row = next(each for each in table if each.startswith(f"{CONTACT},"))
    pasted = f"{table[0]}\n{row.replace('Kyiv', 'Kiev')}\n"
    with house.inside(Role.ALL) as client:
        shown = posted(client, "/operator/contacts/import", pasted=pasted).text
        carried = dict(re.findall(r'name="(list|made_for)" value="([^"]*)"', shown))
        assert posted(client, "/operator/contacts/import/apply", **carried).status_code == 303
        page = words(client.get(f"/operator/contacts/{CONTACT}").text)
    assert f"{name_of(Role.ALL)} · taken over with a list" in page


# --- Who enters -----------------------------------------------------------------------


def test_who_has_a_token_needs_no_name_and_gets_no_other(house: House) -> None:
    with visitor(house.service.base, ADDRESS) as client:
        assert entered(client, house.tokens[Role.READ], name="The director").status_code == 303
        page = words(client.get("/operator/menu").text)
    assert f"Signed in as {name_of(Role.READ)} " in page
    assert "The director" not in page


@pytest.mark.parametrize("name", ["Әсел words", " әсел  WORDS ", "Әсел ｗords"])
def test_the_shared_token_takes_nobodys_name(house: House, name: str) -> None:
    with visitor(house.service.base, ADDRESS) as client:
        answer = entered(client, name=name)
        assert answer.status_code == 422
        assert "the name of somebody who has a token of their own" in words(answer.text)
        assert led_to_the_door(client.get("/operator/menu"))


def test_a_name_that_becomes_somebodys_is_nobody_elses_from_then_on(house: House) -> None:
    with operator(house.service.base, "Dana") as client:
        assert client.get("/operator/menu").status_code == 200
        house.roster.add("Dana", Role.READ, utc_today())
        assert led_to_the_door(client.get("/operator/menu"))


def test_who_is_removed_is_out_at_once_and_a_new_token_is_another(house: House) -> None:
    token = house.roster.add("Ержан", Role.WORDS, utc_today())
    with visitor(house.service.base, ADDRESS) as client:
        entered(client, token)
        assert client.get(WORDS).status_code == 200
        assert house.roster.remove("Ержан")
        assert led_to_the_door(client.get(WORDS))
        assert entered(client, token).status_code == 403
        house.roster.add("Ержан", Role.ALL, utc_today())
        assert led_to_the_door(client.get(WORDS))
        assert entered(client, token).status_code == 403


def test_wrong_tokens_of_one_address_shut_out_nobody_elsewhere(house: House) -> None:
    with visitor(house.service.base, "192.0.2.66") as client:
        said = [entered(client, "wrong").status_code for _ in range(ATTEMPTS + 1)]
        assert said == [403] * ATTEMPTS + [429]
    for role in Role:
        with house.inside(role) as client:
            assert client.get("/operator/menu").status_code == 200


def test_no_token_is_kept_or_told(house: House) -> None:
    files = [each for each in house.service.log.parent.rglob("*") if each.is_file()]
    assert roster_of(house.service) in files
    kept = b"".join(each.read_bytes() for each in files)
    assert not [token for token in house.tokens.values() if token.encode() in kept]
    assert roster_of(house.service).stat().st_mode & 0o777 == 0o600


def test_operators_alone_open_the_pages_without_a_shared_token(
    redis_url: str, tmp_path: Path
) -> None:
    secrets_ = {"KOMEK_OPERATOR_TOKEN": "", "KOMEK_OPERATORS_FILE": str(tmp_path / "operators")}
    account = {"KOMEK_AT_USERNAME": "sandbox", "KOMEK_AT_API_KEY": "k" * 30}
    key = {"KOMEK_DATA_KEY": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="}
    settings = {"KOMEK_GATEWAY": "africastalking", **secrets_, **account, **key}
    with running(redis_url, **settings) as service, visitor(service.base, ADDRESS) as client:
        assert client.get("/operator/enter").status_code == 404
        token = Roster(tmp_path / "operators").add("Aigul", Role.READ, utc_today())
        form = client.get("/operator/enter").text
        assert 'name="token"' in form
        assert 'name="name"' not in form
        assert entered(client, OPERATOR_TOKEN).status_code == 403
        assert entered(client, token).status_code == 303
        assert client.get("/operator/menu").status_code == 200


def test_a_file_with_a_fault_lets_nobody_in_and_is_told_once(
    redis_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "operators"
    token = Roster(file).add("Aigul", Role.ALL, utc_today())
    with (
        running(redis_url, KOMEK_OPERATORS_FILE=str(file)) as service,
        visitor(service.base, ADDRESS) as client,
    ):
        assert entered(client, token).status_code == 303
        file.write_text(file.read_text("utf-8") + '{"name": "x"}\n', "utf-8")
        for _ in range(3):
            assert led_to_the_door(client.get("/operator/menu"))
        assert entered(client, token).status_code == 403
        assert entered(client).status_code == 303, "the shared one opens"
        lines = [each for each in service.log.read_text("utf-8").splitlines() if "own:" in each]
    assert len(lines) == 1
    assert f"{file}:2:" in lines[0]
