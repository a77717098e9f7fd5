"""What the outbox does when everything goes wrong, counted; `python benchmarks/outbox.py`."""

import asyncio
import random
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support.outbox_trials import hung, killed, refused

SEED = 20261122
KILLS, SENDS = 200, 2000
HANGS = 100
OUTAGE_MINUTES, OUTAGE_SPEED = 5.0, 30.0


async def main() -> bool:
    random.seed(SEED)
    print(f"seed {SEED}, {datetime.now(UTC):%Y-%m-%d}, Python {sys.version.split()[0]}")
    counts = await killed(KILLS, SENDS)
    counts += await hung(HANGS)
    counts += await refused(100, OUTAGE_MINUTES, OUTAGE_SPEED)
    for count in counts:
        mark = "" if not count.wanted else "ok" if count.holds else "MISSED"
        print(f"{count.what:55} {count.number:6}  {count.wanted:28} {mark}")
    return all(count.holds for count in counts)


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(main()) else 1)
