"""The series of tips on real Redis, by a clock of ours: once each, in order, to the end."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from menus.model import Menu
from runtime.encryption import Seal
from sms.outbox.messages import Batch, MessageKind, Outgoing, Queue
from sms.outbox.outbox import Act, Caps, Outbox, PutResult
from sms.series.calendar import ALMATY, Calendar
from sms.series.progress import Progress, progress_of, read_progress
from sms.series.run import Run, run_due
from sms.series.scripts import STOPPED
from sms.series.subscriptions import Subscriptions
from tests.support.outboxes import GATEWAY, begin, chosen_by
from tests.support.workers import Gateway, until_empty, working

MONDAY_NOON = datetime(2026, 11, 16, 12, tzinfo=ALMATY)
CALENDAR = Calendar()
CAPS = Caps()


class SeriesTrial:
    """Subscriptions and an outbox on one Redis, and the hands of a clock."""

    def __init__(self, redis: Redis, menu: Menu, caps: Caps | None = None) -> None:
        self.redis = redis
        self.menu = menu
        self.now = MONDAY_NOON
        self.use(Seal(b"k" * 32), caps or CAPS)

    def use(self, seal: Seal, caps: Caps = CAPS) -> None:
        """Keep everything under this from now on."""
        self.seal = seal
        self.subscriptions = Subscriptions(self.redis, seal, CALENDAR)
        self.outbox = Outbox(self.redis, seal, caps, unwanted=STOPPED)

    def tips(self, language: str) -> list[str]:
        return [tip.strip() for tip in self.menu.languages[language].sms.series]

    async def run(self) -> Run:
        return await run_due(self.subscriptions, self.outbox, self.menu, CALENDAR, lambda: self.now)

    async def begin(self, msisdn: str, language: str) -> None:
        await self.act(self.subscriptions.begin_act(msisdn, language, GATEWAY, self.now))

    async def ask(self, msisdn: str, language: str) -> str:
        choices = "asked", "already"
        return await self.act(self.subscriptions.ask_act(msisdn, language), *choices)

    async def confirm(self, msisdn: str) -> str:
        languages = self.menu.languages
        act = self.subscriptions.confirm_act(msisdn, languages, GATEWAY, self.now)
        running = (f"already {each}" for each in languages)
        return await self.act(act, *languages, *running, "not asked")

    async def act(self, act: Act, *choices: str) -> str:
        """What an act chooses; nothing, if there is nothing to choose from."""
        chosen = await chosen_by(self.outbox, act, choices, self.now)
        return chosen[0] if chosen else ""

    async def queued(self) -> list[tuple[str, str]]:
        """Who is owed which text, in the order of the queue."""
        claimed = await self.outbox.claim(Queue.SERIES, "reader", 1000)  # the first opens the queue
        claimed += await self.outbox.claim(Queue.SERIES, "reader", 1000)
        begun = await begin(self.outbox, claimed, MONDAY_NOON)
        return [(self.seal.index(to), each.text) for each in begun for to in each.to.values()]


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        await redis.flushall()
        yield redis


@pytest.fixture
def trial(redis: Redis, menu: Menu) -> SeriesTrial:
    return SeriesTrial(redis, menu)


def number(n: int) -> str:
    return f"+7701{n:07}"


async def test_nothing_is_sent_before_the_person_confirms(trial: SeriesTrial) -> None:
    await trial.ask(number(1), "ru")
    assert await trial.run() == Run()
    assert await trial.confirm(number(1)) == "ru"
    assert await trial.run() == Run(queued=1)


async def test_who_confirms_again_is_told_that_it_runs(trial: SeriesTrial) -> None:
    await trial.ask(number(1), "ru")
    said = [await trial.confirm(number(1)) for _ in range(2)]
    assert said == ["ru", "already ru"]
    assert await trial.run() == Run(queued=1)


async def test_consent_without_a_question_begins_nothing(trial: SeriesTrial) -> None:
    assert await trial.confirm(number(1)) == "not asked"
    assert await trial.run() == Run()


@pytest.mark.parametrize("language", ["kk", "ru", "en", "uz", "ky", "tg", "kk_Latn"])
async def test_each_tip_comes_once_in_order_and_then_it_ends(
    trial: SeriesTrial, language: str
) -> None:
    tips = trial.menu.language(language).sms.series
    await trial.begin(number(1), language)
    for _ in range(60):
        await trial.run()
        await trial.run()
        trial.now += timedelta(days=1)
    assert [text for _, text in await trial.queued()] == [tip.strip() for tip in tips]
    assert not await trial.subscriptions.runs(number(1))
    assert await trial.subscriptions.waiting(trial.now) == 0
    assert await trial.redis.keys("sms:series:*") == []


async def test_nothing_comes_at_night_or_on_days_off(trial: SeriesTrial) -> None:
    await trial.begin(number(1), "ru")
    for hours in (9, 20, 24 * 5, 24 * 6):  # Monday 21:00, Tuesday 08:00, Saturday, Sunday
        trial.now = MONDAY_NOON + timedelta(hours=hours)
        assert await trial.run() == Run()


@pytest.mark.parametrize("hours", [(1, -1, 0), (-1, 1, 0), (0, -1, 0, 1)])
async def test_a_clock_that_is_put_back_or_forward_sends_no_tip_twice(
    trial: SeriesTrial, hours: tuple[int, ...]
) -> None:
    await trial.begin(number(1), "ru")
    for hour in hours:
        trial.now = MONDAY_NOON + timedelta(hours=hour)
        await trial.run()
    assert [text for _, text in await trial.queued()] == trial.tips("ru")[:1]


async def test_who_begins_at_night_gets_the_first_in_the_morning(trial: SeriesTrial) -> None:
    trial.now = MONDAY_NOON + timedelta(hours=11)
    await trial.begin(number(1), "ru")
    assert await trial.run() == Run()
    trial.now = MONDAY_NOON + timedelta(hours=21)
    assert await trial.run() == Run(queued=1)


async def test_stop_ends_it_at_once_also_for_what_waits_in_the_outbox(trial: SeriesTrial) -> None:
    await trial.begin(number(1), "ru")
    await trial.begin(number(2), "ru")
    await trial.run()
    await trial.subscriptions.stop(number(1))
    assert [index for index, _ in await trial.queued()] == [trial.seal.index(number(2))]
    trial.now += timedelta(days=7)
    assert await trial.run() == Run(queued=1)
    assert not await trial.subscriptions.runs(number(1))


async def test_who_stopped_can_begin_again_from_the_first_tip(trial: SeriesTrial) -> None:
    await trial.begin(number(1), "ru")
    await trial.run()
    await trial.subscriptions.stop(number(1))
    trial.now += timedelta(minutes=5)
    await trial.begin(number(1), "ru")
    assert await trial.run() == Run(queued=1)
    first = trial.menu.languages["ru"].sms.series[0].strip()
    assert [text for _, text in await trial.queued()] == [first, first]


async def test_to_begin_twice_is_to_begin_once(trial: SeriesTrial) -> None:
    await trial.begin(number(1), "ru")
    await trial.begin(number(1), "kk")
    assert await trial.run() == Run(queued=1)
    assert [text for _, text in await trial.queued()] == [trial.tips("ru")[0]]


class Crash(Exception):
    """The process ends here."""


async def test_a_run_that_is_killed_between_any_two_steps_skips_and_repeats_nobody(
    trial: SeriesTrial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time when a batch is put, before the next."""
    await begun(trial, range(50))
    put = trial.outbox.put_batch

    async def crash(batch: Batch, act: Act, now: datetime) -> None:
        await put(batch, act, now)
        raise Crash

    with monkeypatch.context() as killed:
        killed.setattr(trial.outbox, "put_batch", crash)
        for _ in range(3):
            with pytest.raises(Crash):
                await trial.run()
    assert (await trial.run()).queued == 0, "all of it stood in the outbox already"
    texts = await trial.queued()
    assert len(texts) == 50
    assert set(Counter(index for index, _ in texts).values()) == {1}


