"""A real cluster on this machine: three primaries and a replica of each."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from runtime.embedded_redis import server_binary
from tests.support.service import free_port, short_folder
from tests.support.trees import until

PRIMARIES = 3
SLOTS = 16384
PASSWORD = "for-tests-only"
NODE_TIMEOUT_MS = 2000
HOST = "127.0.0.1"


@dataclass
class ClusteredRedis:
    """The nodes by their ports; the first three are primaries at the start."""

    folder: Path
    ports: list[int]
    bus: dict[int, int]
    running: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"redis+cluster://:{PASSWORD}@" + ",".join(f"{HOST}:{port}" for port in self.ports)

    def client(self, port: int) -> Redis:
        """It tries once: a frozen node would be waited for ten times."""
        once = Retry(NoBackoff(), 0)
        return Redis(
            port=port, password=PASSWORD, decode_responses=True, socket_timeout=2.0, retry=once
        )

    def start(self, port: int) -> None:
        """A node, with what its disk holds."""
        folder = self.folder / str(port)
        folder.mkdir(exist_ok=True)
        options = {
            "port": str(port),
            "bind": HOST,
            "cluster-enabled": "yes",
            "cluster-port": str(self.bus[port]),
            "cluster-node-timeout": str(NODE_TIMEOUT_MS),
            "dir": str(folder),
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
            "requirepass": PASSWORD,
            "masterauth": PASSWORD,
            "repl-diskless-sync-delay": "0",
            "logfile": "log",
        }
        named = [part for name, value in options.items() for part in (f"--{name}", value)]
        self.running[port] = subprocess.Popen(
            [server_binary(), *named], stdout=subprocess.DEVNULL, start_new_session=True
        )

    def kill(self, port: int) -> None:
        """As a power cut does; `start` brings it back with what its disk holds."""
        self.running[port].kill()
        self.running.pop(port).wait()

    def send(self, signal_number: int, *ports: int) -> None:
        for port in ports:
            os.kill(self.running[port].pid, signal_number)

    def primaries(self) -> list[int]:
        """The ports of the primaries that have slots, as most nodes see them."""
        seen = [told for port in [*self.running] if (told := self._primaries_by(port))]
        return max(seen, key=seen.count)

    def replica_of(self, primary: int) -> int:
        with self.client(primary) as redis:
            return int(redis.info("replication")["slave0"]["port"])

    def wait_for_other_than(self, former: int) -> None:
        """Until another node has the slots: it is not enough that this one seems to be gone."""

        def taken() -> bool:
            primaries = self.primaries()
            return former not in primaries and len(primaries) == PRIMARIES

        until(taken, "another node has taken the slots")

    def heal(self) -> None:
        """Every node runs, each primary has a replica, and all slots are served."""
        for process in self.running.values():
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGCONT)
        for port in self.ports:
            if port not in self.running:
                self.start(port)
        until(self.is_whole, "the cluster is whole")

    def is_whole(self) -> bool:
        with suppress(RedisError, ValueError):
            fine = [self._is_fine(port) for port in self.ports]
            return all(fine) and all(self._is_followed(port) for port in self.primaries())
        return False

    def _is_fine(self, port: int) -> bool:
        with self.client(port) as redis:
            told = redis.cluster("INFO")
            nodes = redis.cluster("NODES")
        known = [each["flags"] for each in nodes.values()]
        return told["cluster_state"] == "ok" and not any("fail" in flags for flags in known)

    def _is_followed(self, port: int) -> bool:
        with self.client(port) as redis:
            return bool(redis.info("replication").get("slave0", {}).get("state") == "online")

    def _primaries_by(self, port: int) -> list[int]:
        with suppress(RedisError), self.client(port) as redis:
            nodes = redis.cluster("NODES")
            return sorted(
                int(address.rpartition(":")[2])
                for address, each in nodes.items()
                if "master" in each["flags"] and each["slots"] and "fail" not in each["flags"]
            )
        return []

    def form(self) -> None:
        """Let the nodes know each other, and give each its part."""
        until(self._all_answer, "the nodes answer")
        first, *others = self.ports
        for n, port in enumerate(self.ports[:PRIMARIES]):
            with self.client(port) as redis:
                start, end = SLOTS * n // PRIMARIES, SLOTS * (n + 1) // PRIMARIES - 1
                redis.execute_command("CLUSTER ADDSLOTSRANGE", start, end)
                redis.execute_command("CLUSTER SET-CONFIG-EPOCH", n + 1)
        with self.client(first) as redis:
            for port in others:
                redis.execute_command("CLUSTER MEET", HOST, port, self.bus[port])
        until(self._all_known, "the nodes know each other")
        for primary, replica in zip(self.ports[:PRIMARIES], self.ports[PRIMARIES:], strict=True):
            with self.client(primary) as redis, self.client(replica) as other:
                other.execute_command("CLUSTER REPLICATE", redis.execute_command("CLUSTER MYID"))
        until(self.is_whole, "the cluster is whole")

    @contextmanager
    def moved(self, slot: int) -> Iterator[None]:
        """An empty slot is another primary's, until the block ends."""
        former = self._owner_by(self.ports[0], slot)
        another = next(port for port in self.primaries() if port != former)
        self._give(slot, former, another)
        try:
            yield
        finally:
            self._give(slot, another, former)
            until(self.is_whole, "the cluster is whole")

    def _owner_by(self, port: int, slot: int) -> int:
        """The port of the primary that has the slot, as this node knows it."""
        with self.client(port) as redis:
            ranges = redis.execute_command("CLUSTER SLOTS")
        return next(int(own[1]) for start, end, own, *_ in ranges if start <= slot <= end)

    def _give(self, slot: int, former: int, to: int) -> None:
        """As an operator moves a slot; the others hear of it."""
        with self.client(former) as source, self.client(to) as target:
            source_id, target_id = (
                each.execute_command("CLUSTER MYID") for each in (source, target)
            )
            target.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", source_id)
            source.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", target_id)
            for each in (target, source):
                each.execute_command("CLUSTER SETSLOT", slot, "NODE", target_id)
        until(lambda: [self._owner_by(port, slot) for port in self.ports] == [to] * 6, "it moved")

    def _all_answer(self) -> bool:
        with suppress(RedisError):
            return all(self._answers(port) for port in self.ports)
        return False

    def _answers(self, port: int) -> bool:
        with self.client(port) as redis:
            return bool(redis.ping())

    def _all_known(self) -> bool:
        for port in self.ports:
            with self.client(port) as redis:
                nodes = redis.cluster("NODES")
            if len(nodes) < len(self.ports) or any(
                "handshake" in each["flags"] for each in nodes.values()
            ):
                return False
        return True


@contextmanager
def clustered_redis() -> Iterator[ClusteredRedis]:
    """Run a cluster until the block ends."""
    with short_folder() as folder:
        ports = [free_port() for _ in range(2 * PRIMARIES)]
        nodes = ClusteredRedis(folder, ports, {port: free_port() for port in ports})
        try:
            for port in ports:
                nodes.start(port)
            nodes.form()
            yield nodes
        finally:
            for process in nodes.running.values():
                process.kill()
                process.wait()
