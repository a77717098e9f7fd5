"""The registry: which gateways there are, what is set up, and what each posts to."""

import base64
import os
from collections.abc import AsyncIterator, MutableMapping
from pathlib import Path
from typing import cast

import httpx
import pytest
import uvicorn
from redis.asyncio import Redis
from uvicorn.lifespan.on import LifespanOn

from main import create_app
from menus.model import Menu
from runtime.clock import utc_now
from runtime.settings import ChosenGateways, Settings
from sms.outbox.outbox import Outbox, Sending
from tests.support.outboxes import FAST, SEAL, claim
from ussd.gateways.registry import GATEWAYS, GatewayEntry, faults_in_settings, gateways_of

STRONG = "0123456789-abcdefghij_X"
KEY = base64.b64encode(b"k" * 32).decode()
REAL = GATEWAYS["africastalking"]
SERVICE = {"KOMEK_CALLBACK_SECRET": STRONG, "KOMEK_DATA_KEY": KEY}
ACCOUNT = {"KOMEK_AT_USERNAME": "sandbox", "KOMEK_AT_API_KEY": "key"}


@pytest.fixture(autouse=True)
def second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line more in the registry, and no setting of ours, wherever the tests run."""
    for name in [name for name in os.environ if name.upper().startswith("KOMEK_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    entry = GatewayEntry("second", REAL.sms, REAL.ussd)
    monkeypatch.setitem(cast("MutableMapping[str, GatewayEntry]", GATEWAYS), "second", entry)


def set_up(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_the_simulator_answers_where_a_real_gateway_does() -> None:
    [simulator] = gateways_of(ChosenGateways())
    assert simulator.address("http://host", "secret") == REAL.address("http://host", "secret")
    assert simulator.sms.callbacks.keys() == REAL.sms.callbacks.keys()


@pytest.mark.parametrize(
    ("gateway", "fault"),
    [
        ("simulator", None),
        ("africastalking", None),
        ("africastalking,second", None),
        ("second, africastalking", None),
        (
            "africastalking,third",
            f"Input should be {' or '.join(map(repr, [*GATEWAYS, 'second']))}",
        ),
        ("simulator,africastalking", "simulator stands alone: nothing leaves the machine with it"),
        ("second,second", "names a gateway twice"),
    ],
)
def test_several_are_joined_by_a_comma(
    monkeypatch: pytest.MonkeyPatch, gateway: str, fault: str | None
) -> None:
    set_up(monkeypatch, KOMEK_GATEWAY=gateway, **SERVICE, **ACCOUNT)
    assert faults_in_settings() == ([f"KOMEK_GATEWAY: {fault}"] if fault else [])


def test_only_a_gateway_that_is_set_up_needs_its_own_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_up(monkeypatch, KOMEK_AT_API_KEY_FILE="/nowhere")
    assert faults_in_settings() == []
    set_up(monkeypatch, KOMEK_GATEWAY="africastalking", **SERVICE)
    assert faults_in_settings() == [
        "KOMEK_AT_USERNAME: is missing; set it to the name of your account",
        "KOMEK_AT_API_KEY_FILE: No such file or directory",
    ]


@pytest.mark.parametrize(
    ("gateway", "septets", "faults"),
    [
        ("africastalking", "182", []),
        ("kannel", "160", []),
        ("africastalking,kannel", "161", ["KOMEK_USSD_SEPTETS: kannel carries 160 at most"]),
    ],
)
def test_a_screen_holds_no_more_than_each_gateway_carries(
    monkeypatch: pytest.MonkeyPatch, gateway: str, septets: str, faults: list[str]
) -> None:
    set_up(monkeypatch, KOMEK_GATEWAY=gateway, KOMEK_USSD_SEPTETS=septets, **SERVICE, **ACCOUNT)
    set_up(monkeypatch, KOMEK_KANNEL_PASSWORD="hush")  # noqa: S106
    assert faults_in_settings() == faults


@pytest.fixture
async def http(
    monkeypatch: pytest.MonkeyPatch, redis_url: str, redis: Redis, menu: Menu
) -> AsyncIterator[httpx.AsyncClient]:
    """The service of two gateways."""
    set_up(monkeypatch, KOMEK_GATEWAY="africastalking,second", **SERVICE, **ACCOUNT)
    set_up(monkeypatch, KOMEK_REDIS_URL=f"{redis_url}?db=9", KOMEK_WORKER="false")
    app = create_app(Settings(), menu)
    life = LifespanOn(uvicorn.Config(app, log_config=None))
    await life.startup()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client
    await life.shutdown()  # closes what the service opened


async def test_each_has_its_callbacks_and_its_replies(
    http: httpx.AsyncClient, redis: Redis
) -> None:
    for n, name in enumerate(("africastalking", "second")):
        number = f"+7701000000{n}"
        form = {"sessionId": f"s-{n}", "phoneNumber": number, "text": "3"}
        hop = await http.post(f"/{name}/{STRONG}/ussd", data=form)
        assert hop.text.startswith("CON ")
        text = {"id": "1", "from": number, "text": "TIPS"}
        assert (await http.post(f"/{name}/{STRONG}/sms", data=text)).status_code == 200
    assert (await http.post(f"/third/{STRONG}/sms", data=text)).status_code == 404
    outbox = Outbox(redis, SEAL)
    names = ["second", "africastalking"]
    begun = [await outbox.begin(each, "w", FAST, names, utc_now()) for each in await claim(outbox)]
    waiting = {(*each.to.values(), each.gateway) for each in begun if isinstance(each, Sending)}
    assert waiting == {("+77010000000", "africastalking"), ("+77010000001", "second")}


async def test_nothing_of_the_simulator_is_there(http: httpx.AsyncClient) -> None:
    assert (await http.get("/")).status_code == 404
