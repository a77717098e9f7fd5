"""SIGUSR2: a new process takes over, and nobody who calls meanwhile is refused."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.cli.test_several_workers import heeding_workers
from tests.support.service import SECRET, form, new_session
from tests.support.trees import HTTP, Server, serving, until

pytestmark = pytest.mark.usefixtures("processes")

PAUSE = 0.01
"""Seconds between the calls of one thread: the processes that begin need the processor too."""


@contextmanager
def calling(server: Server) -> Iterator[list[str]]:
    """Calls one after the other, each on a connection of its own; what came of each."""
    said, over, address = list[str](), threading.Event(), server.callback()

    def call() -> None:
        while not over.wait(PAUSE):
            try:
                said.append(HTTP.post(address, data=form(new_session(), "3")).text[:10])
            except httpx.HTTPError as error:
                said.append(type(error).__name__)

    threads = [threading.Thread(target=call) for _ in range(3)]
    for each in threads:
        each.start()
    try:
        yield said
    finally:
        over.set()
        for each in threads:
            each.join()


def test_all_who_call_during_a_handover_are_answered(tree: Path) -> None:
    with serving(tree, KOMEK_CALLBACK_SECRET=SECRET) as server, calling(server) as said:
        before = server.process.pid
        until(lambda: len(said) > 10, "calls are answered")
        server.process.send_signal(signal.SIGUSR2)
        until(lambda: server.said().count("Komek answers") == 2, "another one has begun")
        after = len(said)
        until(lambda: len(said) > after + 10, "calls are answered by it")
        assert server.process.pid == before
    assert {*said} == {"CON 1 I am"}


def test_of_several_workers_one_always_answers(tree: Path) -> None:
    settings = {"KOMEK_CALLBACK_SECRET": SECRET}
    with serving(tree, "--workers", "2", **settings) as server, calling(server) as said:
        until(lambda: len(heeding_workers(server)) == 2, "both run")
        before = heeding_workers(server)
        server.process.send_signal(signal.SIGUSR2)
        until(lambda: renewed(server, before), "both are others")
        after = len(said)
        until(lambda: len(said) > after + 10, "calls are answered by them")
    assert {*said} == {"CON 1 I am"}


def renewed(server: Server, before: set[int]) -> bool:
    workers = heeding_workers(server)
    return len(workers) == 2 and not workers & before


def test_what_the_simulator_made_is_kept(tree: Path) -> None:
    with serving(tree) as server:
        address = server.callback()
        server.process.send_signal(signal.SIGUSR2)
        until(lambda: server.said().count("Komek answers") == 2, "another one has begun")
        until(server.answers, "it answers")
        reply = HTTP.post(address, data=form(new_session(), "3"))
    assert reply.text.startswith("CON 1 I am")
