"""A fault within the append-only file is mended by cutting: what was noted behind it is lost, and
nobody is texted twice for that.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from runtime.embedded_redis import embedded_redis
from runtime.redis_status import Danger, read_redis_status
from sms.outbox.outbox import Outbox, Outcome
from sms.series.calendar import Calendar
from sms.series.subscriptions import Subscriptions
from sms.states import State
from tests.support.outboxes import NOW, NUMBER, OTHER, SEAL, begin, chosen_by, claim, put
from tests.support.service import short_folder
from tests.support.worker_process import connect

pytestmark = pytest.mark.usefixtures("processes")


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder


@asynccontextmanager
async def server(folder: Path) -> AsyncIterator[Redis]:
    with embedded_redis(folder) as url:
        async with connect(url) as redis:
            yield redis


def written(folder: Path) -> Path:
    [file] = (folder / "appendonlydir").glob("*.incr.aof")
    return file


def damage(file: Path, place: int) -> None:
    """What a bad block leaves: nothing that can be read there, and all that follows whole."""
    octets = file.read_bytes()
    file.write_bytes(octets[:place] + bytes(40) + octets[place + 40 :])


async def test_what_was_sent_is_not_sent_again(folder: Path) -> None:
    async with server(folder) as redis:
        outbox = Outbox(redis, SEAL)
        await put(outbox, "sent")
        place = written(folder).stat().st_size
        [claimed] = await claim(outbox)
        assert await begin(outbox, [claimed])
        await outbox.settle([Outcome(claimed, State.ACCEPTED, gateway_id="g")], NOW)
    damage(written(folder), place)
    async with server(folder) as redis:
        outbox = Outbox(redis, SEAL)
        await put(outbox, "asked for since", OTHER)
        assert await outbox.state_of("sent") is State.QUEUED
        begun = await begin(outbox, await claim(outbox))
        assert [each.text for each in begun] == ["text of asked for since"]
        assert await outbox.state_of("sent") is State.UNKNOWN
        assert Danger.NOTES_LOST in (await read_redis_status(redis)).dangers


def subscriptions(redis: Redis) -> Subscriptions:
    return Subscriptions(redis, SEAL, Calendar(weekends=True))


async def subscribed(redis: Redis) -> None:
    beginning = subscriptions(redis).begin_act(NUMBER, "en", "", NOW)
    await chosen_by(Outbox(redis, SEAL), beginning)


async def test_a_series_whose_stop_is_lost_ends(folder: Path) -> None:
    async with server(folder) as redis:
        await subscribed(redis)
        place = written(folder).stat().st_size
        await redis.set("another", 1)
        await subscriptions(redis).stop(NUMBER)
    damage(written(folder), place)
    async with server(folder) as redis:
        assert await subscriptions(redis).runs(NUMBER), "the STOP is lost"
        await subscriptions(redis).bring_forward(NUMBER, NOW)
        assert await subscriptions(redis).due(NOW) == []
        assert not await subscriptions(redis).runs(NUMBER)


async def test_a_series_goes_on_where_nothing_of_it_is_lost(folder: Path) -> None:
    async with server(folder) as redis:
        await subscribed(redis)
        place = written(folder).stat().st_size
        for name in ("another", "and another"):
            await redis.set(name, 1)
    damage(written(folder), place)
    async with server(folder) as redis:
        assert await redis.exists("redis:cut")
        await subscriptions(redis).bring_forward(NUMBER, NOW)
        assert [each.msisdn for each in await subscriptions(redis).due(NOW)] == [NUMBER]
