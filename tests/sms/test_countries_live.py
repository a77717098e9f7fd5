"""The names of countries follow their file, as the rest of the menu does."""

from pathlib import Path

import pytest

from menus.live import LiveMenu
from menus.model import Menu
from menus.versions import VersionStore
from sms.content import Content
from sms.embassy_reply import CountryDirectory
from sms.understanding.country_search import countries_of
from tests.support.menus_read import read_once
from tests.support.mistakes import NEW_LABEL
from tests.support.phones import texted_service
from tests.support.trees import copied_menus, edit, until

NICKNAME = "Zembla"
ALIASES = "  TR: [Turkey, "


@pytest.fixture
def menus(tmp_path: Path) -> Path:
    return copied_menus(tmp_path)


def nickname(menus: Path) -> None:
    """Give Turkey one more name."""
    edit(menus / "countries.yaml", ALIASES, f"{ALIASES}{NICKNAME}, ")


def test_a_new_name_is_known_with_the_version_that_has_it(menus: Path) -> None:
    live = LiveMenu(menus, read_once, VersionStore(menus.parent / "shelf", read_once))
    before = live.current
    nickname(menus)
    live.reload()
    assert live.current.version != before.version
    assert countries_of(before).find(NICKNAME) == ()
    assert countries_of(live.current).find(NICKNAME) == ("TR",)
    directory = CountryDirectory(countries_of(live.current))
    assert "Turkey" in Content(live.current, lambda: directory).preview(f"EMBASSY {NICKNAME}")


def test_versions_with_the_same_names_share_what_is_built_of_them(menus: Path) -> None:
    before = read_once(menus)
    edit(menus / "en.yaml", NEW_LABEL, f"{NEW_LABEL}New ")
    after = read_once(menus)
    assert after.version != before.version
    assert countries_of(after) is countries_of(before)


def test_a_version_is_prepared_before_it_is_in_force(menus: Path) -> None:
    seen: list[tuple[Menu, Menu]] = []
    shelf = VersionStore(menus.parent / "shelf", read_once)
    live = LiveMenu(menus, read_once, shelf, prepare=lambda menu: seen.append((menu, live.current)))
    before = live.current
    nickname(menus)
    live.reload()
    live.reload()
    assert seen == [(live.current, before)]


@pytest.mark.usefixtures("processes")
def test_a_running_service_understands_a_new_name_without_a_restart(menus: Path) -> None:
    with texted_service(KOMEK_MENUS_DIR=str(menus)) as phones:
        base, http = phones.service.base, phones.service.http

        def version() -> str:
            return str(http.get(f"{base}/readyz").json()["menu"])

        before = version()
        phones.text("+77010000001", f"EMBASSY {NICKNAME}")
        [asks] = phones.inbox("+77010000001", 1)
        assert not asks.startswith("Turkey\n")
        nickname(menus)
        until(lambda: version() != before, "the new name is in force")
        phones.text("+77010000002", f"EMBASSY {NICKNAME}")
        [answer] = phones.inbox("+77010000002", 1)
        assert answer.startswith("Turkey\n")
