"""What a process that serves callers loads, and the pages made when one is first asked for."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.support.service import OPERATOR_TOKEN, REPOSITORY, SECRET
from web.application import LatePages

NOT_FOR_A_HOP = {
    "cli.commands",
    "fastapi",
    "httpx",
    "jinja2",
    "prometheus_client",
    "pygments",
    "requests",
    "rich.markdown",
    "ruamel.yaml",
    "typer.rich_utils",
    "web.bootstrap",
}
"""Each takes memory and time at the start."""


def test_a_process_that_answers_hops_loads_no_page_and_no_command(
    processes: None, tmp_path: Path
) -> None:
    settings = {
        "KOMEK_REDIS_URL": "redis://127.0.0.1:1/0",
        "KOMEK_CALLBACK_SECRET": SECRET,
        "KOMEK_DATA_KEY": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "KOMEK_DATA_DIR": str(tmp_path),
        "KOMEK_OPERATOR_TOKEN": OPERATOR_TOKEN,
    }
    command = [sys.executable, "-m", "tests.support.first_hop"]
    done = subprocess.run(
        command, cwd=REPOSITORY, env={**os.environ, **settings}, stdout=subprocess.PIPE, check=True
    )
    after_hop, after_page = (set(line.split()) for line in done.stdout.decode().splitlines())
    assert not after_hop & NOT_FOR_A_HOP
    assert {"fastapi", "jinja2", "web.bootstrap"} <= after_page


class Made:
    """Makes pages that answer nothing, and counts how often."""

    def __init__(self, *, fails: int = 0) -> None:
        self.times = 0
        self._fails = fails

    def __call__(self) -> ASGIApp:
        self.times += 1
        if self.times <= self._fails:
            raise BlockingIOError
        return self.pages

    async def pages(self, scope: Scope, receive: Receive, send: Send) -> None:
        pass


async def ask(pages: LatePages) -> None:
    async def receive() -> Message:
        return {}

    async def send(_: Message) -> None:
        pass

    await pages({"type": "http"}, receive, send)


async def test_pages_are_made_once_for_all_who_ask_at_once() -> None:
    make = Made()
    pages = LatePages(make)
    assert make.times == 0
    await asyncio.gather(*(ask(pages) for _ in range(5)))
    assert make.times == 1


async def test_pages_that_could_not_be_made_are_made_at_the_next_request() -> None:
    make = Made(fails=1)
    pages = LatePages(make)
    with pytest.raises(BlockingIOError):
        await ask(pages)
    await ask(pages)
    assert make.times == 2
