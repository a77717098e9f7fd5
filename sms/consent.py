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
from sms.outbox import AGREED, MessageKind, Outbox, Outgoing, PutResult
from sms.requests import DialableRequest, Series
from sms.series import Subscriptions
from sms.text_handler import REPLY_WITHIN

FULFIL_SECONDS = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Consent:
    """What a caller agreed to.  In one session the same request is fulfilled once.
    `words`: the text that answers it; the series needs none.
    """

    session_id: str
    msisdn: str = field(repr=False)
    request: DialableRequest
    words: str = field(repr=False)

    @property
    def key(self) -> str:
        """Names the request of this session in the outbox."""
        return f"agreed:{self.session_id}:{self.request}"


Fulfil = Callable[[Consent, str], Awaitable[bool]]
"""Carries out what was agreed to by a gateway; says whether it was, now or before.  Never
raises.
"""


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

    async def fulfil(self, consent: Consent, gateway: str) -> bool:
        """Text who dialled by this gateway.  False: nothing is sure to come.  When Redis was
        late it may come all the same.
        """
        if not self._outbox.allows(consent.msisdn):
            return False
        try:
            async with asyncio.timeout(FULFIL_SECONDS):
                return await self._put(consent, gateway) is not PutResult.CAPPED
        except REDIS_ERRORS as error:
            log.error("consent: not carried out (%s)", type(error).__name__)
            return False

    async def _put(self, consent: Consent, gateway: str) -> PutResult:
        """In one step of Redis, which the key lets happen once."""
        key, msisdn, request, now = consent.key, consent.msisdn, consent.request, self._now()
        if isinstance(request, Series):
            act = self._subscriptions.begin_act(msisdn, request.language, gateway, now)
            return await self._outbox.put_chosen(key, act, {}, now, msisdn)
        until = now + REPLY_WITHIN
        reply = Outgoing(key, msisdn, consent.words, MessageKind.REPLY, until, gateway, AGREED)
        return await self._outbox.put(reply, now)
