"""Wrong tokens of operators: counted, with and without Redis."""

import os
import signal

import pytest
from redis import Redis

from runtime.embedded_redis import embedded_redis
from tests.support.operators import entered, operator, posted, visitor, words
from tests.support.service import Service, running, short_folder
from tests.web.test_authentication import led_to_the_door, shows
from web.auth.attempts import ATTEMPTS, ExpiringCounter, network_of
from web.auth.authentication import COOKIE

NO_REDIS = "redis://127.0.0.1:1/0"


def test_attempts_are_limited_by_address(redis_url: str) -> None:
    with running(redis_url) as service:
        with visitor(service.base, "203.0.113.7") as client:
            said = [entered(client, "wrong").status_code for _ in range(ATTEMPTS + 1)]
            assert said == [403] * ATTEMPTS + [429]
            assert "Wait ten minutes" in words(entered(client, "wrong").text)
        with visitor(service.base, "203.0.113.8") as other:
            assert entered(other).status_code == 303


def test_wrong_tokens_keep_out_nobody_who_has_the_right_one(service: Service) -> None:
    """Behind a proxy that names nobody, all people have one address."""
    with visitor(service.base, "203.0.113.10") as client:
        for _ in range(ATTEMPTS * 2):
            entered(client, "wrong")
        assert entered(client).status_code == 303


def test_the_right_token_takes_attempts_back(service: Service) -> None:
    with visitor(service.base, "203.0.113.9") as client:
        for _ in range(3):
            said = [entered(client, "wrong").status_code for _ in range(ATTEMPTS - 1)]
            assert said == [403] * (ATTEMPTS - 1)
            assert entered(client).status_code == 303


@pytest.mark.usefixtures("processes")
def test_without_redis_the_door_still_works() -> None:
    with running(NO_REDIS) as service:
        with operator(service.base) as client:
            cookie = client.cookies[COOKIE]
            assert shows(client, cookie)
            client.cookies[COOKIE] = cookie
            assert led_to_the_door(posted(client, "/operator/leave"))
            assert not shows(client, cookie)
        with visitor(service.base, "203.0.113.7") as client:
            said = [entered(client, "wrong").status_code for _ in range(ATTEMPTS + 1)]
            assert said == [403] * ATTEMPTS + [429]


def test_addresses_are_not_kept_as_they_are(redis_url: str) -> None:
    with running(redis_url) as service, visitor(service.base, "203.0.113.77") as client:
        entered(client, "wrong")
        with Redis.from_url(redis_url, decode_responses=True) as redis:
            keys = [str(key) for key in redis.scan_iter("web:attempts:*")]
            assert keys
            assert all(0 < int(redis.ttl(key)) <= 600 for key in keys)
            assert not any("203.0.113" in key for key in keys)


def test_counts_expire_and_are_bounded() -> None:
    now = [0.0]
    counter = ExpiringCounter(10.0, lambda: now[0], most=3)
    assert [counter.add("a"), counter.add("a")] == [1, 2]
    now[0] = 9.0
    assert counter.add("a") == 3, "counted from the first"
    now[0] = 10.0
    assert counter.count("a") == 0
    for name in "bcdef":
        counter.add(name)
    assert [name for name in "bcdef" if counter.count(name)] == ["d", "e", "f"]
    counter.drop("e")
    assert [name for name in "bcdef" if counter.count(name)] == ["d", "f"]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_whom_an_address_belongs_to(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.usefixtures("processes")
def test_a_redis_that_hangs_does_not_hold_the_door() -> None:
    with short_folder() as folder, embedded_redis(folder) as url, running(url) as service:
        with Redis.from_url(url) as redis:
            pid = int(redis.info("server")["process_id"])
        os.kill(pid, signal.SIGSTOP)
        try:
            with visitor(service.base) as client:
                assert entered(client).status_code == 303
        finally:
            os.kill(pid, signal.SIGCONT)