async def test_a_tip_that_an_older_version_queued_and_did_not_note_is_not_queued_again(
    trial: SeriesTrial,
) -> None:
    """Version 0.1.0 put the tips, one by one, and only then moved the people on."""
    await begun(trial, range(3))
    for n in range(3):
        await trial.redis.hdel(f"sms:series:{trial.seal.index(number(n))}", "cut")
    one, *_ = await trial.subscriptions.due(trial.now)
    soon = trial.now + timedelta(hours=1)
    tip = Outgoing(one.former_key, one.msisdn, "Tip 1.", MessageKind.SERIES, soon)
    assert await trial.outbox.put(tip, trial.now) is PutResult.QUEUED
    assert await trial.run() == Run(queued=2)
    assert await trial.run() == Run()
    owed = Counter(index for index, _ in await trial.queued())
    assert owed == {trial.seal.index(number(n)): 1 for n in range(3)}


async def test_a_series_that_another_key_sealed_holds_up_nobody(
    trial: SeriesTrial, menu: Menu
) -> None:
    await trial.begin(number(1), "ru")
    other = Subscriptions(trial.redis, Seal(b"o" * 32), CALENDAR)
    await trial.act(other.begin_act(number(2), "ru", GATEWAY, trial.now))
    assert await trial.run() == Run(queued=1)


