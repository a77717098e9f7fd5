"""What the tests share: a real Redis-compatible server and the real service on it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from main import read_menu
from menus.model import Menu
from sms.embedded_redis import embedded_redis
from sms.settings import Settings
from tests.browser import chromium, watched_page
from tests.service import Service, running, short_folder
from ussd.paging import Budget
from ussd.screens import Screens


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite", action="store_true", help="write the screens of tests/conversations anew"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "may_refuse(status, ...): HTTP refusals that this test provokes in `page`"
    )


@pytest.fixture(scope="session")
def menu() -> Menu:
    return read_menu(Budget(), Settings.model_validate({}).menus_dir)


@pytest.fixture(scope="session")
def screens(menu: Menu) -> Screens:
    return Screens(menu, Budget())


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The address of a server that all tests of a run share."""
    with short_folder() as folder, embedded_redis(folder) as url:
        yield url


@pytest.fixture(scope="session")
def service(redis_url: str) -> Iterator[Service]:
    """`main.py serve` as its own process on the shared server."""
    with running(redis_url) as service:
        yield service


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of a module, not of the whole run: the asynchronous tests need the thread back."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page in a fresh profile, watched: see `tests/browser.py`."""
    marker = request.node.get_closest_marker("may_refuse")
    with watched_page(browser, marker.args if marker else ()) as page:
        yield page
