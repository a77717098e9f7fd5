"""Real servers on this machine: a primary, its replicas, and three sentinels that watch them."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from runtime.embedded_redis import server_binary
from tests.support.service import free_port, short_folder
from tests.support.trees import until

NAME = "komek"
SENTINELS, QUORUM = 3, 2
DOWN_AFTER_MS, FAILOVER_MS = 1000, 5000
PASSWORD = "for-tests-only"


@dataclass
class ReplicatedRedis:
    """The servers by their ports, and the address by which a service finds the primary."""

    folder: Path
    ports: list[int]
    sentinels: list[int]
    running: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.sentinels)
        return f"redis+sentinel://:{PASSWORD}@{hosts}/{NAME}"

    def primary(self) -> int:
        """The port of the server that most sentinels name."""
        named = [port for each in self.sentinels if (port := self._named_by(each))]
        return max(named, key=named.count)

    def replicas(self) -> list[int]:
        primary = self.primary()
        return [port for port in self.ports if port != primary]

    def wait_for_other_than(self, former: int) -> None:
        until(lambda: self.primary() != former, "sentinels have chosen another primary")

    def send(self, signal_number: int, *ports: int) -> None:
        for port in ports:
            os.kill(self.running[port].pid, signal_number)

    def kill(self, port: int) -> None:
        """As a power cut does; `start` brings it back with what its disk holds."""
        self.running[port].kill()
        self.running.pop(port).wait()

    def start(self, port: int, primary: int | None = None) -> None:
        """A server; as a replica, if it is told of a primary."""
        follows = ["--replicaof", f"127.0.0.1 {primary}"] if primary else []
        options = {
            "port": str(port),
            "dir": str(_folder(self.folder / str(port))),
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
            "requirepass": PASSWORD,
            "masterauth": PASSWORD,
            "repl-diskless-sync-delay": "0",
            "logfile": "log",
        }
        self.running[port] = self._process(options, follows)

    def client(self, port: int) -> Redis:
        return Redis(port=port, password=PASSWORD, decode_responses=True, socket_timeout=2.0)

    def heal(self) -> None:
        """Every server runs, and each replica has what the primary has."""
        for process in self.running.values():
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGCONT)
        for port in self.ports:
            if port not in self.running:
                self.start(port, self.primary())
        until(self._is_whole, "the replicas follow the primary")

    def _is_whole(self) -> bool:
        with suppress(RedisError):
            return self.followed(self.primary()) and self._all_seen()
        return False

    def followed(self, port: int) -> bool:
        """Whether this is a primary that all others follow."""
        with suppress(RedisError), self.client(port) as primary:
            about = primary.info("replication")
            online = [about.get(f"slave{n}", {}).get("state") for n in range(len(self.ports) - 1)]
            return about["role"] == "master" and {*online} == {"online"}
        return False

    def _all_seen(self) -> bool:
        """Whether each sentinel knows the others and all replicas, and none is down to it."""
        for port in self.sentinels:
            with Redis(port=port, decode_responses=True, socket_timeout=2.0) as sentinel:
                state = sentinel.sentinel_masters()[NAME]
                replicas = sentinel.sentinel_slaves(NAME)
            down = [each for each in replicas if each["is_sdown"] or each["is_disconnected"]]
            others = state["num-other-sentinels"] == len(self.sentinels) - 1
            if down or not others or len(replicas) != len(self.ports) - 1 or state["is_sdown"]:
                return False
        return True

    def _named_by(self, sentinel: int) -> int | None:
        with suppress(RedisError), Redis(port=sentinel, socket_timeout=2.0) as client:
            return int(client.sentinel_get_master_addr_by_name(NAME)[1])
        return None

    def watch(self, port: int, primary: int) -> None:
        """Start a sentinel."""
        folder = _folder(self.folder / str(port))
        (folder / "sentinel.conf").write_text(
            f"port {port}\ndir {folder}\nlogfile log\n"
            f"sentinel monitor {NAME} 127.0.0.1 {primary} {QUORUM}\n"
            f"sentinel auth-pass {NAME} {PASSWORD}\n"
            f"sentinel down-after-milliseconds {NAME} {DOWN_AFTER_MS}\n"
            f"sentinel failover-timeout {NAME} {FAILOVER_MS}\n"
        )
        self.running[port] = self._process({}, [str(folder / "sentinel.conf"), "--sentinel"])

    def _process(self, options: Mapping[str, str], first: list[str]) -> subprocess.Popen[bytes]:
        named = [part for name, value in options.items() for part in (f"--{name}", value)]
        command = [server_binary(), *first, *named]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)


@contextmanager
def replicated_redis(replicas: int = 2) -> Iterator[ReplicatedRedis]:
    """Run a primary with so many replicas, and the sentinels, until the block ends."""
    with short_folder() as folder:
        ports = [free_port() for _ in range(1 + replicas + SENTINELS)]
        servers = ReplicatedRedis(folder, ports[: 1 + replicas], ports[1 + replicas :])
        primary, *others = servers.ports
        try:
            servers.start(primary)
            for port in others:
                servers.start(port, primary)
            until(lambda: servers.followed(primary), "the replicas follow the primary")
            for port in servers.sentinels:  # each asks once who follows, and then every 10 s
                servers.watch(port, primary)
            servers.heal()
            yield servers
        finally:
            for process in servers.running.values():
                process.kill()
                process.wait()


def _folder(path: Path) -> Path:
    path.mkdir(exist_ok=True)
    return path
