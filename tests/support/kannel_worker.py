"""A worker as a process of its own that sends by Kannel, to be killed.

Arguments: the address of Redis; `sendsms`, its password, and where its reports go.
"""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sms.gateways.kannel import SendSms
from sms.gateways.kannel_client import KannelGateway
from sms.outbox.outbox import Outbox, Rate
from sms.outbox.worker import WorkerConfig, run_worker
from tests.support.outboxes import SEAL
from tests.support.worker_process import connect


async def work(redis_url: str, url: str, password: str, reports: str) -> None:
    gateway = KannelGateway(SendSms(url, "komek", password, "7111", reports))
    config = WorkerConfig(rate=Rate(300.0, 30), lease=3.0, longest_retry_delay=5.0)
    async with connect(redis_url) as redis:
        print("ready", flush=True)
        outbox = Outbox(redis, SEAL)
        await run_worker(outbox, {"kannel": gateway}, asyncio.Event(), config=config)


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:5]))
