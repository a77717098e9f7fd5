"""Kannel as its own two processes, with a configuration that Komek writes; and all that stands
beside it, from a phone to the service.
"""

import base64
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest

from sms.gateways.kannel import SendSms
from sms.gateways.kannel_client import KannelGateway
from tests.support.fake_gateway import API_KEY, FakeGateway, fake_gateway
from tests.support.patience import PATIENCE
from tests.support.relay import Relay, relay_to
from tests.support.service import SECRET, Service, free_port, running, short_folder
from tests.support.smsc import SHORT_CODE, Smsc, smsc_on
from tests.support.trees import HTTP
from ussd.gateways.kannel_conf import KannelPlan, Pace, Ports, Smpp, conf_of

PROGRAMS = ("bearerbox", "smsbox")
INSTALL = "install Debian's package kannel: tests/install_packages.sh says why it could not"
USER, PASSWORD, ADMIN = "komek", "password-of-sendsms", "password-of-admin"
WITH_US = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
"""Whatever ends the tests ends what they started."""
HURRY = Pace(resend=1, reconnect=1, patience=2, repeat=1)
"""Kannel counts whole seconds: of a patience of 1, it sometimes has none."""


def need_kannel() -> None:
    """Skips where its programs are not here."""
    if missing := [each for each in PROGRAMS if not shutil.which(each)]:
        pytest.skip(f"no {' and no '.join(missing)}: {INSTALL}")


@dataclass
class Kannel:
    """Both programs, in a folder with their configuration, logs and spools."""

    folder: Path
    plan: KannelPlan
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for spool in ("store", "dlr"):
            (self.folder / spool).mkdir(mode=0o700)
        self.configure(self.plan)

    def configure(self, plan: KannelPlan) -> None:
        (self.folder / "kannel.conf").write_text(conf_of(plan), encoding="utf-8")

    def start(self) -> None:
        ports = self.plan.ports
        for program, port in (("bearerbox", ports.boxes), ("smsbox", ports.sendsms)):
            if program not in self.running:
                command = [*WITH_US, str(shutil.which(program)), "-v", "4", "kannel.conf"]
                self.running[program] = subprocess.Popen(
                    command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
                _wait_for(partial(listens, port), f"{program} listens")
        _wait_for(lambda: "smsbox:" in self.status(), "bearerbox knows of smsbox")

    def kill(self, *programs: str) -> None:
        for program in programs or PROGRAMS:
            if process := self.running.pop(program, None):
                process.kill()
                process.wait(PATIENCE)

    @contextmanager
    def frozen(self, program: str) -> Iterator[None]:
        process = self.running[program]
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)

    def status(self) -> str:
        """Its status page."""
        url = f"http://127.0.0.1:{self.plan.ports.admin}/status.txt?password={ADMIN}"
        return HTTP.get(url).text

    def order(self, what: str) -> str:
        """An order of an administrator, such as `stop-smsc?smsc=texts`."""
        joined = "&" if "?" in what else "?"
        url = f"http://127.0.0.1:{self.plan.ports.admin}/{what}{joined}password={ADMIN}"
        return HTTP.get(url).text

    @property
    def logs(self) -> str:
        files = (self.folder / f"{each}.log" for each in PROGRAMS)
        return "".join(file.read_text("utf-8", "replace") for file in files if file.exists())


@dataclass
class World:
    """Everything from a phone to the service, and back.  The service does not send."""

    smsc: Smsc
    kannel: Kannel
    relay: Relay
    service: Service
    africastalking: FakeGateway
    sendsms: str

    def gateway(self, **other: str) -> KannelGateway:
        """What sends, and is not as patient as a real one."""
        return KannelGateway(replace(self.ask, **other), timeout=(3.0, 0.7))

    @property
    def ask(self) -> SendSms:
        reports = f"{self.relay.base}/kannel/{SECRET}/sms/delivery"
        return SendSms(self.sendsms, USER, PASSWORD, SHORT_CODE, reports)


@contextmanager
def world_on(redis_url: str, queue: int = 60) -> Iterator[World]:
    """All of it, until the block ends.  The data key is that of `SEAL`."""
    smsc_port, sendsms_port = free_port(), free_port()
    settings = {
        "KOMEK_GATEWAY": "africastalking,kannel",
        "KOMEK_DATA_KEY": base64.b64encode(b"k" * 32).decode(),
        "KOMEK_AT_USERNAME": "sandbox",
        "KOMEK_AT_API_KEY": API_KEY,
        "KOMEK_KANNEL_PASSWORD": PASSWORD,
    }
    with ExitStack() as stack:
        fake, smsc = stack.enter_context(fake_gateway()), stack.enter_context(smsc_on(smsc_port))
        service = stack.enter_context(running(redis_url, **settings))
        relay, folder = stack.enter_context(relay_to(service.base)), short_folder()
        plan = plan_for(smsc_port, f"{relay.base}/kannel/{SECRET}", sendsms_port, queue)
        kannel = stack.enter_context(kannel_in(stack.enter_context(folder), plan))
        smsc.until(lambda: smsc.binds.keys() == {"texts", "sessions"})
        sendsms = f"http://127.0.0.1:{sendsms_port}/cgi-bin/sendsms"
        yield World(smsc, kannel, relay, service, fake, sendsms)


def plan_for(smsc_port: int, callbacks: str, sendsms_port: int, queue: int) -> KannelPlan:
    return KannelPlan(
        texts=Smpp("127.0.0.1", smsc_port, "texts", "p"),
        sessions=Smpp("127.0.0.1", smsc_port, "sessions", "p"),
        callbacks=callbacks,
        username=USER,
        password=PASSWORD,
        admin_password=ADMIN,
        queue=queue,
        ports=Ports(sendsms_port, free_port(), free_port()),
        pace=HURRY,
    )


@contextmanager
def kannel_in(folder: Path, plan: KannelPlan) -> Iterator[Kannel]:
    kannel = Kannel(folder, plan)
    with ExitStack() as stack:
        stack.callback(kannel.kill)
        kannel.start()
        yield kannel


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _wait_for(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, f"it is too late that {what}"
        time.sleep(0.02)
