"""One number that does everything: it texts, dials, asks for the series, and is texted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from redis.asyncio import Redis

from menus.model import Menu
from runtime.clock import utc_now
from runtime.encryption import Seal
from runtime.settings import Settings
from sms.bootstrap import content_of
from sms.country_requests import CountryRequests
from sms.gateways import DeliveryReport, Inbound, Outbound, Simulator
from sms.outbox.messages import MessageKind, Outgoing, Queue
from sms.outbox.outbox import Caps, Claimed, Outbox, Outcome
from sms.series import Calendar, Subscriptions
from sms.states import State
from sms.text_handler import TextHandler
from sms.unknown_words import UnknownWords
from tests.support.outboxes import FAST, GATEWAY, OTHER, begin, claim, put_batch
from ussd.answers import Answers, SessionName
from ussd.sessions import HopRecord, Sessions

WORD = "qyzgaldaq"
"""Not understood, and sent by nobody else."""
ENDINGS = {"in the series": ("SERIES", "YES"), "asked": ("SERIES",), "stopped": ("STOP",)}


@dataclass(frozen=True)
class Visitor:
    """A number, and the parts of a service that it meets on one Redis."""

    redis: Redis
    seal: Seal
    menu: Menu
    number: str

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.redis, self.seal, Caps(replies_a_number=100))

    async def do_everything(self, ending: Sequence[str]) -> None:
        """`ending`: the last texts."""
        for n, words in enumerate((WORD, "EMBASSY TURKEY", *ending)):
            await self._handler().handle(Inbound(f"text-{n}", self.number, words), GATEWAY)
        await self._dial()
        await self._receive()

    def _handler(self) -> TextHandler:
        return TextHandler(
            content=lambda: content_of(Settings.model_validate({}), self.menu),
            outbox=self.outbox,
            subscriptions=Subscriptions(self.redis, self.seal, Calendar()),
            unknown_words=UnknownWords(self.redis, self.seal),
            country_requests=CountryRequests(self.redis, self.seal),
        )

    async def _dial(self) -> None:
        sessions, answers = Sessions(self.redis, self.seal), Answers(self.redis, self.seal)
        hop = HopRecord("session-1", self.number, 3, ("ru", "embassy_abroad"), "KR")
        await sessions.record(hop, "v")
        await answers.begin(SessionName(self.number, "kannel centre 2b"), "hop-1", ("2",))

    async def _receive(self) -> None:
        """What is queued comes to different ends, and more is queued after."""
        claimed = await claim(self.outbox)
        for each in claimed:
            await self.outbox.begin(each, "w", FAST, [GATEWAY], utc_now())
        await self._settle(claimed)
        for report in ("early-1", "early-2"):
            said = DeliveryReport(report, State.FAILED, self.number)
            await self.outbox.report(said, "another", utc_now())
        simulator = Simulator(self.redis, self.seal)
        await simulator.send(Outbound((self.number,), "a text", ("id",)))
        for kind in (MessageKind.REPLY, MessageKind.SERIES):
            soon = utc_now() + timedelta(minutes=15)
            await self.outbox.put(
                Outgoing(f"last {kind}", self.number, "a text", kind, soon, GATEWAY), utc_now()
            )
        await put_batch(self.outbox, [OTHER, self.number], utc_now(), seal=self.seal)

    async def _settle(self, claimed: list[Claimed]) -> None:
        now: datetime = utc_now()
        ends = [
            (State.ACCEPTED, "g-1"),
            (State.UNKNOWN, ""),
            (State.QUEUED, ""),
            (State.FAILED, ""),
        ]
        for each, (state, gateway_id) in zip(claimed, ends, strict=False):
            outcome = Outcome(each, state, gateway_id=gateway_id, due=now + timedelta(minutes=1))
            await self.outbox.settle([outcome], now)

    async def sent_to(self) -> set[str]:
        """To whom what waits is sent."""
        claimed = [each for queue in Queue for each in await claim(self.outbox, queue)]
        begun = await begin(self.outbox, claimed, utc_now())
        return {number for each in begun for number in each.to.values()}
