"""When a message of the series may go out.

Quiet hours and days off are those of the people who get it: notices by SMS are
allowed from 09:00 to 21:00 on weekdays in Kazakhstan (rules of its operators, as
resellers tell them).
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

ALMATY = ZoneInfo("Asia/Almaty")
"""All of Kazakhstan keeps this time since March 2024."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The rules: from when to when, on which days, how far apart."""

    zone: ZoneInfo = ALMATY
    opens: time = time(9)
    closes: time = time(21)
    weekends: bool = False
    every_days: int = 2

    def allows(self, moment: datetime) -> bool:
        """Whether a message may be sent at this moment."""
        local = moment.astimezone(self.zone)
        day_on = self.weekends or local.weekday() < 5
        return day_on and self.opens <= local.time() < self.closes

    def closing(self, moment: datetime) -> datetime:
        """When the day of this moment closes: nothing waits until after it."""
        return datetime.combine(moment.astimezone(self.zone).date(), self.closes, self.zone)

    def next_after(self, moment: datetime) -> datetime:
        """When the next message is due: `every_days` later, once that is allowed.

        The hour of the day is kept, so that somebody who chose a safe hour to ask
        for the series gets it at that hour.
        """
        return self.first_from(self._same_hour_after(moment, self.every_days))

    def first_from(self, moment: datetime) -> datetime:
        """This moment, if it is allowed, else the next time that it opens."""
        while not self.allows(moment):
            local = moment.astimezone(self.zone)
            later_today = local.time() < self.opens
            day = local.date() if later_today else local.date() + timedelta(days=1)
            moment = datetime.combine(day, self.opens, self.zone)
        return moment

    def _same_hour_after(self, moment: datetime, days: int) -> datetime:
        local = moment.astimezone(self.zone)
        return datetime.combine(local.date() + timedelta(days=days), local.time(), self.zone)
