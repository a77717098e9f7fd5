"""A service with a Redis of its own, which tests may hurt one after the other."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from runtime.embedded_redis import embedded_redis
from tests.support.service import Service, running, short_folder
from tests.support.trees import until

REMEDIES = (
    ("CONFIG", "SET", "maxmemory", "0"),
    ("CONFIG", "SET", "maxclients", "10000"),
    ("REPLICAOF", "NO", "ONE"),
)


@dataclass
class OwnRedis:
    """The service, the address of its Redis, and a client that was there from the start."""

    service: Service
    url: str
    redis: Any

    def __post_init__(self) -> None:
        self.pid = self._pid()

    def send(self, signal_number: int) -> None:
        os.kill(self.pid, signal_number)

    def order(self, *command: str) -> None:
        self.redis.execute_command(*command)

    def heal(self) -> None:
        """Whatever was done to the server, the service works with it again."""
        with suppress(ProcessLookupError):
            self.send(signal.SIGCONT)
        until(self._takes_remedies, "the server answers again")
        self.pid = self._pid()
        until(self._is_ready, "the service is ready again")

    def _pid(self) -> int:
        return int(self.redis.info("server")["process_id"])

    def _takes_remedies(self) -> bool:
        with suppress(RedisError):
            for remedy in REMEDIES:
                self.order(*remedy)
            return True
        return False

    def _is_ready(self) -> bool:
        return self.service.http.get(f"{self.service.base}/readyz").status_code == 200


@contextmanager
def on_own_redis(**settings: str) -> Iterator[OwnRedis]:
    """Run both until the block ends."""
    with (
        short_folder() as folder,
        embedded_redis(folder) as url,
        running(url, **settings) as service,
        Redis.from_url(url, decode_responses=True) as redis,
    ):
        own = OwnRedis(service, url, redis)
        try:
            yield own
        finally:
            own.heal()
