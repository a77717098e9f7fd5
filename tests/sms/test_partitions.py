"""An outbox and a series of 64 partitions, as on a cluster, here all on one server."""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

import pytest
from redis.asyncio import Redis
from redis.crc import key_slot

from menus.model import Menu
from runtime.encryption import DataKey, Seal
from runtime.partitions import CLUSTERED, MANY, ONE, WHOLE, partitions_on
from sms.outbox import scripts
from sms.outbox.forgetting import forget_messages
from sms.outbox.messages import MessageKind, Outgoing, Queue
from sms.outbox.outbox import Act, Caps, Claimed, Outbox, PutResult, Rate, Sending, Wait
from sms.outbox.status import (
    first_in_line,
    people_waiting,
    read_counts,
    read_outbox_status,
)
from sms.series import scripts as series_scripts
from sms.series.calendar import ALMATY, Calendar
from sms.series.run import Run, run_due
from sms.series.scripts import STOPPED
from sms.series.subscriptions import Subscriptions
from sms.states import State
from sms.unknown_words import UnknownWords
from tests.support.outboxes import GATEWAY, NOW, SEAL, SOON, begin, settle, told
from tests.support.workers import Gateway, until_empty, working
from ussd.sessions import HopRecord, Sessions

SCRIPTS = [
    *(lua for lua in vars(scripts).values() if isinstance(lua, str) and "call(" in lua),
    *(lua for lua in vars(series_scripts).values() if isinstance(lua, str) and "call(" in lua),
    scripts.put_chosen(series_scripts.CONFIRM_ACT),
    scripts.put_batch(series_scripts.MOVE_ON_ACT),
    scripts.begin(STOPPED),
]
PEOPLE = [f"+770155{n:05}" for n in range(40)]
UNLIMITED = Caps(10**6, 600, 10**6, 10**6, 10**6)


def outbox_of(redis: Redis, caps: Caps = UNLIMITED) -> Outbox:
    return Outbox(redis, SEAL, caps, unwanted=STOPPED, partitions=CLUSTERED)


def text_to(msisdn: str, key: str = "") -> Outgoing:
    return Outgoing(key or f"to {msisdn}", msisdn, "Text.", MessageKind.REPLY, SOON, GATEWAY)


async def put_to(outbox: Outbox, people: Iterable[str]) -> Counter[PutResult]:
    return Counter(await outbox.put_all([text_to(each) for each in people], NOW))


def test_all_keys_of_a_partition_stand_in_one_slot_and_not_all_in_the_same() -> None:
    names = "sms:later", "sms:message:1", "ussd:session:1{2}", "redis:fence", "redis:cut"
    slots = set()
    for each in (*CLUSTERED.all, CLUSTERED.shared):
        keys = [*map(each.key, names), *each.declared]
        [slot] = {key_slot(key.encode()) for key in keys}
        slots.add(slot)
    assert len(slots) == MANY + 1


def test_on_one_server_keys_are_named_as_ever() -> None:
    assert WHOLE.key("sms:later") == "sms:later"
    assert WHOLE.declared == ("sms:", "redis:cut")
    assert WHOLE.name("ab12") == "ab12"


@pytest.mark.parametrize("lua", SCRIPTS)
def test_no_script_names_a_key_that_it_was_not_told_of(lua: str) -> None:
    """Each begins with what is declared, so all of them are of its slot."""
    named = set(re.findall(r"call\('([A-Z]+)', '([^']*)'", lua))
    assert {command for command, _ in named} <= {"XGROUP", "XINFO"}, "a subcommand, and no key"
    assert not re.findall(r"'(?:sms|ussd|redis):[a-z-]*:?' *\.\.", lua)


async def test_a_client_of_one_server_has_one_partition(redis: Redis) -> None:
    assert partitions_on(redis) is ONE


def test_a_number_stays_in_its_partition_whichever_key_follows() -> None:
    first, second = DataKey(b"1" * 32), DataKey(b"2" * 32, NOW - timedelta(days=2))
    both = Seal(lambda: (first, second))
    for number in PEOPLE:
        places = {CLUSTERED.of(each, number) for each in (Seal(first.octets), both, *both.apart())}
        assert len(places) == 1


async def test_every_key_is_of_a_partition(redis: Redis) -> None:
    outbox = outbox_of(redis)
    await put_to(outbox, PEOPLE)
    await begin(outbox, await _all_of(outbox), NOW)
    tags = {str(key).split("{")[1].split("}")[0] for key in await redis.keys("*")}
    assert "all" in tags
    assert len(tags) > 10


async def test_a_worker_sends_what_waits_anywhere_once(redis: Redis) -> None:
    outbox, gateway = outbox_of(redis), Gateway()
    await put_to(outbox, PEOPLE)
    async with working(outbox, gateway, now=lambda: NOW):
        await until_empty(outbox)
    assert Counter(gateway.texted) == Counter(PEOPLE)


