"""The service as its own process, called over real HTTP as the gateway calls it."""

import os
import random
import socket
import ssl
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx

from tests.support.patience import PATIENCE
from tests.support.ready_process import ReadyProcess

REPOSITORY = Path(__file__).parents[2]
SECRET = "for-tests-only-0123456789"
OPERATOR_TOKEN = "test-token-of-the-operator"
IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 (or on the disk)
"""There a Redis that forces every change to the disk does not wait for one."""
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of our own services: to read the certificates of all authorities takes each client
20 ms of processor time."""
ANY_AGE = 100_000
_CALLERS = count(random.randrange(10**6))
"""No two are alike, as drawn ones may be."""
"""Days: no contact becomes too old, so that what is said does not depend on the day."""


@dataclass
class Service:
    """A running service, and what it has logged."""

    base: str
    log: Path
    http: httpx.Client = field(
        default_factory=lambda: httpx.Client(timeout=PATIENCE, trust_env=False, verify=NO_TLS)
    )

    @property
    def callback(self) -> str:
        return f"{self.base}/africastalking/{SECRET}/ussd"

    def hop(self, session_id: str, text: str, number: str = "+77010000000") -> str:
        """One hop as the gateway posts it.  Anything but 200 is a failed test."""
        response = self.http.post(self.callback, data=form(session_id, text, number))
        assert response.status_code == 200, response.text
        return response.text


def form(session_id: str, text: str, number: str = "+77010000000") -> dict[str, str]:
    """The five fields of a hop."""
    return {
        "sessionId": session_id,
        "phoneNumber": number,
        "networkCode": "99999",
        "serviceCode": "*384*55#",
        "text": text,
    }


def new_session() -> str:
    return f"ATUid_{uuid.uuid4().hex}"


def new_number() -> str:
    """A caller whom nobody has texted before.  In its last digit the stand-in reads no fate."""
    return f"+7701{next(_CALLERS) % 10**6:06}8"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder whose path is short enough for a Unix socket."""
    with tempfile.TemporaryDirectory(prefix="komek-", dir=IN_MEMORY) as folder:
        yield Path(folder)


@contextmanager
def running(redis_url: str, **settings: str) -> Iterator[Service]:
    """Run `main.py serve` on a free port until the block ends."""
    port = free_port()
    own = {"KOMEK_REDIS_URL": redis_url, "KOMEK_CALLBACK_SECRET": SECRET, "KOMEK_WORKER": "false"}
    own |= {"KOMEK_OPERATOR_TOKEN": OPERATOR_TOKEN}
    own["KOMEK_CONTACTS_OLDEST_DAYS"] = str(ANY_AGE)
    with short_folder() as folder:
        own |= {"KOMEK_DATA_DIR": str(folder), **settings}
        service = Service(f"http://127.0.0.1:{port}", folder / "log")
        service.log.touch(0o600)
        arguments = ["serve", "--port", str(port)]
        process = ReadyProcess(arguments, REPOSITORY, {**os.environ, **own}, service.log)
        try:
            _wait_until_alive(service, process)
            yield service
        finally:
            service.http.close()
            process.terminate()
            process.wait(PATIENCE)


def _wait_until_alive(service: Service, process: ReadyProcess) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, service.log.read_text()
        try:
            service.http.get(f"{service.base}/healthz").raise_for_status()
        except httpx.TransportError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"the service did not start: {service.log.read_text()}")
