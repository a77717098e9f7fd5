"""The bounds of the HTTP server itself, over real sockets, and that it ends with nobody cut off."""

import asyncio
import os
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from runtime import http_server
from runtime.http_server import MOST_HEAD_OCTETS, MOST_OCTETS, BoundedHttp, WaitingConnections
from tests.support.commands import MAIN, environment
from tests.support.patience import PATIENCE
from tests.support.trees import HTTP, copied_tree, serving

WHOLE = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    await PlainTextResponse(body)(scope, receive, send)


class Listening:
    """A server in this process, and connections to it."""

    def __init__(self, port: int, state: ServerState) -> None:
        self.port = port
        self.state = state
        self.writers: list[asyncio.StreamWriter] = []

    async def connect(
        self, octets: bytes = b""
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(octets)
        self.writers.append(writer)
        return reader, writer


@asynccontextmanager
async def listening() -> AsyncIterator[Listening]:
    config = uvicorn.Config(echo, http=BoundedHttp, ws="none", log_config=None, access_log=False)
    state = ServerState()
    config.load()
    server = await asyncio.get_running_loop().create_server(
        lambda: BoundedHttp(config, state, {}), "127.0.0.1", 0
    )
    listens = Listening(server.sockets[0].getsockname()[1], state)
    try:
        yield listens
    finally:
        server.close()
        for each in listens.writers:
            each.close()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lives as long as a process, for one loop."""
    monkeypatch.setattr(http_server, "_for_head", WaitingConnections(60.0))
    monkeypatch.setattr(http_server, "_for_rest", WaitingConnections(60.0))


@pytest.fixture
def impatient(patient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "_for_head", WaitingConnections(0.0, most=5))
    monkeypatch.setattr(http_server, "_for_rest", WaitingConnections(0.0, most=5))


async def test_what_is_within_the_bounds_is_answered_again_and_again() -> None:
    async with listening() as server:
        reader, writer = await server.connect()
        for _ in range(3):
            writer.write(WHOLE)
            assert (await reader.readuntil(b"\r\n\r\nok")).startswith(b"HTTP/1.1 200")


async def test_headers_without_end_are_refused() -> None:
    async with listening() as server:
        reader, writer = await server.connect(b"GET / HTTP/1.1\r\nX: ")
        for _ in range(2):
            writer.write(b"x" * MOST_HEAD_OCTETS)
            await writer.drain()
        assert (await reader.read()).startswith(b"HTTP/1.1 431")


async def test_a_request_without_end_is_cut_off() -> None:
    async with listening() as server:
        head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        _reader, writer = await server.connect(head)
        with pytest.raises(ConnectionError):
            await write_without_end(writer, b"10000\r\n" + b"x" * 0x10000 + b"\r\n")


async def write_without_end(writer: asyncio.StreamWriter, chunk: bytes) -> None:
    for _ in range(8 * MOST_OCTETS // len(chunk)):
        writer.write(chunk)
        await writer.drain()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost:", WHOLE[:-2], WHOLE[:-1]],
    ids=["nothing", "half a line", "half a head", "no body", "half a body"],
)
async def test_who_does_not_go_on_is_not_waited_for(sent: bytes) -> None:
    async with listening() as server:
        reader, _writer = await server.connect(sent)
        assert await asyncio.wait_for(reader.read(), PATIENCE) == b""


async def test_of_too_many_that_wait_the_one_that_waited_longest_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_server, "CROWD_SECONDS", 0.0)
    monkeypatch.setattr(http_server, "_for_head", WaitingConnections(60.0, most=5))
    async with listening() as server:
        idle = [await server.connect(b"GET /") for _ in range(5)]
        reader, writer = await server.connect(WHOLE)
        assert (await reader.readuntil(b"\r\n\r\nok")).startswith(b"HTTP/1.1 200")
        assert await asyncio.wait_for(idle[0][0].read(), PATIENCE) == b""
        writer.close()


async def test_who_comes_with_a_crowd_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it waits before the first has asked, as when all come in one moment."""
    monkeypatch.setattr(http_server, "_for_head", WaitingConnections(60.0, most=5))
    async with listening() as server:
        crowd = [await server.connect() for _ in range(40)]
        for _, writer in crowd:
            writer.write(WHOLE)
        for reader, _ in crowd:
            assert (await reader.readuntil(b"\r\n\r\nok")).startswith(b"HTTP/1.1 200")


async def test_a_crowd_that_asks_nothing_goes_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "CROWD_SECONDS", 0.5)
    monkeypatch.setattr(http_server, "_for_head", WaitingConnections(60.0, most=5))
    async with listening() as server:
        crowd = [await server.connect(b"GET /") for _ in range(40)]
        for reader, _ in crowd[:35]:
            assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
        assert not any(reader.at_eof() for reader, _ in crowd[35:])


