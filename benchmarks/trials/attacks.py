"""Who knows the secret invents senders; somebody hammers at the operator's log-in."""

import asyncio
import random
import time
from datetime import datetime

import httpx

from benchmarks.calls import Tally, call_at, text
from benchmarks.trials.worlds import PATIENCE, Row, World, world
from tests.support.service import OPERATOR_TOKEN

MINUTE = 60.0
CAPS = {"KOMEK_REPLIES_A_MINUTE": "60", "KOMEK_REPLIES_A_DAY": "10000"}
DANGER = "They took my passport and locked me in"


async def pumped(size: float) -> list[Row]:
    """10,000 invented senders in 10 minutes, some outside the prefixes, and real people: who texted
    the day before, who is in danger, who calls.
    """
    with world(KOMEK_WORKER="true", **CAPS) as on:
        seconds = max(MINUTE, 10 * MINUTE * size)
        calls = asyncio.create_task(call_at(on.port, 5, seconds))
        real = asyncio.create_task(plead(on, 20, seconds))
        invented = int(seconds * 1000 / MINUTE)
        began, began_at = time.monotonic(), datetime.now()
        for n in range(invented):
            await asyncio.sleep(max(0.0, began + n * MINUTE / 1000 - time.monotonic()))
            outside = n % 10 == 0
            sender = f"+{'1202' if outside else '7701'}{n:07}"
            await text(on.port, f"pump{n}", sender)
        tally, pleas = await calls, await real
        sent = await sent_at_the_end(on)
        answered = len(pleas & {int(each[-7:]) for each in sent if each.startswith("+7702")})
        came, holds = judged(on, tally, sent, (began_at, seconds), answered)
    done = f"{invented} invented senders in {seconds:.0f} s, the secret known; 20 in danger text"
    wanted = (
        "≤ 3 a number, caps hold, 0 outside, one alarm ≤ 60 s, all in danger answered, all screens"
    )
    return [Row(done, wanted, came, holds)]


async def sent_at_the_end(on: World) -> dict[str, int]:
    """How often each number was texted, once nothing waits any more."""
    began = time.monotonic()
    while on.redis.xlen("sms:queue:replies") and time.monotonic() - began < PATIENCE:  # noqa: ASYNC110
        await asyncio.sleep(0.2)
    return on.gateway.times()


def judged(
    on: World, tally: Tally, sent: dict[str, int], when: tuple[datetime, float], answered: int
) -> tuple[str, bool]:
    """`when`: since when, and for how many seconds."""
    (began, seconds), outside = when, sum(not each.startswith("+7") for each in sent)
    most, total = max(sent.values()), sum(sent.values())
    alarms = [line for line in on.told if "the cap of new numbers a minute" in line]
    after = [(at_of(line) - began).total_seconds() for line in alarms]
    allowed = 90 * (seconds // MINUTE + 1)
    came = f"{total} sent, at most {most} a number, {outside} outside, {len(alarms)} alarm"
    came += "".join(f", after {each:.0f} s" for each in after)
    came += f"; {answered} of 20 in danger answered; {tally}"
    bad = tally.failed + tally.wrong
    holds = most <= 3 and not outside and len(alarms) == 1 and after[0] <= 60 and answered == 20
    return came, holds and not bad and total <= allowed


def at_of(line: str) -> datetime:
    """When a line of the log was written, by the clock of this place."""
    return datetime.strptime(line[:23], "%Y-%m-%d %H:%M:%S,%f")


async def plead(on: World, many: int, seconds: float) -> set[int]:
    """People in danger text, one after the other."""
    for n in range(many):
        await text(on.port, f"plea{n}", f"+7702{n:07}", DANGER)
        await asyncio.sleep(seconds / many)
    return {*range(many)}


async def log_in_attacked(size: float) -> list[Row]:
    """Forms of 4 KB of escapes, four at once; hops before and meanwhile."""
    with world(KOMEK_OPERATOR_TOKEN=OPERATOR_TOKEN) as on:
        seconds = max(5.0, 60 * size)
        calm = await call_at(on.port, 20, seconds)
        over = asyncio.Event()
        attackers = [asyncio.create_task(hammer(on, over)) for _ in range(4)]
        tally = await call_at(on.port, 20, seconds)
        over.set()
        tried = sum(await asyncio.gather(*attackers))
        status = await enter(on, OPERATOR_TOKEN)
    came = f"{tried} posts; hops p99 {calm.p99 * 1000:.0f} → {tally.p99 * 1000:.0f} ms; "
    came += f"the right token then: {status}"
    holds = tally.p99 <= 2 * max(calm.p99, 0.02) and status == 303 and not tally.failed
    done = f"the operator's log-in attacked for {seconds:.0f} s, from one address"
    return [Row(done, "hops' p99 ≤ 2 ×; a right token opens", came, holds)]


async def hammer(on: World, over: asyncio.Event) -> int:
    tried = 0
    while not over.is_set():
        await enter(on, "%41" * random.randrange(1200, 1300))
        tried += 1
        await asyncio.sleep(0.8)
    return tried


async def enter(on: World, token: str) -> int:
    address = f"http://127.0.0.1:{on.port}/operator/enter"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        body = f"name=Somebody&token={token}"
        return (await http.post(address, content=body, headers=kind)).status_code
