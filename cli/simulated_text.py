"""A text sent as if from a number: the running service answers it, and the inbox of that
number's phone is shown.  For the simulator only.
"""

import asyncio
from dataclasses import dataclass
from uuid import uuid4

from runtime.settings import SIMULATOR
from sms.bootstrap import SmsService
from sms.gateways import Delivered, Inbound
from sms.outbox import Outbox
from sms.states import State
from sms.text_handler import key_of

LOOK_SECONDS, LOOKS = 0.05, 100
"""How often, and how many times, a reply is looked for: five seconds in all."""


class RealGateway(Exception):
    """The reply would leave the machine."""


@dataclass(frozen=True, slots=True)
class SimulatedText:
    """What became of the reply, and the phone's inbox, the oldest first.

    `reply` is None when the text is not to be answered.
    """

    reply: State | None
    inbox: list[Delivered]


async def send_as(sms: SmsService, msisdn: str, message: str) -> SimulatedText:
    """Let the number text, and wait five seconds at most for a worker to reply.

    Raises `RealGateway`, and `RedisError` when Redis does not answer.
    """
    simulator = sms.simulator
    if simulator is None:
        raise RealGateway
    inbound = Inbound(f"by-hand-{uuid4().hex}", msisdn, message)
    await sms.text_handler.handle(inbound, SIMULATOR)
    reply = await _settled(sms.outbox, key_of(inbound, SIMULATOR))
    return SimulatedText(reply, await simulator.inbox(msisdn))


async def _settled(outbox: Outbox, key: str) -> State | None:
    """The state of the reply once it was sent, or as it is when that takes too long."""
    for _ in range(LOOKS):
        state = await outbox.state_of(key)
        if state not in (State.QUEUED, State.SENDING):
            return state
        await asyncio.sleep(LOOK_SECONDS)
    return state
