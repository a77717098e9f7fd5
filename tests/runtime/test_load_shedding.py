"""What comes behind too many is answered at once, and all of it is counted, of all processes."""

import asyncio
import logging
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import pytest
import uvicorn
from redis.asyncio import Redis

from main import create_app
from runtime.clock import utc_today
from runtime.embedded_redis import embedded_redis
from runtime.load_shedding import COUNTS_SECONDS, Bound, Shed, read_shed, report_shed
from runtime.log_limit import LimitedLog
from runtime.settings import Settings
from tests.support.phones import KEY
from tests.support.service import SECRET, new_number, short_folder
from tests.support.worker_process import connect


def bound(most: int = 0, what: Shed = Shed.UNREAD) -> Bound:
    return Bound(most, what, LimitedLog(logging.getLogger("test"), "%d too many"))


async def report_once(redis: Redis, bounds: tuple[Bound, ...]) -> None:
    """As a process does at its end."""
    stop = asyncio.Event()
    task = asyncio.create_task(report_shed(redis, bounds, stop))
    await asyncio.sleep(0)
    stop.set()
    await task


def test_a_bound_sheds_what_comes_beyond_it_and_nothing_once_there_is_room() -> None:
    two = bound(2)
    with two, two:
        assert [two.sheds() for _ in range(3)] == [True] * 3
    with pytest.raises(asyncio.CancelledError), two:
        raise asyncio.CancelledError
    assert not two.sheds()
    assert two.uncounted == 3


async def test_all_processes_count_together_and_each_request_once(redis: Redis) -> None:
    here, there, hops = bound(), bound(), bound(what=Shed.UNRECORDED)
    for each, many in ((here, 2), (there, 3), (hops, 4)):
        assert all(each.sheds() for _ in range(many))
    for _ in range(2):
        await report_once(redis, (here, hops))
        await report_once(redis, (there,))
    counts = await read_shed(redis, utc_today())
    assert counts == {Shed.UNREAD: 5, Shed.UNRECORDED: 4}
    assert 0 < await redis.ttl(f"shed:{utc_today()}") <= COUNTS_SECONDS


async def test_what_redis_does_not_take_is_told_again(redis: Redis) -> None:
    one = bound()
    assert one.sheds()
    async with connect("unix:///nowhere") as nowhere:
        await report_once(nowhere, (one,))
    await report_once(redis, (one,))
    assert await read_shed(redis, utc_today()) == {Shed.UNREAD: 1, Shed.UNRECORDED: 0}


async def texted(port: int, id_: str) -> int:
    """A text comes in on a connection of its own; the status of the answer."""
    fields = {"id": id_, "from": new_number(), "to": "1234", "text": "HELP"}
    body = urlencode(fields)
    head = f"POST /africastalking/{SECRET}/sms HTTP/1.1\r\nHost: localhost\r\n"
    head += "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
    answer = await reader.read()
    writer.close()
    return int(answer.split(b" ", 2)[1])


async def crowd_of_texts(port: int, many: int, then: Callable[[], None]) -> Counter[int]:
    """So many at once; `then` happens when the first is answered.  How often each status came."""
    texts = [asyncio.create_task(texted(port, f"crowd{n}")) for n in range(many)]
    await asyncio.wait(texts, return_when=asyncio.FIRST_COMPLETED)
    then()
    return Counter(await asyncio.gather(*texts))


@asynccontextmanager
async def serving(url: str, folder: Path) -> AsyncIterator[int]:
    """The service in this process; its port."""
    given = {"redis_url": url, "callback_secret": SECRET, "data_key": KEY, "data_dir": folder}
    config = uvicorn.Config(
        create_app(Settings.model_validate({**given, "worker": False})), log_config=None, port=0
    )
    server, listening = uvicorn.Server(config), config.bind_socket()
    listening.listen()  # who comes before it serves waits
    task = asyncio.create_task(server.serve([listening]))
    try:
        yield int(listening.getsockname()[1])
    finally:
        server.should_exit = True
        await task


async def test_of_a_crowd_of_texts_what_is_not_taken_comes_again_and_is_counted(
    processes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over HTTP, while Redis is frozen: those that wait for it are taken when it goes on."""
    monkeypatch.setattr("runtime.callbacks.MOST_UNDER_WAY", most := 20)
    with short_folder() as folder, embedded_redis(folder) as url:
        async with connect(url) as redis:
            pid = int((await redis.info("server"))["process_id"])
            async with serving(url, folder) as port:
                assert await texted(port, "first") == 200
                os.kill(pid, signal.SIGSTOP)
                goes_on = partial(os.kill, pid, signal.SIGCONT)
                came = await crowd_of_texts(port, most + 40, goes_on)
            counted = await redis.hgetall(f"shed:{utc_today()}")
    assert set(came) == {200, 503}
    assert came[200] >= most, came
    assert counted == {"unread": str(came[503])}
