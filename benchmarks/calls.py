"""Calls and texts as a gateway posts them, each on a connection of its own, timed and judged."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlencode

from tests.support.service import REPOSITORY, SECRET, form, new_session
from tests.ussd.test_conversations import Turn, as_written, turns

GATEWAY_SECONDS = 10.0
"""So long a gateway waits for a screen."""
SPOKEN = ("en_in_danger", "ru_in_danger", "kk_in_danger", "tg_danger_abroad", "en_embassy_by_name")
DIALOGUES = [
    turns((REPOSITORY / "tests" / "conversations" / f"{name}.txt").read_text("utf-8"))
    for name in SPOKEN
]
TURNS = [turn for dialogue in DIALOGUES for turn in dialogue]


@dataclass
class Tally:
    """What came of calls.  `seconds`: each, in order; `wrong`: another screen than is written;
    `emergency`: the numbers alone, as they are shown when anything breaks; `why`: what came in
    the place of an answer with 200, as `post` tells it.
    """

    seconds: list[float] = field(default_factory=list)
    wrong: int = 0
    emergency: int = 0
    why: Counter[str] = field(default_factory=Counter)

    @property
    def failed(self) -> int:
        return self.why.total()

    @property
    def p99(self) -> float:
        return sorted(self.seconds)[len(self.seconds) * 99 // 100]

    def __str__(self) -> str:
        right = len(self.seconds) - self.wrong - self.failed - self.emergency
        screens = f"{right} of {len(self.seconds)} right, {self.emergency} emergency screens"
        bad = f"{self.wrong} wrong, {self.failed} failed{reasons(self.why)}"
        return f"{screens}, {bad}; p99 {self.p99:.2f} s, longest {max(self.seconds):.2f} s"


def reasons(why: Counter[str]) -> str:
    """In brackets, how often each; nothing where there is none."""
    told = ", ".join(f"{many} {what}" for what, many in why.most_common())
    return f" ({told})" if told else ""


async def post(port: int, kind: str, fields: dict[str, str]) -> tuple[int, str]:
    """The status and the body; 0 and why, where there is no answer."""
    try:
        async with asyncio.timeout(GATEWAY_SECONDS):
            return await _post(port, f"/africastalking/{SECRET}/{kind}", urlencode(fields))
    except ConnectionRefusedError:
        return 0, "refused"
    except TimeoutError:
        return 0, f"later than {GATEWAY_SECONDS:.0f} s"
    except (OSError, ValueError, IndexError):
        return 0, "cut off"


async def _post(port: int, path: str, body: str) -> tuple[int, str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        head += "Content-Type: application/x-www-form-urlencoded\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        answer = (await reader.read()).decode()
    finally:
        writer.close()
    head, _, screen = answer.partition("\r\n\r\n")
    return int(head.split(" ", 2)[1]), screen


async def text(port: int, id_: str, number: str, words: str = "HELP") -> int:
    """A text comes in; the status of the answer."""
    status, _ = await post(port, "sms", {"id": id_, "from": number, "to": "1234", "text": words})
    return status


async def hop(port: int, turn: Turn, tally: Tally, session: str = "") -> None:
    """One hop, and what the phone shows, against what is written in the conversation."""
    began = time.perf_counter()
    number = f"+7700{random.randrange(10**7):07}"
    status, screen = await post(port, "ussd", form(session or new_session(), turn.text, number))
    tally.seconds.append(time.perf_counter() - began)
    if status != 200:
        tally.why[f"HTTP {status}" if status else screen] += 1
    elif as_written(screen) != turn.screen:
        emergency = screen.startswith("END ") and "112" in screen
        tally.emergency += emergency
        tally.wrong += not emergency


async def call_often(port: int, many: int, at_once: int = 8) -> Tally:
    """So many hops from anywhere in the dialogues, `at_once` under way."""
    tally, left = Tally(), iter(range(many))

    async def go_on() -> None:
        for _ in left:
            await hop(port, random.choice(TURNS), tally)

    await asyncio.gather(*(go_on() for _ in range(at_once)))
    return tally


async def call_at(port: int, rate: float, seconds: float) -> Tally:
    """So many hops a second, whether or not the earlier ones are answered."""
    tally, tasks, began = Tally(), [], time.perf_counter()
    for n in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + n / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(hop(port, random.choice(TURNS), tally)))
    await asyncio.gather(*tasks)
    return tally
