"""Of people who come by every way, nothing is left in any file, log or page, nor in what
commands print.
"""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette

from runtime.callbacks import Callback, CallbackRouter
from runtime.logs import JsonLines, TextLines
from sms.gateways import SmsHandlers
from tests.support.canaries import (
    NUMBERS,
    PHRASES,
    SUBSCRIBER,
    Crowd,
    crawled,
    crowd,
)
from tests.support.commands import Ended
from tests.support.identifiers import everything
from tests.support.operators import operator
from tests.support.service import SECRET
from tests.support.traces import content_of, traces
from tests.support.trees import until
from tests.test_privacy import written_out
from tests.ussd.test_kannel_ussd import headers
from ussd.answers import Answers
from ussd.gateways import GATEWAYS, UssdHandlers

SECRETS = [*NUMBERS, *PHRASES]
COMMANDS = [
    ["stats"],
    ["stats", "--csv"],
    ["digest", "due"],
    ["digest", "status"],
    ["digest", "run"],
    ["doctor"],
]


@pytest.fixture(scope="module", params=["text", "json"])
def people(request: pytest.FixtureRequest, processes: None) -> Iterator[Crowd]:
    """After everything was done."""
    with crowd(KOMEK_LOG=request.param) as people:
        people.come_by_africastalking()
        people.come_by_kannel()
        people.report()
        people.be_misunderstood()
        people.meet_faults()
        yield people


def test_a_tip_went_out(people: Crowd) -> None:
    """Or the others would prove nothing of the series."""
    people.up.run("digest", "run")
    until(lambda: people.up.fake.times().get(SUBSCRIBER, 0) >= 3, "the first tip is sent")


def test_no_answer_to_a_gateway_quotes_anybody(people: Crowd) -> None:
    assert len(people.answers) > 80
    assert traces(SECRETS, b"\n".join(people.answers)) == []


def test_no_page_shows_anybody(people: Crowd) -> None:
    with operator(people.base) as client:
        pages = [*crawled(client, "/operator/menu", 60)]
        pages += [client.get(path) for path in ("/healthz", "/readyz", "/metrics", "/nowhere")]
        pages += [client.get("/operator/figures.csv"), client.get("/operator/health")]
    assert len([page for page in pages if page.status_code == 200]) > 25
    shown = b"\n".join(page.content + str(page.headers).encode() for page in pages)
    assert traces(SECRETS, shown) == []


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_no_command_prints_anybody(
    people: Crowd, arguments: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    done: Ended = people.up.run(*arguments)
    assert done.stdout
    printed = f"{done.stdout}{done.stderr}{caplog.text}"
    assert traces(SECRETS, printed.encode()) == []


def test_no_file_holds_anybody(people: Crowd) -> None:
    """The log, which has what the process printed, its data, and all that Redis writes."""
    phones = people.up.phones
    asyncio.run(written_out(phones.url))
    log = phones.service.log.read_text(encoding="utf-8")
    assert " failed: " in log
    assert traces(SECRETS, content_of(phones.folder, phones.service.log.parent)) == []


def test_no_key_or_value_of_redis_shows_anybody(people: Crowd) -> None:
    """Also where a file would be compressed."""

    async def held() -> list[str]:
        async with Redis.from_url(people.up.phones.url, decode_responses=True) as redis:
            return await everything(redis)

    assert traces(SECRETS, "\n".join(asyncio.run(held())).encode()) == []


# --- Errors whose message quotes a person ------------------------------------------

FORMATS: list[logging.Formatter] = [TextLines(), JsonLines()]
ADDRESSES = [(name, what) for name in ("africastalking", "kannel") for what in ("ussd", "sms")]
ADDRESSES += [("africastalking", "sms/delivery"), ("africastalking", "sms/opt-out")]
ADDRESSES += [("africastalking", "ussd/end"), ("kannel", "sms/delivery")]


async def fail(*about: object, **_: object) -> Any:
    """As one of ours does where a library failed; both quote what they were given."""
    quoted = f"{NUMBERS[0]} said {PHRASES[0]}"
    raise RuntimeError(f"cannot take {about}: {quoted}") from ValueError(quoted)


class FailingAnswers(Answers):
    """Answers of sessions on a Redis whose client fails."""

    def __init__(self) -> None:
        """Needs none."""

    _hear = fail


def failing(gateway: str) -> dict[tuple[str, str], Callback]:
    ussd = UssdHandlers(fail, lambda: "Politsiya 102", fail, FailingAnswers(), fail_to_read)
    return GATEWAYS[gateway].callbacks(SECRET, SmsHandlers(fail, fail, fail), ussd)


def fail_to_read(_text: str) -> tuple[str, ...]:
    return ()


@pytest.mark.parametrize(("gateway", "what"), ADDRESSES)
async def test_an_error_in_a_callback_quotes_nobody(
    gateway: str, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = CallbackRouter(failing(gateway), Starlette())
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    data = {"id": "a", "from": NUMBERS[0], "text": PHRASES[0], "phoneNumber": NUMBERS[0]}
    data |= {"sessionId": "s", "status": "Success", "serviceCode": "*384*55#"}
    sent: dict[str, Any] = {"data": data}
    if gateway == "kannel":
        kannel = headers("%01", number=NUMBERS[0])
        sent = {
            "content": PHRASES[0].encode(),
            "headers": kannel,
            "params": {"id": "a" * 32, "status": "1"},
        }
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        method = "GET" if (gateway, what) == ("kannel", "sms/delivery") else "POST"
        answer = await http.request(method, f"/{gateway}/{SECRET}/{what}", **sent)
    written = [form.format(each) for form in FORMATS for each in caplog.records]
    assert any("RuntimeError" in line for line in written)
    told = "\n".join([*written, answer.text, str(answer.headers)])
    assert traces([NUMBERS[0], PHRASES[0]], told.encode()) == []
