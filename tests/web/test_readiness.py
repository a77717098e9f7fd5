"""Whether replies are sent, as a watcher is told."""

from functools import partial

from redis.asyncio import Redis

from sms.outbox.messages import Queue
from sms.outbox.outbox import Outbox
from sms.outbox.status import first_in_line
from tests.support.outboxes import OTHER, begin, claim, put
from web.probes import SENT_SECONDS, Line


def test_a_line_that_does_not_move_is_told() -> None:
    looks = {0.0: None, 61.0: "a", 120.0: "a", 122.0: "a", 999.0: "b"}
    line = Line(now=partial(next, iter(looks)))
    assert SENT_SECONDS == 60
    assert [line.stands(first) for first in looks.values()] == [False, False, False, True, False]


async def test_who_is_first_stays_first_until_it_is_settled(redis: Redis, outbox: Outbox) -> None:
    assert await first_in_line(redis, Queue.REPLIES) is None
    await put(outbox, "one")
    await put(outbox, "two", OTHER)
    first = await first_in_line(redis, Queue.REPLIES)
    claimed = await claim(outbox)
    await begin(outbox, claimed[:1])
    assert await first_in_line(redis, Queue.REPLIES) == first