async def test_a_connection_without_a_request_is_still_answered_when_the_server_ends() -> None:
    async with listening() as server:
        reader, writer = await server.connect()
        another, _ = await server.connect(WHOLE)
        await another.readuntil(b"\r\n\r\nok")  # so the server knows of the one before
        for each in list(server.state.connections):
            each.shutdown()
        writer.write(WHOLE)
        answer = await asyncio.wait_for(reader.read(), PATIENCE)
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in answer.lower()


def test_files_may_be_open_as_far_as_the_system_allows() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        http_server.allow_descriptors()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(8192, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


# --- The whole service ------------------------------------------------------------------


@contextmanager
def called(url: str) -> Iterator[list[str]]:
    """Somebody who asks all the time, each time anew; what did not work."""
    failures, over = list[str](), threading.Event()

    def ask() -> None:
        while not over.wait(0.03):
            try:
                HTTP.get(f"{url}/healthz").raise_for_status()
            except httpx.HTTPError as error:
                failures.append(repr(error))

    callers = [threading.Thread(target=ask) for _ in range(3)]
    for each in callers:
        each.start()
    try:
        yield failures
    finally:
        over.set()
        for each in callers:
            each.join()


@pytest.mark.usefixtures("processes")
def test_workers_come_up_on_a_slow_machine(tmp_path: Path) -> None:
    slow = tmp_path / "slow"
    slow.mkdir()
    late = "import sys, time\nif '--multiprocessing-fork' in sys.argv: time.sleep(6)\n"
    (slow / "sitecustomize.py").write_text(late)
    path = os.pathsep.join(filter(None, (str(slow), os.environ.get("PYTHONPATH"))))
    with serving(copied_tree(tmp_path), "--workers", "2", PYTHONPATH=path) as server:
        assert server.hop("one").startswith("CON ")


@pytest.mark.usefixtures("processes")
@pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")
def test_who_calls_during_a_restart_waits_and_is_answered(tmp_path: Path) -> None:
    tree = copied_tree(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as held, ExitStack() as service:
        service.enter_context(served_on(held, tree))
        with called(f"http://127.0.0.1:{held.getsockname()[1]}") as failures:
            service.close()
            service.enter_context(served_on(held, tree))
    assert failures == []


TAKE_AS_3 = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


@contextmanager
def served_on(held: socket.socket, tree: Path) -> Iterator[None]:
    """The service on a socket that another holds, as systemd does it."""
    held.set_inheritable(True)
    with (tree / "output.txt").open("ab") as written:
        service = subprocess.Popen(
            [sys.executable, "-c", TAKE_AS_3, str(held.fileno()), MAIN, "serve"],
            cwd=tree,
            env=environment(tree),
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            pass_fds=(held.fileno(),),
        )
    url = f"http://127.0.0.1:{held.getsockname()[1]}"
    try:
        HTTP.get(f"{url}/healthz").raise_for_status()
        yield
    finally:
        service.terminate()
        service.wait(PATIENCE)
