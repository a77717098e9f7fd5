"""A worker as a process of its own, to be killed by `outbox_trials.py`.

Arguments: the address of Redis, that of the gateway, and in JSON what differs from
the defaults of `sms.sender.WorkerConfig`, `read` (seconds to wait for the gateway) and
`speed` (of its clock).
"""

import asyncio
import json
import logging
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from runtime.encryption import Seal
from sms.gateways.africastalking_client import AfricasTalkingGateway
from sms.outbox.outbox import Outbox, Rate
from sms.outbox.worker import WorkerConfig, run_worker

KEY = b"0123456789abcdef0123456789abcdef"


def connect(url: str, seconds: float = 5.0) -> Redis:
    """A client that never sends a command twice."""
    return Redis.from_url(
        url, socket_timeout=seconds, retry=Retry(NoBackoff(), 0), decode_responses=True
    )


async def work(redis_url: str, gateway_url: str, options: dict[str, float]) -> None:
    """Send until SIGTERM."""
    stop, began = asyncio.Event(), time.time()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    read, speed = options.pop("read", 9.05), options.pop("speed", 1.0)
    began = options.pop("began", began)
    rate = Rate(options.pop("calls", 1000.0), 1000)
    config = WorkerConfig(rate=rate, **options)  # type: ignore[arg-type]
    gateways = {
        "test": AfricasTalkingGateway("sandbox", "right", gateway_url, timeout=(3.05, read))
    }

    def now() -> datetime:
        return datetime.fromtimestamp(began + (time.time() - began) * speed, UTC)

    async with connect(redis_url) as redis:
        print("ready", flush=True)
        await run_worker(Outbox(redis, Seal(KEY)), gateways, stop, config=config, now=now)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    os.environ["NO_PROXY"] = "127.0.0.1"
    asyncio.run(work(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])))
