"""What a caller agreed to on a screen: a text put in the outbox, or the series begun.

A caller waits for the answer, so it comes within `GRANT_SECONDS`, whatever Redis does;
and a dialled session may repeat itself, so the same consent has one effect.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from runtime.clock import utc_now
from runtime.redis_client import REDIS_ERRORS
from sms.answering import REPLY_WITHIN
from sms.outbox import Kind, Outbox, Put
from sms.requests import DialableRequest, Series
from sms.series import Subscriptions

GRANT_SECONDS = 1.5

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Consent:
    """What somebody agreed to.  `contact` names the dialled session: in one, the same
    wish is granted once.  `words`: the text that answers it; the series needs none.
    """

    contact: str
    msisdn: str = field(repr=False)
    wish: DialableRequest
    words: str = field(repr=False)

    @property
    def key(self) -> str:
        """Names the wish for good."""
        return f"agreed:{self.contact}:{self.wish}"


Grant = Callable[[Consent], Awaitable[bool]]
"""Carries out what was agreed to; says whether it was, now or before.  Never raises."""


class ConsentHandler:
    """Grants wishes through the outbox and the subscriptions."""

    def __init__(
        self,
        outbox: Outbox,
        subscriptions: Subscriptions,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._outbox = outbox
        self._subscriptions = subscriptions
        self._now = now

    async def grant(self, agreed: Consent) -> bool:
        """False: nothing is sure to come.  When Redis was late it may come all the same."""
        try:
            async with asyncio.timeout(GRANT_SECONDS):
                return await self._carried_out(agreed)
        except REDIS_ERRORS as error:
            log.error("granting: not carried out (%s)", type(error).__name__)
            return False

    async def _carried_out(self, agreed: Consent) -> bool:
        now, wish = self._now(), agreed.wish
        if not self._outbox.allows(agreed.msisdn):
            return False
        if isinstance(wish, Series):
            await self._subscriptions.begin(agreed.msisdn, wish.language, now, agreed.key)
            return True
        until = now + REPLY_WITHIN
        put = await self._outbox.put(
            agreed.key, agreed.msisdn, agreed.words, Kind.REPLY, now, until
        )
        return put in (Put.QUEUED, Put.ALREADY)
