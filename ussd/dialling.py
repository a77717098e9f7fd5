"""Dialled sessions put together, by the settings."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache, partial

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from menus.live import AT_HAND
from menus.model import Menu
from sms.settings import Settings
from sms.texting import library_of
from ussd.paging import Budget
from ussd.screens import Screens
from ussd.sessions import REDIS_SECONDS

ScreensOf = Callable[[Menu], Screens]
"""Any menu as phones show it today."""


def budget_of(settings: Settings) -> Budget:
    return Budget(settings.ussd_septets, settings.ussd_units)


def screens_of(settings: Settings, menu: Menu) -> Screens:
    """The menu as phones show it today."""
    return Screens(menu, budget_of(settings), partial(library_of, settings, menu))


def kept_for_the_day(screens_of: ScreensOf) -> ScreensOf:
    """Makes them once for a menu and a day (UTC): what may be sent today, may not be
    tomorrow.
    """

    @lru_cache(maxsize=AT_HAND)
    def made(menu: Menu, _today: date) -> Screens:
        return screens_of(menu)

    return lambda menu: made(menu, datetime.now(UTC).date())


def connect(url: str) -> Redis:
    """A client that asks once and does not wait: a hop is answered without it."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=16,
        timeout=REDIS_SECONDS,  # for a connection, when all are busy
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )
    return Redis(connection_pool=pool)
