"""Redis down, frozen, slow or in a mood: every hop is still answered, and rightly."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from redis import Redis

from sms.consent import FULFIL_SECONDS
from tests.support.own_redis import OwnRedis, on_own_redis
from tests.support.patience import PATIENCE
from tests.support.service import NO_TLS, Service, form, new_session
from tests.support.trees import until
from ussd.answers import ANSWERS_SECONDS
from ussd.engine import play, show
from ussd.gateways.africastalking import answers_of, reply
from ussd.screens import Screens
from ussd.scripts import REDIS_SECONDS

NONE = httpx.Limits(max_connections=None)
DIALOGUE = ["", "2", "2*1", "2*1*7", "2*1*7*0", "2*1*7*0*9", "2*1*7*0*9*3", "2*1*7*0*9*3*2"]


@pytest.fixture(scope="module")
def own(processes: None) -> Iterator[OwnRedis]:
    with on_own_redis() as own:
        yield own


@pytest.fixture
def trouble(own: OwnRedis) -> Iterator[OwnRedis]:
    """A service whose Redis may be hurt; it is well again for the next test."""
    yield own
    own.heal()


TROUBLES: dict[str, Callable[[OwnRedis], Any]] = {
    "frozen": lambda trouble: trouble.send(signal.SIGSTOP),
    "killed": lambda trouble: trouble.send(signal.SIGKILL),
    "paused": lambda trouble: trouble.order("CLIENT", "PAUSE", "3000"),
    "without scripts": lambda trouble: trouble.order("SCRIPT", "FLUSH"),
    "without data": lambda trouble: trouble.order("FLUSHALL"),
    "full": lambda trouble: trouble.order("CONFIG", "SET", "maxmemory", "1"),
    "without connections": lambda trouble: trouble.order("CONFIG", "SET", "maxclients", "1"),
    "read only": lambda trouble: trouble.order("REPLICAOF", "127.0.0.1", "1"),
}


def test_readiness_tells_and_one_line_is_logged(trouble: OwnRedis) -> None:
    """The first of all: for five seconds after a failure no answer ends the outage in the log."""
    ready = f"{trouble.service.base}/readyz"
    before = len(trouble.service.log.read_text())
    assert trouble.service.http.get(ready).status_code == 200
    trouble.send(signal.SIGSTOP)
    assert trouble.service.http.get(ready).status_code == 503
    for _ in range(5):
        trouble.service.hop(new_session(), "3")
    trouble.send(signal.SIGCONT)
    trouble.service.hop(new_session(), "3")
    assert trouble.service.http.get(ready).status_code == 200
    told: list[str] = []

    def told_again() -> bool:
        trouble.service.hop(new_session(), "3")
        told[:] = [trouble.service.log.read_text()[before:]]
        return "Redis answers again" in told[0]

    until(told_again, "the log says that Redis is back")
    assert told[0].count("Redis does not answer") == 1
    assert told[0].count("Redis answers again") == 1


@pytest.mark.parametrize("name", TROUBLES)
def test_every_hop_is_answered_rightly(name: str, screens: Screens, trouble: OwnRedis) -> None:
    """The trouble begins in the middle of the dialogue."""
    expected = [reply(show(screens, play(screens, answers_of(text)))) for text in DIALOGUE]
    session = new_session()
    said = [trouble.service.hop(session, text) for text in DIALOGUE[:3]]
    TROUBLES[name](trouble)
    said += [trouble.service.hop(session, text) for text in DIALOGUE[3:]]
    alive = trouble.service.http.get(f"{trouble.service.base}/healthz")
    assert said == expected
    assert alive.status_code == 200


def test_all_that_a_hop_may_wait_for_redis_is_less_than_two_seconds() -> None:
    """What it heard before, the session, the SMS that was agreed to: the most that can add up."""
    assert ANSWERS_SECONDS + REDIS_SECONDS + FULFIL_SECONDS < 2.0


def test_a_key_of_another_kind_harms_nobody(service: Service, redis_url: str) -> None:
    session = new_session()
    with Redis.from_url(redis_url) as redis:
        redis.set(f"ussd:session:{session}", "not ours", ex=60)
    assert service.hop(session, "3").startswith("CON 1 I am")


def test_many_callers_at_once_on_a_frozen_redis_are_all_answered(trouble: OwnRedis) -> None:
    trouble.service.hop(new_session(), "")
    trouble.send(signal.SIGSTOP)
    with ThreadPoolExecutor(50) as pool:
        hops = pool.map(lambda _: trouble.service.hop(new_session(), "3"), range(300))
        assert {hop[:10] for hop in hops} == {"CON 1 I am"}


def test_what_redis_answers_late_is_not_taken_for_another_answer(trouble: OwnRedis) -> None:
    """After a freeze no connection is left with an answer that belongs to a hop before."""
    sessions = [new_session() for _ in range(20)]
    for session in sessions:
        trouble.service.hop(session, "")
    trouble.send(signal.SIGSTOP)
    for session in sessions[:5]:
        trouble.service.hop(session, "3")
    trouble.send(signal.SIGCONT)
    for _ in range(3):
        replies = [trouble.service.hop(session, "3*1") for session in sessions]
        assert {answer[:13] for answer in replies} == {"CON Call the "}
    with Redis.from_url(trouble.url, decode_responses=True) as redis:
        heard = {redis.hget(f"ussd:session:{session}", "heard") for session in sessions}
    assert heard == {"2"}


async def test_more_callers_than_connections_are_all_remembered(
    service: Service, redis_url: str
) -> None:
    """All at once, each begins a session and goes on with it."""
    sessions = [new_session() for _ in range(100)]
    with Redis.from_url(redis_url, decode_responses=True) as redis:
        for text, answers in (("", "0"), ("3", "1")):
            async with httpx.AsyncClient(timeout=PATIENCE, verify=NO_TLS, limits=NONE) as http:
                posts = [http.post(service.callback, data=form(each, text)) for each in sessions]
                replies = await asyncio.gather(*posts)
            assert {reply.status_code for reply in replies} == {200}
            heard = [redis.hget(f"ussd:session:{session}", "heard") for session in sessions]
            assert heard == [answers] * len(sessions)


REFUSALS = {"full": "OutOfMemoryError", "read only": "ReadOnlyError"}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_redis_that_takes_no_changes_is_not_ready(name: str, trouble: OwnRedis) -> None:
    ready, metrics = (f"{trouble.service.base}/{each}" for each in ("readyz", "metrics"))
    TROUBLES[name](trouble)
    told = trouble.service.http.get(ready)
    assert told.status_code == 503
    assert told.json()["redis"].startswith(f"takes no changes ({REFUSALS[name]})")
    assert "komek_redis_up 0.0" in trouble.service.http.get(metrics).text


def test_a_redis_that_gives_no_right_to_scripts_is_not_ready(trouble: OwnRedis) -> None:
    trouble.order("ACL", "SETUSER", "default", "-@scripting")
    try:
        told = trouble.service.http.get(f"{trouble.service.base}/readyz")
        assert told.status_code == 503
        assert "NoPermissionError" in told.json()["redis"]
    finally:
        trouble.order("ACL", "SETUSER", "default", "+@all")


@pytest.mark.parametrize("name", ["paused", "full"])
def test_the_end_of_a_session_is_taken_only_where_it_is_counted(
    name: str, trouble: OwnRedis
) -> None:
    session, http = new_session(), trouble.service.http
    form_of_end = {**form(session, "3"), "status": "Success"}
    TROUBLES[name](trouble)
    assert http.post(f"{trouble.service.callback}/end", data=form_of_end).status_code == 503
    trouble.heal()
    assert http.post(f"{trouble.service.callback}/end", data=form_of_end).status_code == 200
    assert trouble.redis.exists(f"ussd:ended:{session}")
