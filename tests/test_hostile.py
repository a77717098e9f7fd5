"""Whatever is posted to the callbacks, nothing of it breaks the service or gets out of it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.support.hostile import Case, cases, post
from tests.support.own_redis import OwnRedis, on_own_redis
from tests.support.phones import KEY
from tests.support.service import REPOSITORY, SECRET

CASES = cases()
WISHES = "sms:message:*"
LONGEST_KEY = 200


@pytest.fixture(scope="module")
def attacked(processes: None) -> Iterator[OwnRedis]:
    """A service of both gateways."""
    with on_own_redis(
        KOMEK_GATEWAY="africastalking,kannel",
        KOMEK_DATA_KEY=KEY,
        KOMEK_AT_USERNAME="sandbox",
        KOMEK_AT_API_KEY="none",
        KOMEK_KANNEL_PASSWORD="none",  # noqa: S106
        KOMEK_SHORT_CODE="1234",
        KOMEK_SERVICE_CODE="*384*55#",
    ) as own:
        yield own


def test_the_file_is_long_and_names_each_case_once() -> None:
    assert len(CASES) >= 150
    assert len({case.name for case in CASES}) == len(CASES)


def test_no_callback_breaks_the_service(attacked: OwnRedis) -> None:
    faults = [fault for case in CASES for fault in faults_of(case, attacked)]
    right = len(CASES) - len({fault.split(" -> ")[0] for fault in faults})
    assert not faults, f"{right} of {len(CASES)} are right\n" + "\n".join(faults)
    assert not began(attacked.service.log), "a line of the log is the attacker's"
    assert not strange_keys(attacked.redis)


def test_danger_in_own_words_is_still_taken_afterwards(attacked: OwnRedis) -> None:
    before = wishes(attacked.redis)
    address = f"{attacked.service.base}/africastalking/{SECRET}/sms"
    text = {"id": "afterwards", "from": "+77015999999", "to": "1234", "text": "help, they beat me"}
    assert attacked.service.http.post(address, data=text).status_code == 200
    assert wishes(attacked.redis) == before + 1


def faults_of(case: Case, attacked: OwnRedis) -> list[str]:
    before = wishes(attacked.redis)
    try:
        found = case.faults(post(attacked.service.base, case))
    except OSError as error:
        found = [f"no answer: {error}"]
    more = wishes(attacked.redis) - before
    found += [f"{more} wishes"] if more > case.wishes else []
    return [f"{case.name} -> {fault}" for fault in found]


def wishes(redis: Redis) -> int:
    return sum(1 for _ in redis.scan_iter(WISHES, count=1000))


def began(log: Path) -> list[str]:
    """Lines that the attacker began, however the reader of the log ends a line."""
    lines = log.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.lstrip().startswith("EVIL")]


def strange_keys(redis: Redis) -> list[str]:
    """Keys that `docs/redis.md` does not name, or that hold what was posted at length."""
    table = (REPOSITORY / "docs" / "redis.md").read_text(encoding="utf-8")
    names = re.findall(r"`([a-z]+:[a-z:*-]+)`", table)
    known = re.compile("|".join(re.escape(name).replace(r"\*", ".*") for name in names))
    keys = list(redis.scan_iter(count=1000))
    return [key for key in keys if not known.fullmatch(key) or len(key) > LONGEST_KEY]