async def test_a_repeated_request_is_answered_once_and_takes_no_slot(redis: Redis) -> None:
    outbox = outbox_of(redis, Caps(replies_a_minute=2, new_numbers_share=1.0))
    assert [await outbox.put(text_to(PEOPLE[0]), NOW) for _ in range(9)] == [
        PutResult.QUEUED,
        *[PutResult.ALREADY] * 8,
    ]
    assert await outbox.put(text_to(PEOPLE[1]), NOW) is PutResult.QUEUED
    assert await outbox.put(text_to(PEOPLE[2]), NOW) is PutResult.CAPPED


async def test_a_cap_of_the_service_holds_over_all_partitions(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = outbox_of(redis, Caps(replies_a_minute=10, new_numbers_share=1.0))
    assert await put_to(outbox, PEOPLE) == {PutResult.QUEUED: 10, PutResult.CAPPED: 30}
    assert (await read_outbox_status(redis, outbox)).caps_met["replies a minute"]
    [line] = [each for each in caplog.messages if "is reached" in each]
    assert "replies a minute" in line


async def test_one_number_uses_up_no_cap_of_the_service(redis: Redis) -> None:
    """Neither by more than its own cap, nor by what is not answered."""
    outbox = outbox_of(redis, Caps(replies_a_minute=4, replies_a_number=2, new_numbers_share=1.0))
    said = [await outbox.put(text_to(PEOPLE[0], f"k{n}"), NOW) for n in range(9)]
    assert Counter(said) == {PutResult.QUEUED: 2, PutResult.CAPPED: 7}
    for n in range(9):
        choices = {"reply": text_to(PEOPLE[1], f"n{n}")}
        answer = await outbox.put_chosen(f"n{n}", Act("return nil"), choices, NOW)
        assert answer is PutResult.NOTHING
    assert await put_to(outbox, PEOPLE[2:5]) == {PutResult.QUEUED: 2, PutResult.CAPPED: 1}


async def test_the_rate_of_a_gateway_is_one_for_all_partitions(redis: Redis) -> None:
    outbox, rate = outbox_of(redis), Rate(0.001, 3)
    await put_to(outbox, PEOPLE[:9])
    begun = [await outbox.begin(each, "w", rate, [GATEWAY], NOW) for each in await _all_of(outbox)]
    assert [type(each) for each in begun] == [Sending] * 3 + [Wait] * 6


async def test_figures_are_sums(redis: Redis) -> None:
    outbox = outbox_of(redis)
    assert await first_in_line(redis, Queue.REPLIES, CLUSTERED) is None
    await put_to(outbox, PEOPLE)
    assert await outbox.waiting() == {Queue.REPLIES: 40, Queue.SERIES: 0}
    assert await people_waiting(redis, Queue.REPLIES, CLUSTERED) == 40
    assert (await read_counts(redis, NOW, CLUSTERED))["reply messages"] == 40
    claimed = await _all_of(outbox)
    assert await first_in_line(redis, Queue.REPLIES, CLUSTERED) == min(
        (each.entry for each in claimed), key=lambda entry: [*map(int, entry.split("-"))]
    )
    [worker] = (await read_outbox_status(redis, outbox)).workers
    assert worker.alive


async def test_a_worker_that_finds_nothing_is_seen(redis: Redis) -> None:
    outbox = outbox_of(redis)
    for _ in range(2):  # the first opens a queue
        for _ in CLUSTERED.all:
            await outbox.claim(Queue.REPLIES, "idle", 1)
    assert (await read_outbox_status(redis, outbox)).worker_alive


@pytest.mark.parametrize("number", [PEOPLE[0], ""])
async def test_a_report_finds_its_message(redis: Redis, number: str) -> None:
    outbox = outbox_of(redis)
    await put_to(outbox, PEOPLE[:1])
    [begun] = await begin(outbox, await _all_of(outbox), NOW)
    await settle(outbox, begun, State.ACCEPTED)
    await outbox.report(told(State.DELIVERED, "g1", number), GATEWAY, NOW)
    assert await outbox.state_of(f"to {PEOPLE[0]}") is State.DELIVERED
    assert await outbox.state_of_sent(GATEWAY, "g1") is State.DELIVERED


async def test_a_report_by_our_name_goes_to_its_partition_alone(redis: Redis) -> None:
    outbox = outbox_of(redis)
    await put_to(outbox, PEOPLE[:1])
    [begun] = await begin(outbox, await _all_of(outbox), NOW)
    assert CLUSTERED.of_name(begun.name(1)) == begun.claimed.partition
    await settle(outbox, begun, State.UNKNOWN)
    await outbox.report(told(State.DELIVERED, begun.name(1), ""), GATEWAY, NOW)
    assert await outbox.state_of(f"to {PEOPLE[0]}") is State.DELIVERED


async def test_what_a_dead_worker_held_is_taken_over(redis: Redis) -> None:
    outbox = outbox_of(redis)
    await put_to(outbox, PEOPLE)
    await begin(outbox, (await _all_of(outbox))[:10], NOW)
    assert await outbox.reclaim(Queue.REPLIES, "another", 0, NOW) == 10
    shares = [CLUSTERED.share(turn, 8) for turn in range(8)]
    assert {each for share in shares for each in share} == {*CLUSTERED.all}


async def test_a_number_is_forgotten(redis: Redis) -> None:
    outbox = outbox_of(redis)
    await put_to(outbox, PEOPLE)
    gone = await forget_messages(redis, SEAL, PEOPLE[3], NOW, partitions=CLUSTERED)
    assert gone.messages == gone.days == 1
    assert await people_waiting(redis, Queue.REPLIES, CLUSTERED) == 39


async def test_the_series_goes_to_everybody_once_and_not_after_stop(
    redis: Redis, menu: Menu
) -> None:
    outbox, calendar = outbox_of(redis), Calendar()
    series = Subscriptions(redis, SEAL, calendar, partitions=CLUSTERED)
    noon = NOW.replace(year=2026, month=11, day=16, hour=7).astimezone(ALMATY)
    for each in PEOPLE:
        act = series.begin_act(each, "ru", GATEWAY, noon)
        await outbox.put_chosen(f"begin {each}", act, {}, noon, each)
    assert await series.waiting(noon) == 40
    await series.stop(PEOPLE[0])
    assert not await series.runs(PEOPLE[0])
    assert await run_due(series, outbox, menu, calendar, lambda: noon) == Run(queued=39)
    assert await run_due(series, outbox, menu, calendar, lambda: noon) == Run()
    await series.stop(PEOPLE[1])
    begun = await begin(outbox, await _all_of(outbox, Queue.SERIES), noon)
    assert Counter(to for each in begun for to in each.to.values()) == Counter(PEOPLE[2:])


async def test_the_cap_of_the_series_holds_over_all_partitions(redis: Redis, menu: Menu) -> None:
    outbox, calendar = outbox_of(redis, Caps(series_a_day=15)), Calendar()
    series = Subscriptions(redis, SEAL, calendar, partitions=CLUSTERED)
    noon = NOW.replace(year=2026, month=11, day=16, hour=7).astimezone(ALMATY)
    for each in PEOPLE:
        act = series.begin_act(each, "ru", GATEWAY, noon)
        await outbox.put_chosen(f"begin {each}", act, {}, noon, each)
    runs = [await run_due(series, outbox, menu, calendar, lambda: noon) for _ in range(3)]
    assert sum(each.queued for each in runs) == 15
    assert await series.waiting(noon) == 25


async def test_an_act_of_nobody_is_a_mistake(redis: Redis) -> None:
    with pytest.raises(ValueError, match="number"):
        await outbox_of(redis).put_chosen("k", Act("return nil"), {}, NOW)


async def test_a_word_of_people_everywhere_is_told_of(redis: Redis) -> None:
    words, outbox = UnknownWords(redis, SEAL, CLUSTERED), outbox_of(redis)
    for each in PEOPLE[:11]:
        for n in range(2):  # a text may come again
            await words.count_apart("hepl", each, NOW)
            act = words.count_act("hepl", each, NOW)
            await outbox.put_chosen(f"{each} {n}", act, {}, NOW, each)
    [word] = await words.known(["2026-11"])
    assert (word.word, word.people) == ("hepl", 11)
    assert await words.forget(PEOPLE[0], NOW) == 1


async def test_a_caller_counts_once_a_day_by_whichever_session(redis: Redis) -> None:
    sessions = Sessions(redis, SEAL, lambda: NOW, CLUSTERED)
    for n, number in enumerate(PEOPLE * 2):
        await sessions.record(HopRecord(f"s{n}", number, 0, ("ru", "main")), "v")
    keys = [each.key(f"ussd:counts:{NOW.date()}") for each in CLUSTERED.all]
    counts = [await redis.hgetall(key) for key in keys]
    assert sum(int(each.get("at ru main", 0)) for each in counts) == 40
    assert sum(int(each.get("sessions", 0)) for each in counts) == 80
    assert await sessions.forget("s0")
    assert await sessions.forget_caller(PEOPLE[0]) == 1


async def _all_of(outbox: Outbox, queue: Queue = Queue.REPLIES) -> list[Claimed]:
    """Everything that waits; the first look opens what is new."""
    claimed = await outbox.claim(queue, "w", 1000)
    return claimed + await outbox.claim(queue, "w", 1000)
