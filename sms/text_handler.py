"""One text in, at most one reply out.

`sms/content.py` understands the text and has the words that answer it; what it asks for
besides (STOP, the series) is an `Act`.  The outbox acts and queues the reply in one step
under the id of the text: whatever fails, a text that comes again has one effect and one
reply.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from runtime.clock import utc_now
from runtime.log_limit import LimitedLog
from sms.content import Content, unless_asked
from sms.country_requests import CountryRequests
from sms.gateways import Inbound
from sms.outbox import DANGER, Act, MessageKind, Outbox, Outgoing, PutResult
from sms.requests import Confirm, Embassy, Request, Series, Stop, Unknown
from sms.series import Subscriptions
from sms.unknown_words import UnknownWords

REPLY_WITHIN = timedelta(minutes=15)
"""A reply that comes later may come to other hands."""

OUTSIDE = "sms: %d texts from outside KOMEK_PREFIXES are not answered"
JUST_REPLY = Act("return 'reply'")


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TextHandler:
    """Answers texts.  `content`: that of the menu in force.

    Every method raises `RedisError` when Redis does not answer, and may then be called
    again.
    """

    content: Callable[[], Content]
    outbox: Outbox
    subscriptions: Subscriptions
    unknown_words: UnknownWords
    country_requests: CountryRequests
    now: Callable[[], datetime] = utc_now
    outside: LimitedLog = field(default_factory=lambda: LimitedLog(log, OUTSIDE))

    async def handle(self, inbound: Inbound, gateway: str) -> None:
        """Answer a text by the gateway that it came in by.  When this returns, what it asks
        for is done and the reply is durably queued.
        """
        content, now = self.content(), self.now()
        key, request = key_of(inbound, gateway), content.request_of(inbound.text, inbound.sender)
        if isinstance(request, Stop) and not self.outbox.allows(inbound.sender):
            await self.stop(inbound.sender)
        if isinstance(request, Unknown) and self.outbox.allows(inbound.sender):
            await self.unknown_words.count_apart(inbound.text, inbound.sender, now)
        act = self._act_of(request, inbound, gateway, content, now)
        urgent, until = content.is_urgent(request), now + REPLY_WITHIN
        kind = MessageKind.EMERGENCY if urgent else MessageKind.REPLY
        reserve = DANGER if urgent and is_in_own_words(inbound.text) else ""
        choices = {
            name: Outgoing(key, inbound.sender, words, kind, until, gateway, reserve)
            for name, words in replies_to(request, content).items()
        }
        if await self.outbox.put_chosen(key, act, choices, now) is PutResult.REFUSED:
            self.outside.note()

    async def stop(self, msisdn: str) -> None:
        """The gateway says that this number wants nothing more."""
        await self.subscriptions.stop(msisdn)

    def _act_of(
        self, request: Request, inbound: Inbound, gateway: str, content: Content, now: datetime
    ) -> Act:
        """What is done for a request; it chooses one of `replies_to`."""
        match request:
            case Stop():
                return self.subscriptions.stop_act(inbound.sender)
            case Series(language):
                return self.subscriptions.ask_act(inbound.sender, language)
            case Confirm():
                languages = content.menu.all_languages
                return self.subscriptions.confirm_act(inbound.sender, languages, gateway, now)
            case Unknown():
                return self.unknown_words.count_act(inbound.text, inbound.sender, now)
            case Embassy(codes=(country,)):
                return self.country_requests.count_act(country, inbound.sender, now)
            case _:
                return JUST_REPLY


def replies_to(request: Request, content: Content) -> Mapping[str, str]:
    """The words that may answer a request, by the names that its act chooses from."""
    words = content.reply_to
    match request:
        case Stop():
            return {"stopped": words(request)}
        case Series(language):
            return {"asked": words(request), "already": content.already(language)}
        case Confirm():
            languages = content.menu.all_languages
            begun = {each: words(Confirm(each)) for each in languages}
            already = {f"already {each}": content.already(each) for each in languages}
            return {**begun, **already, "not asked": words(unless_asked(request))}
        case Unknown():
            return {"unknown": words(request)}
        case _:
            return {"reply": words(request)}


def is_in_own_words(text: str) -> bool:
    """And no keyword alone, of which a flood of forged texts would most likely be."""
    return len(text.split()) > 1


def key_of(inbound: Inbound, gateway: str) -> str:
    """By which the outbox knows the reply to a text."""
    return f"in:{gateway}:{inbound.id}"
