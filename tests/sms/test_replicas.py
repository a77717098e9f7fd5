"""Redis with replicas and sentinels: what is acknowledged and what is sent outlives the primary."""

import signal
from collections.abc import Iterator

import pytest

from tests.support.phones import KEY, Phones
from tests.support.replicated_redis import ReplicatedRedis, replicated_redis
from tests.support.service import new_number, new_session, running
from tests.support.trees import until

SENDS = {"KOMEK_DATA_KEY": KEY, "KOMEK_WORKER": "true", "KOMEK_REDIS_REPLICAS": "1"}
"""One of two, so that one may be away; what is promised needs both."""


@pytest.fixture(scope="module")
def servers(processes: None) -> Iterator[ReplicatedRedis]:
    with replicated_redis() as servers:
        yield servers


@pytest.fixture(scope="module")
def served(servers: ReplicatedRedis) -> Iterator[Phones]:
    with running(servers.url, **SENDS) as service:
        yield Phones(service, servers.url, servers.folder)


@pytest.fixture
def phones(servers: ReplicatedRedis, served: Phones) -> Iterator[Phones]:
    """The servers may be hurt; they are well again for the next test."""
    until(lambda: ready(served) == (200, "answers"), "the service is ready")
    yield served
    servers.heal()


def ready(phones: Phones) -> tuple[int, str]:
    told = phones.service.http.get(f"{phones.service.base}/readyz")
    return told.status_code, told.json()["redis"]


def test_a_text_is_answered_once_when_no_replica_had_it_at_first(
    servers: ReplicatedRedis, phones: Phones
) -> None:
    number, replicas = new_number(), servers.replicas()
    servers.send(signal.SIGSTOP, *replicas)
    assert phones.text(number, "HELP", "frozen") == 503
    assert phones.text(number, "HELP", "frozen") == 503
    status, told = ready(phones)
    assert (status, "TooFewReplicas" in told) == (503, True)
    assert phones.received(number) == []
    servers.send(signal.SIGCONT, *replicas)
    until(lambda: phones.text(number, "HELP", "frozen") == 200, "it is taken")
    assert len(phones.quiet(number, 1)) == 1


def test_what_waits_is_not_sent_while_no_replica_knows_that_it_is(
    servers: ReplicatedRedis, phones: Phones
) -> None:
    """The text is queued, since it was taken; the worker gives it back until replicas answer."""
    number, replicas = new_number(), servers.replicas()
    servers.send(signal.SIGSTOP, *replicas)
    assert phones.text(number, "HELP", "not-yet") == 503
    until(lambda: "too few replicas" in whys(servers), "the worker has given it back")
    assert phones.received(number) == []
    servers.send(signal.SIGCONT, *replicas)
    assert len(phones.quiet(number, 1)) == 1


def test_hops_are_answered_and_texts_again_when_the_primary_is_gone(
    servers: ReplicatedRedis, phones: Phones
) -> None:
    number, primary, session = new_number(), servers.primary(), new_session()
    assert phones.text(number, "HELP", "before") == 200
    assert len(phones.inbox(number, 1)) == 1
    first = phones.service.hop(session, "")
    servers.kill(primary)
    assert phones.service.hop(session, "3").startswith("CON ")
    assert phones.service.hop(new_session(), "") == first
    another = new_number()
    until(lambda: phones.text(another, "HELP", "after") == 200, "texts are taken again")
    assert servers.primary() != primary
    assert phones.text(number, "HELP", "before") == 200  # the gateway asks again
    assert len(phones.quiet(another, 1)) == 1
    assert len(phones.received(number)) == 1


def whys(servers: ReplicatedRedis) -> set[str]:
    """Why messages are in their states, on the primary."""
    with servers.client(servers.primary()) as redis:
        return {str(redis.hget(key, "why")) for key in redis.scan_iter("sms:message:*")}
