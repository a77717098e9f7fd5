"""A service that sends by a gateway, and the commands that look at it from beside."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.support.commands import Ended, command
from tests.support.fake_gateway import API_KEY, FakeGateway, fake_gateway
from tests.support.phones import KEY, Phones, texted_service
from tests.support.service import REPOSITORY, SECRET


@dataclass
class Launched:
    """A service with a worker, its gateway, and the settings of both."""

    phones: Phones
    fake: FakeGateway
    settings: dict[str, str]

    def run(self, *arguments: str, typed: str = "", **other: str) -> Ended:
        """A command of `main.py` with these settings, but for `other`."""
        settings = {**self.settings, "KOMEK_REDIS_URL": self.phones.url, **other}
        return command(REPOSITORY, *arguments, typed=typed, settings=settings)


@contextmanager
def launched(**other: str) -> Iterator[Launched]:
    """Such a service until the block ends."""
    with fake_gateway() as fake:
        settings = {
            "KOMEK_GATEWAY": "africastalking",
            "KOMEK_CALLBACK_SECRET": SECRET,
            "KOMEK_DATA_KEY": KEY,
            "KOMEK_AT_USERNAME": "sandbox",
            "KOMEK_AT_API_KEY": API_KEY,
            "KOMEK_AT_URL": fake.base,
            **other,
        }
        with texted_service(**settings) as phones:
            yield Launched(phones, fake, settings)
