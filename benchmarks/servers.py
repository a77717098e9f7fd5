"""The servers under measure: started on one core, asked, and always ended."""

import http.client
import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks.load import Target

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 60.0
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server.  `began` is when it was started, by `time.monotonic`."""

    target: Target
    process: psutil.Process
    log: Path
    began: float

    @property
    def megabytes(self) -> float:
        return self.process.memory_info().rss / 1e6

    @property
    def cpu_seconds(self) -> float:
        """Of it and of its workers."""
        of = [self.process, *self.process.children(recursive=True)]
        return sum(times.user + times.system for times in (each.cpu_times() for each in of))

    def errors(self) -> list[str]:
        """The errors that it has logged."""
        lines = self.log.read_text("utf-8", errors="replace").splitlines()
        return [line for line in lines if " ERROR " in line or "Traceback" in line]


@contextmanager
def running(
    command: list[str],
    target: Target,
    folder: Path,
    core: int | None,
    program: str = sys.executable,
    **env: str,
) -> Iterator[Server]:
    """A process that serves the target on one core, run in a folder of its own so that
    no `.env` is read.  It and its children are gone afterwards.
    """
    folder.mkdir(parents=True)
    log = folder / "log"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KOMEK_")}
    with log.open("w") as output:
        began = time.monotonic()
        child = subprocess.Popen(
            [program, *command],
            cwd=folder,
            env=clean | env | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            if core is not None:
                pin(core, child.pid)
            yield Server(target, psutil.Process(child.pid), log, began)
        finally:
            _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    family = []
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(child.pid).children(recursive=True)
    child.terminate()
    with suppress(subprocess.TimeoutExpired):
        child.wait(15)
    child.kill()
    child.wait()
    for left in psutil.wait_procs(family, timeout=5)[1]:
        with suppress(psutil.NoSuchProcess):
            left.kill()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def pin(core: int, pid: int = 0) -> None:
    """Keep a process (0: this one) and what it starts to one core."""
    if sys.platform == "linux":
        os.sched_setaffinity(pid, {core})


def cores() -> list[int]:
    """The cores that we may use; none where they cannot be chosen."""
    return sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []


def seconds_to_first_answer(server: Server, body: str) -> float:
    """From the start of the process until it answers a form with 200."""
    while time.monotonic() < server.began + START_SECONDS:
        with suppress(OSError, http.client.HTTPException):
            asking = http.client.HTTPConnection("127.0.0.1", server.target.port, timeout=5)
            try:
                if post(asking, server.target.path, body)[0] == 200:
                    return time.monotonic() - server.began
            finally:
                asking.close()
        if not server.process.is_running() or server.process.status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(0.002)
    raise SystemExit(f"a server did not answer:\n{server.log.read_text('utf-8')}")


def post(asking: http.client.HTTPConnection, path: str, body: str) -> tuple[int, str]:
    asking.request("POST", path, body, _FORM)
    answer = asking.getresponse()
    return answer.status, answer.read().decode()


def places() -> tuple[int | None, str]:
    """Keep this process, the load and Redis to one core; name another for the server."""
    ours = cores()
    if not ours:
        return None, "no core could be chosen: the figures mix server and load"
    pin(ours[-1])
    if len(ours) == 1:
        return ours[0], "one core only, shared by server and load: the figures are too low"
    return ours[0], f"server on core {ours[0]}, load and Redis on core {ours[-1]}"


def machine() -> str:
    today = datetime.now(UTC).date()
    return f"{_processor()}; Python {platform.python_version()}; {platform.system()}; {today}"


def _processor() -> str:
    about = Path("/proc/cpuinfo")
    lines = about.read_text("utf-8").splitlines() if about.exists() else []
    models = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return f"{models[0]}, {len(models)} cores" if models else platform.processor()
