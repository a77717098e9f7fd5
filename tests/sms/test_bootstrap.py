"""The worker inside a service: what happens when it fails by a mistake of ours."""

import asyncio

import pytest

from sms.bootstrap import SmsService
from sms.series.run import Run
from tests.support.patience import PATIENCE


async def test_a_mistake_of_ours_does_not_end_the_sending(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The first run fails, and begins again; what sends does not notice, and the log quotes
    nobody.
    """
    stop, sent, runs = asyncio.Event(), 0, 0

    async def send(*_: object, **__: object) -> None:
        nonlocal sent
        sent += 1
        await stop.wait()

    async def run_due(_self: SmsService) -> Run:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise KeyError("+77010000000")
        stop.set()
        return Run()

    monkeypatch.setattr("sms.bootstrap.run_worker", send)
    monkeypatch.setattr("sms.bootstrap.rewrite_daily", lambda _redis, stop: stop.wait())
    monkeypatch.setattr(SmsService, "run_due", run_due)
    monkeypatch.setattr("runtime.tasks.AGAIN_SECONDS", 0.01)
    service = SmsService(*[None] * 10)  # type: ignore[arg-type]
    await asyncio.wait_for(service.work(stop), PATIENCE)
    assert (sent, runs) == (1, 2)
    assert "sms: the series ended (KeyError at " in caplog.text
    assert "+7701" not in caplog.text
