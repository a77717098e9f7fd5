"""Phones that text a service of their own, over real HTTP, and its simulator's inbox."""

import asyncio
import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.embedded_redis import embedded_redis
from runtime.encryption import Seal
from runtime.redis_client import connect
from sms.gateways.simulator import Simulator
from tests.support.patience import PATIENCE
from tests.support.service import SECRET, Service, running, short_folder

KEY_OCTETS = b"k" * 32
KEY = base64.b64encode(KEY_OCTETS).decode()


class Phones:
    """Phones that text the service, and what they receive."""

    def __init__(self, service: Service, url: str, folder: Path) -> None:
        self.service = service
        self.url = url
        self.folder = folder
        self._texts = 0

    def text(self, number: str, words: str, id_: str = "") -> int:
        """Post a text as the gateway does; the status of the answer."""
        self._texts += 1
        form = {"id": id_ or f"in-{self._texts}", "from": number, "to": "1234", "text": words}
        address = f"{self.service.base}/africastalking/{SECRET}/sms"
        return self.service.http.post(address, data=form).status_code

    def inbox(self, number: str, count: int, key: bytes = KEY_OCTETS) -> list[str]:
        """The first texts that a phone receives, waited for."""
        deadline = time.monotonic() + PATIENCE
        while len(texts := self.received(number, key)) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        return texts

    def quiet(self, number: str, count: int) -> list[str]:
        """What a phone has received after everything that was queued is sent."""
        self.inbox(number, count)
        time.sleep(0.5)
        return self.received(number)

    def received(self, number: str, key: bytes = KEY_OCTETS) -> list[str]:
        """What a phone has received by now."""

        async def read() -> list[str]:
            async with connect(self.url, PATIENCE) as redis:
                seal = Seal(key)
                return [each.text for each in await Simulator(redis, seal).inbox(number)]

        return asyncio.run(read())


@contextmanager
def texted_service(**settings: str) -> Iterator[Phones]:
    """A service with its worker, on a server of its own whose files are in `folder`."""
    own = {"KOMEK_DATA_KEY": KEY, "KOMEK_WORKER": "true", **settings}
    with (
        short_folder() as folder,
        embedded_redis(folder) as url,
        running(url, **own) as service,
    ):
        yield Phones(service, url, folder)
