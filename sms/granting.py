"""What a caller agreed to on a screen: a text put in the outbox, or the series begun.

A caller waits for the answer, so it comes within `GRANT_SECONDS`, whatever Redis does;
and a dialled session may repeat itself, so the same consent has one effect.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from redis.exceptions import RedisError

from sms.answering import REPLY_WITHIN
from sms.keywords import Granted, Series
from sms.letters import Kind
from sms.outbox import Outbox, Put
from sms.series import Subscriptions

GRANT_SECONDS = 1.5

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Agreed:
    """What somebody agreed to.  `contact` names the dialled session: in one, the same
    wish is granted once.  `words`: the text that answers it; the series needs none.
    """

    contact: str
    msisdn: str = field(repr=False)
    wish: Granted
    words: str = field(repr=False)

    @property
    def key(self) -> str:
        """Names the wish for good."""
        return f"agreed:{self.contact}:{self.wish}"


Grant = Callable[[Agreed], Awaitable[bool]]
"""Carries out what was agreed to; says whether it was, now or before.  Never raises."""


class Granting:
    """Grants wishes through the outbox and the subscriptions."""

    def __init__(
        self,
        outbox: Outbox,
        subscriptions: Subscriptions,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._outbox = outbox
        self._subscriptions = subscriptions
        self._now = now

    async def grant(self, agreed: Agreed) -> bool:
        """False: nothing is sure to come.  When Redis was late it may come all the same."""
        try:
            async with asyncio.timeout(GRANT_SECONDS):
                return await self._carried_out(agreed)
        except (RedisError, OSError, TimeoutError) as error:
            log.error("granting: not carried out (%s)", type(error).__name__)
            return False

    async def _carried_out(self, agreed: Agreed) -> bool:
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
