"""Dialled sessions put together, by the settings."""

from collections.abc import Callable
from datetime import date
from functools import lru_cache, partial
from typing import TypeVar

from menus.live import AT_HAND
from menus.model import Menu
from runtime.clock import utc_now
from runtime.settings import Settings
from sms.bootstrap import directory_of
from ussd.paging import Budget
from ussd.screens import Screens

ScreensOf = Callable[[Menu], Screens]
"""Any menu as phones show it today."""

T = TypeVar("T")


def budget_of(settings: Settings) -> Budget:
    return Budget(settings.ussd_septets, settings.ussd_units)


def screens_of(settings: Settings, menu: Menu) -> Screens:
    """The menu as phones show it today."""
    return Screens(menu, budget_of(settings), partial(directory_of, settings, menu))


def cached_per_day(of: Callable[[Menu], T]) -> Callable[[Menu], T]:
    """Makes it once for a menu and a day (UTC): what may be sent today, may not be
    tomorrow.
    """

    @lru_cache(maxsize=AT_HAND)
    def made(menu: Menu, _today: date) -> T:
        return of(menu)

    return lambda menu: made(menu, utc_now().date())
