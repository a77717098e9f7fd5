"""What the tests share: a real Redis-compatible server and the real service on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from main import read_menu
from menus.model import Menu
from sms.embedded_redis import embedded_redis
from sms.settings import Settings
from tests.service import Service, running, short_folder
from tests.trees import copied_tree
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
def good() -> Iterator[Path]:
    """A copy of the repository's files without a fault, that no test changes."""
    with short_folder() as folder:
        yield copied_tree(folder)


@pytest.fixture
def tree() -> Iterator[Path]:
    """A copy to be changed."""
    with short_folder() as folder:
        yield copied_tree(folder)
