"""What the tests share: a real Redis-compatible server and the real service on it."""

import gc
import os
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from redis.asyncio import Redis

from main import read_menu
from menus.model import Menu
from runtime.embedded_redis import embedded_redis
from runtime.settings import Settings
from sms.outbox.outbox import Caps, Outbox
from tests.support import lanes
from tests.support.browser import chromium, watched_page
from tests.support.outboxes import SEAL
from tests.support.service import ANY_AGE, Service, running, short_folder
from tests.support.trees import copied_tree
from tests.support.worker_process import connect
from ussd.bootstrap import screens_of
from ussd.paging import Budget
from ussd.screens import Screens


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite", action="store_true", help="write the screens of tests/conversations anew"
    )


def pytest_configure(config: pytest.Config) -> None:
    refuse = "may_refuse(status, ...): HTTP refusals that this test provokes in `page`"
    for line in (refuse, *(f"{name}: {what}" for name, what in lanes.MARKERS.items())):
        config.addinivalue_line("markers", line)
    if config.getoption("cov_source"):
        os.environ["COVERAGE_PROCESS_START"] = str(Path(__file__).with_name("processes.coveragerc"))
        os.environ["COVERAGE_FILE"] = str(config.rootpath / ".coverage")
    lanes.watch()
    gc.disable()  # until all tests are found: they stay, and there is no rubbish among them


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What the tests are made of is not looked through for rubbish again."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        lanes.mark(item)
    lanes.sort_slowest_first(items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    with lanes.held(item):
        return (yield)


@pytest.fixture(scope="session")
def processes() -> None:
    """Whoever asks for it, at whatever remove, may start processes: see `lanes.py`."""


@pytest.fixture(scope="session")
def menu() -> Menu:
    return read_menu(Budget(), Settings.model_validate({}).menus_dir)


@pytest.fixture(scope="session")
def screens(menu: Menu) -> Screens:
    """On any day the same: no contact becomes too old."""
    return screens_of(Settings.model_validate({"contacts_oldest_days": ANY_AGE}), menu)


@pytest.fixture(scope="session")
def redis_url(processes: None) -> Iterator[str]:
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
    """A folder with data files without a fault, that no test changes."""
    with short_folder() as folder:
        yield copied_tree(folder)


@pytest.fixture
def tree() -> Iterator[Path]:
    """Such a folder, to be changed."""
    with short_folder() as folder:
        yield copied_tree(folder)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """An empty database of the shared server."""
    async with connect(f"{redis_url}?db=9") as client:
        await client.flushdb()
        yield client


@pytest.fixture
def caps() -> Caps:
    """Those of `outbox`; where they would be in the way, a test has its own."""
    return Caps()


@pytest.fixture
def outbox(redis: Redis, caps: Caps) -> Outbox:
    return Outbox(redis, SEAL, caps)


@pytest.fixture(scope="module")
def browser(processes: None) -> Iterator[Browser]:
    """Of a module, not of the whole run: the asynchronous tests need the thread back."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page in a fresh profile, watched: see `tests/support/browser.py`."""
    marker = request.node.get_closest_marker("may_refuse")
    with watched_page(browser, marker.args if marker else ()) as page:
        yield page
