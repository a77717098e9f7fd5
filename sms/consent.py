"""What a caller agreed to on a screen: a text put in the outbox, or the series begun.

A caller waits for the answer, so it comes within `FULFIL_SECONDS`, whatever Redis does;
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
from sms.outbox import Kind, Outbox, PutResult
from sms.requests import DialableRequest, Series
from sms.series import Subscriptions

FULFIL_SECONDS = 1.5

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


Fulfil = Callable[[Consent], Awaitable[bool]]
"""Carries out what was agreed to; says whether it was, now or before.  Never raises."""


class ConsentHandler:
    """Fulfils requests through the outbox and the subscriptions."""

    def __init__(
        self,
        outbox: Outbox,
        subscriptions: Subscriptions,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._outbox = outbox
        self._subscriptions = subscriptions
        self._now = now

    async def fulfil(self, consent: Consent) -> bool:
        """False: nothing is sure to come.  When Redis was late it may come all the same."""
        try:
            async with asyncio.timeout(FULFIL_SECONDS):
                return await self._fulfil(consent)
        except REDIS_ERRORS as error:
            log.error("consent: not carried out (%s)", type(error).__name__)
            return False

    async def _fulfil(self, consent: Consent) -> bool:
        now, wish = self._now(), consent.wish
        if not self._outbox.allows(consent.msisdn):
            return False
        if isinstance(wish, Series):
            await self._subscriptions.begin(consent.msisdn, wish.language, now, consent.key)
            return True
        until = now + REPLY_WITHIN
        put = await self._outbox.put(
            consent.key, consent.msisdn, consent.words, Kind.REPLY, now, until
        )
        return put in (PutResult.QUEUED, PutResult.ALREADY)
