"""What the tests share: a real Redis-compatible server and the real service on it."""

from collections.abc import Iterator

import pytest

from main import read_menu, screens_of
from menus.model import Menu
from sms.embedded_redis import embedded_redis
from sms.settings import Settings
from tests.service import ANY_AGE, Service, running, short_folder
from ussd.paging import Budget
from ussd.screens import Screens


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite", action="store_true", help="write the screens of tests/conversations anew"
    )


@pytest.fixture(scope="session")
def menu() -> Menu:
    return read_menu(Budget(), Settings.model_validate({}).menus_dir)


@pytest.fixture(scope="session")
def screens(menu: Menu) -> Screens:
    """On any day the same: no contact becomes too old."""
    return screens_of(Settings.model_validate({"contacts_oldest_days": ANY_AGE}), menu)


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
