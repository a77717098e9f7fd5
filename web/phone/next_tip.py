"""The next tip of the series at once: a person who tries the phone need not wait for days."""

from dataclasses import replace
from datetime import time

from runtime.clock import utc_now
from runtime.encryption import Seal
from sms.bootstrap import SmsService
from sms.series import Subscriptions, run_due


class SkipToNextTip:
    """Does not wait for the next tip of the series, which is due in some days.

    Only this phone's clock is moved, and only in the simulator, where no tip reaches a
    person: so quiet hours and days off, which are for people, do not hold here.  All
    else is as ever: the same run queues the tip, the same outbox sends it once.
    """

    def __init__(self, sms: SmsService, seal: Seal) -> None:
        self._sms = sms
        self._calendar = replace(sms.calendar, opens=time.min, closes=time.max, weekends=True)
        self._subscriptions = Subscriptions(sms.redis, seal, self._calendar)

    async def next_tip(self, msisdn: str) -> bool:
        """Queue the next tip now; False if the series does not run.  Raises `RedisError`."""
        if not await self._subscriptions.bring_forward(msisdn, utc_now()):
            return False
        menu = self._sms.menu.current
        await run_due(self._subscriptions, self._sms.outbox, menu, self._calendar, utc_now)
        return True
