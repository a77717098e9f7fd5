"""One message in, at most one reply out.

What a text wishes is understood (`keywords`), acted on where it asks for more than
words (STOP, the series), put into words (`replies`), and handed to the outbox under
the text's own id, so that a repetition of it is answered once.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache

from redis.asyncio import Redis

from menus.live import AT_HAND, LiveMenu
from menus.model import Menu
from runtime.clock import utc_now
from runtime.encryption import Seal
from sms.gateways import Inbound
from sms.outbox import Kind, Outbox, PutResult
from sms.replies import Library, already, reply_to
from sms.requests import Confirm, NodeRequest, Request, Series, Stop, Unknown
from sms.series import Subscriptions
from sms.understanding import Vocabulary, countries_of, understand, vocabulary_of
from sms.unknown_words import UnknownWords

REPLY_WITHIN = timedelta(minutes=15)
"""A reply that comes later may come to other hands."""
UNKNOWN_AN_HOUR = 2
"""Replies to words that mean nothing: two machines that answer each other fall silent."""


class UnknownTextLimiter:
    """How often each number has lately sent words that mean nothing.  Kept an hour."""

    def __init__(self, redis: Redis, seal: Seal) -> None:
        self._redis = redis
        self._seal = seal

    async def may_be_answered(self, msisdn: str) -> bool:
        """Count one more, and say whether it still gets an answer."""
        key = f"sms:unknown:{self._seal.index(msisdn)}"
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.incr(key)
            pipe.expire(key, timedelta(hours=1), nx=True)
            count, _ = await pipe.execute()
        return int(count) <= UNKNOWN_AN_HOUR


class Answering:
    """Answers texts by the menu in force.

    Every method raises `RedisError` when Redis does not answer, and may then be
    called again: the same key is answered once.
    """

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        menu: LiveMenu,
        library: Callable[[Menu], Library],
        outbox: Outbox,
        subscriptions: Subscriptions,
        strangers: UnknownTextLimiter,
        unknown_words: UnknownWords,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._menu = menu
        self._library = library
        self._outbox = outbox
        self._subscriptions = subscriptions
        self._strangers = strangers
        self._unknown_words = unknown_words
        self._now = now

    async def handle(self, inbound: Inbound) -> None:
        """Answer a text.  When this returns, the reply is durably queued."""
        key, menu = key_of(inbound), self._menu.current
        if await self._outbox.state_of(key):
            return
        vocabulary = _vocabulary(menu)
        wish = understand(inbound.text, vocabulary)
        if isinstance(wish, Unknown) and not await self._may_be_answered(inbound):
            return
        words = await self._carried_out(wish, inbound.sender, menu)
        urgent = isinstance(wish, NodeRequest) and wish.node in vocabulary.urgent
        await self.send(key, inbound.sender, words, urgent=urgent)

    async def send(self, key: str, msisdn: str, words: str, *, urgent: bool = False) -> PutResult:
        """Queue words for the person who asked for them in this contact."""
        now, kind = self._now(), Kind.EMERGENCY if urgent else Kind.REPLY
        return await self._outbox.put(key, msisdn, words, kind, now, now + REPLY_WITHIN)

    async def stop(self, msisdn: str) -> None:
        """The gateway says that this number wants nothing more."""
        await self._subscriptions.stop(msisdn)

    async def _may_be_answered(self, inbound: Inbound) -> bool:
        """Whether a text without meaning gets an answer; what it said is counted."""
        await self._unknown_words.heard(inbound.text, inbound.sender, self._now())
        return await self._strangers.may_be_answered(inbound.sender)

    async def _carried_out(self, wish: Request, msisdn: str, menu: Menu) -> str:
        """Do what is wished, and say the words that belong to it."""
        match wish:
            case Stop():
                await self._subscriptions.stop(msisdn)
            case Series(language):
                if await self._subscriptions.runs(msisdn):
                    return already(menu, language)
                await self._subscriptions.ask(msisdn, language)
            case Confirm():
                begun = await self._subscriptions.confirm(msisdn, self._now())
                wish = Confirm(begun) if begun else _or_unknown(wish)
        return reply_to(wish, menu, self._library(menu))


def key_of(inbound: Inbound) -> str:
    """By which the outbox knows the reply to a text."""
    return f"in:{inbound.id}"


def preview(text: str, menu: Menu, library: Library) -> str:
    """What a text would be answered from one who has asked for nothing yet."""
    wish = understand(text, _vocabulary(menu))
    return reply_to(_or_unknown(wish), menu, library)


def make_ready(menu: Menu) -> None:
    """Build what the first text on this version would otherwise wait for, about half a
    second.
    """
    _vocabulary(menu)


def _or_unknown(wish: Request) -> Request:
    """Consent to nothing means nothing."""
    return Unknown(wish.language) if isinstance(wish, Confirm) else wish


@lru_cache(maxsize=AT_HAND)
def _vocabulary(menu: Menu) -> Vocabulary:
    return vocabulary_of(menu, countries_of(menu))