async def test_over_the_cap_of_the_day_the_rest_waits_for_the_next_run(
    redis: Redis, menu: Menu
) -> None:
    trial = SeriesTrial(redis, menu, Caps(series_a_day=10))
    for n in range(15):
        await trial.begin(number(n), "ru")
    assert await trial.run() == Run(queued=10, held_back=5)
    trial.now += timedelta(days=1)
    assert await trial.run() == Run(queued=5)


async def test_every_key_is_forgotten_some_day_and_none_names_a_number(trial: SeriesTrial) -> None:
    await trial.ask(number(1), "ru")
    await trial.confirm(number(1))
    await trial.ask(number(2), "ru")
    await trial.begin(number(3), "ru")
    await trial.subscriptions.stop(number(3))
    await trial.run()
    for key in await trial.redis.keys("*"):
        assert await trial.redis.ttl(key) > 0, key
        assert "7701" not in key


async def test_people_with_the_same_tip_share_a_call_whoever_began_between_them(
    trial: SeriesTrial,
) -> None:
    """Three languages and two tips, all mixed: six texts, and takes of a hundred."""
    gateway = Gateway()
    await begun(trial, range(240))
    await trial.run()
    trial.now += CALENDAR.every_days * timedelta(days=1)
    await begun(trial, range(240, 300))
    async with working(trial.outbox, gateway, now=lambda: trial.now):
        await until_empty(trial.outbox)  # the first tip is too late by now
        assert gateway.calls == []
    assert await trial.run() == Run(queued=300)
    async with working(trial.outbox, gateway, now=lambda: trial.now):
        await until_empty(trial.outbox)
    assert sorted(gateway.texted) == [number(n) for n in range(300)]
    assert len({call.text for call in gateway.calls}) == 6
    assert len(gateway.calls) <= 6 + 2, "a call for each text, and one more where a claim ends"


async def begun(trial: SeriesTrial, people: range) -> None:
    """Subscriptions to the languages in turn."""
    for n in people:
        await trial.begin(number(n), ("kk", "ru", "en")[n % 3])


async def test_the_next_tip_can_be_brought_forward(trial: SeriesTrial) -> None:
    await trial.begin(number(1), "en")
    await trial.run()
    trial.now += timedelta(hours=1)
    assert await trial.run() == Run()
    assert await trial.subscriptions.bring_forward(number(1), trial.now)
    assert await trial.run() == Run(queued=1)
    tips = trial.menu.languages["en"].sms.series
    assert [text for _, text in await trial.queued()] == list(tips[:2])
    assert not await trial.subscriptions.bring_forward(number(2), trial.now)
    assert await trial.run() == Run()


# --- How far it has come


async def test_progress_follows_a_run_from_due_to_sent(trial: SeriesTrial) -> None:
    for n in range(5):
        await trial.begin(number(n), "ru")
    seen = [await read_progress(trial.redis, trial.subscriptions, trial.now)]
    await trial.run()
    seen.append(await read_progress(trial.redis, trial.subscriptions, trial.now))
    async with working(trial.outbox, Gateway(), now=lambda: trial.now):
        await until_empty(trial.outbox)
    seen.append(await read_progress(trial.redis, trial.subscriptions, trial.now))
    assert seen == [Progress(due=5), Progress(waiting=5), Progress(sent=5)]
    assert [(each.done, each.left) for each in seen] == [(0, 5), (0, 5), (5, 0)]


@pytest.mark.parametrize(
    ("state", "progress"),
    [
        ("under way", Progress(waiting=12)),
        ("accepted", Progress(sent=12)),
        ("delivered", Progress(sent=12)),
        ("unknown", Progress(unknown=12)),
        ("failed", Progress(not_sent=12)),
        ("expired", Progress(not_sent=12)),
    ],
)
def test_progress_counts_each_state_of_the_series_and_no_reply(
    state: str, progress: Progress
) -> None:
    assert progress_of({f"series is {state}": 12, f"reply is {state}": 7}, 0) == progress


@pytest.mark.parametrize("after", range(1, 7))
async def test_a_whole_run_between_two_steps_of_another_sends_nothing_early(
    trial: SeriesTrial, after: int
) -> None:
    """`after`: so many answers of Redis to the one run, the other one runs from end to end."""
    other = SeriesTrial(Redis(connection_pool=trial.redis.connection_pool), trial.menu)
    execute: Any = other.redis.execute_command
    answers = 0

    async def interrupted(*args: object, **options: object) -> object:
        nonlocal answers
        answer = await execute(*args, **options)
        answers += 1
        if answers == after:
            await trial.run()
        return answer

    other.redis.execute_command = interrupted  # type: ignore[method-assign]
    for n in range(5):
        await trial.begin(number(n), "en")
    await other.run()
    first = trial.menu.languages["en"].sms.series[0]
    queued = await trial.queued()
    assert [text for _, text in queued] == [first] * 5
    assert len({who for who, _ in queued}) == 5
