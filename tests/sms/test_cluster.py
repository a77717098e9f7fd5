"""Six real nodes: callers and texters are served by a cluster as by one server."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.crc import key_slot
from redis.exceptions import ResponseError

from cli.forget import forget_number
from menus.model import Menu
from runtime.append_only_file import rewrite, save_anew
from runtime.partitions import CLUSTERED, partitions_on
from runtime.redis_address import shown_address
from runtime.redis_client import connect
from runtime.redis_status import Danger, read_redis_status, refusal_of
from sms.country_requests import CountryRequests
from sms.outbox.messages import MessageKind, Outgoing, Queue
from sms.outbox.outbox import Caps, Claimed, Outbox
from sms.outbox.status import read_outbox_status
from sms.series.calendar import ALMATY, Calendar
from sms.series.run import Run, run_due
from sms.series.scripts import STOPPED
from sms.series.subscriptions import Subscriptions
from sms.states import State
from sms.unknown_words import UnknownWords
from tests.support.clustered_redis import ClusteredRedis, clustered_redis
from tests.support.commands import command
from tests.support.operators import operator
from tests.support.outboxes import GATEWAY, NOW, SEAL, SOON, begin, settle, told
from tests.support.phones import KEY, Phones
from tests.support.service import REPOSITORY, new_number, new_session, running
from tests.support.trees import until
from tests.support.workers import Gateway, until_empty, working
from ussd.sessions import HopRecord, Sessions

SENDS = {"KOMEK_DATA_KEY": KEY, "KOMEK_WORKER": "true", "KOMEK_REDIS_REPLICAS": "1"}
PEOPLE = [f"+770155{n:05}" for n in range(40)]
UNLIMITED = Caps(10**6, 600, 10**6, 10**6, 10**6)
CALENDAR = Calendar()
MONDAY = NOW.replace(day=16, hour=7).astimezone(ALMATY)


@pytest.fixture(scope="module")
def nodes(processes: None) -> Iterator[ClusteredRedis]:
    with clustered_redis() as nodes:
        yield nodes


@pytest.fixture(scope="module")
def served(nodes: ClusteredRedis) -> Iterator[Phones]:
    with running(nodes.url, **SENDS) as service:
        yield Phones(service, nodes.url, nodes.folder)


@pytest.fixture
def phones(nodes: ClusteredRedis, served: Phones) -> Iterator[Phones]:
    """Nodes may be hurt; they are well again for the next test."""
    until(lambda: ready(served) == (200, "answers"), "the service is ready")
    yield served
    nodes.heal()


def ready(phones: Phones) -> tuple[int, str]:
    answer = phones.service.http.get(f"{phones.service.base}/readyz")
    return answer.status_code, answer.json()["redis"]


@pytest.fixture
async def redis(nodes: ClusteredRedis) -> AsyncIterator[Redis]:
    """A client of an empty cluster, for which each server refuses a script that touches a second
    slot: it does so for those that begin with `#!lua`.
    """
    nodes.heal()
    async with connect(nodes.url, 5.0) as client:
        for port in nodes.primaries():
            with nodes.client(port) as node:
                node.flushall()
        register = client.register_script

        def strict(lua: str) -> AsyncScript:
            return register(f"#!lua\n{lua}")

        client.register_script = strict  # type: ignore[method-assign,assignment]
        yield client


def outbox_of(redis: Redis, caps: Caps = UNLIMITED) -> Outbox:
    return Outbox(redis, SEAL, caps, replicas=1, unwanted=STOPPED)


def texts() -> list[Outgoing]:
    return [Outgoing(f"k{p}", p, "Text.", MessageKind.REPLY, SOON, GATEWAY) for p in PEOPLE]


async def test_the_servers_refuse_a_script_of_two_slots(redis: Redis) -> None:
    touching = redis.register_script("redis.call('GET', KEYS[1]) return redis.call('GET', ARGV[1])")
    first, *others = [each.key("sms:later") for each in CLUSTERED.all]
    refusals = Counter[str]()
    for other in others:
        with pytest.raises(ResponseError) as refused:
            await touching(keys=[first], args=[other])
        refusals["same slot" if "same slot" in str(refused.value) else "other node"] += 1
    assert refusals["same slot"] > 5, "also where one node has both"


async def test_every_script_of_the_outbox_touches_one_slot(redis: Redis) -> None:
    outbox, gateway = outbox_of(redis), Gateway()
    assert partitions_on(redis) is CLUSTERED
    await outbox.put_all(texts(), NOW)
    async with working(outbox, gateway, now=lambda: NOW):
        await until_empty(outbox)
    assert Counter(gateway.texted) == Counter(PEOPLE)
    for person in PEOPLE:
        await outbox.report(told(State.DELIVERED, f"g{person}", person), GATEWAY, NOW)
    await outbox.report(told(State.DELIVERED, "of nobody", ""), GATEWAY, NOW)
    assert {await outbox.state_of(f"k{person}") for person in PEOPLE} == {State.DELIVERED}
    assert (await read_outbox_status(redis, outbox)).worker_alive
    await outbox.count_set_aside("unreadable", 2)
    assert await outbox.set_aside_count() == 2


async def test_what_is_tried_again_or_taken_over_touches_one_slot(redis: Redis) -> None:
    outbox = outbox_of(redis)
    await outbox.put_all(texts()[:9], NOW)
    begun = await begin(outbox, await all_of(outbox))
    for each in begun[:3]:
        await settle(outbox, each, State.QUEUED)
    assert await outbox.reclaim(Queue.REPLIES, "another", 0, NOW) == 6
    await outbox.requeue_due(NOW)
    again = await begin(outbox, await all_of(outbox))
    tried = [number for each in again for number in each.to.values()]
    assert sorted(tried) == sorted(number for each in begun[:3] for number in each.to.values())


async def all_of(outbox: Outbox) -> list[Claimed]:
    """Everything that waits; the first look opens what is new."""
    claimed = await outbox.claim(Queue.REPLIES, "w", 1000)
    return claimed + await outbox.claim(Queue.REPLIES, "w", 1000)


async def test_every_script_of_the_series_touches_one_slot(redis: Redis, menu: Menu) -> None:
    outbox, gateway = outbox_of(redis), Gateway()
    series = Subscriptions(redis, SEAL, CALENDAR, 1)
    for each in PEOPLE:
        choices = {"asked": Outgoing(f"a{each}", each, "?", MessageKind.REPLY, SOON, GATEWAY)}
        await outbox.put_chosen(f"a{each}", series.ask_act(each, "ru"), choices, MONDAY)
        act = series.confirm_act(each, ["ru"], GATEWAY, MONDAY)
        await outbox.put_chosen(f"c{each}", act, {}, MONDAY, each)
    await series.stop(PEOPLE[0])
    await outbox.put_chosen("stop", series.stop_act(PEOPLE[1]), {}, MONDAY, PEOPLE[1])
    assert await run_due(series, outbox, menu, CALENDAR, lambda: MONDAY) == Run(queued=38)
    await series.stop(PEOPLE[2])  # whose tip waits
    async with working(outbox, gateway, now=lambda: MONDAY):
        await until_empty(outbox)
    texted = Counter(gateway.texted)
    assert [texted[each] for each in PEOPLE[:3]] == [1, 1, 1], "the question, and no tip"
    assert [texted[each] for each in PEOPLE[3:]] == [2] * 37


async def test_what_else_is_counted_touches_one_slot(redis: Redis) -> None:
    outbox, words = outbox_of(redis), UnknownWords(redis, SEAL)
    countries, sessions = CountryRequests(redis, SEAL), Sessions(redis, SEAL, lambda: NOW)
    for n, person in enumerate(PEOPLE[:12]):
        await words.count_apart("hepl", person, NOW)
        await outbox.put_chosen(f"w{n}", words.count_act("hepl", person, NOW), {}, NOW, person)
        await outbox.put_chosen(f"c{n}", countries.count_act("TR", person, NOW), {}, NOW, person)
        hop = HopRecord(f"s{n}", person, 1, ("ru", "main"), "TR")
        assert (await sessions.record(hop, "v")).dialled == 1
        assert await sessions.end(f"s{n}", "Success")
    [word] = await words.known(["2026-11"])
    assert word.people == 11
    assert await countries.people(["TR"], NOW) == {"TR": 11}


async def test_a_number_is_forgotten_everywhere(redis: Redis, menu: Menu) -> None:
    outbox = outbox_of(redis)
    await outbox.put_all(texts(), NOW)
    act = Subscriptions(redis, SEAL, CALENDAR).begin_act(PEOPLE[5], "ru", GATEWAY, NOW)
    await outbox.put_chosen("begin", act, {}, NOW, PEOPLE[5])
    forgotten = await forget_number(redis, SEAL, PEOPLE[5])
    assert (forgotten["series"], forgotten["messages"]) == (1, 1)
    gateway = Gateway()
    async with working(outbox, gateway, now=lambda: NOW):
        await until_empty(outbox)
    assert sorted(gateway.texted) == sorted({*PEOPLE} - {PEOPLE[5]})


async def test_a_slot_that_moved_is_found_where_it_is_now(
    redis: Redis, nodes: ClusteredRedis
) -> None:
    """By a client that knows it elsewhere; also by what waits for replicas."""
    outbox, person = outbox_of(redis), PEOPLE[0]
    slot = key_slot(outbox.partitions.of(SEAL, person).key("sms:later").encode())
    await outbox.waiting()  # the client knows all slots
    with nodes.moved(slot):
        await outbox.put_all(texts()[:1], NOW)
        gateway = Gateway()
        async with working(outbox, gateway, now=lambda: NOW):
            await until_empty(outbox)
        assert gateway.texted == [person]
        for port in nodes.primaries():
            with nodes.client(port) as node:
                node.flushall()


async def test_the_files_of_all_nodes_are_made_anew(redis: Redis, nodes: ClusteredRedis) -> None:
    assert await rewrite(redis)
    assert not await save_anew(redis)
    for port in nodes.ports:
        with nodes.client(port) as node:
            assert node.info("persistence")["aof_last_bgrewrite_status"] == "ok"


async def test_one_node_that_could_lose_something_is_told_of(
    redis: Redis, nodes: ClusteredRedis
) -> None:
    assert (await read_redis_status(redis)).dangers == ()
    assert await refusal_of(redis, 1) == ""
    with nodes.client(nodes.ports[-1]) as node:
        node.config_set("appendfsync", "everysec")
        try:
            assert (await read_redis_status(redis)).dangers == (Danger.NOT_ALWAYS,)
        finally:
            node.config_set("appendfsync", "always")


def test_people_dial_and_text_and_stop(phones: Phones) -> None:
    number, session = new_number(), new_session()
    first = phones.service.hop(session, "")
    assert phones.service.hop(session, "3", number).startswith("CON ")
    assert phones.service.hop(session, "") == first
    assert phones.text(number, "HELP") == 200
    assert phones.text(number, "HELP", "again") == phones.text(number, "HELP", "again") == 200
    assert phones.text(number, "STOP") == 200
    assert len(phones.quiet(number, 3)) == 3


def test_the_pages_of_the_operator_show_a_cluster(phones: Phones) -> None:
    with operator(phones.service.base) as we:
        assert shown_address(phones.url) in we.get("/operator/health").text
        assert we.get("/operator/figures").status_code == 200
        assert "komek_redis_up 1.0" in we.get("/metrics").text


def test_doctor_asks_all_nodes(phones: Phones) -> None:
    settings = {**SENDS, "KOMEK_REDIS_URL": phones.url}
    told = command(REPOSITORY, "doctor", settings=settings).stdout
    assert "ok              Redis keeps what it acknowledges, and drops nothing." in told
    assert "ok              A process sends SMS." in told


def test_nothing_is_taken_that_no_replica_has(nodes: ClusteredRedis, phones: Phones) -> None:
    number = new_number()
    replicas = [nodes.replica_of(each) for each in nodes.primaries()]
    nodes.send(signal.SIGSTOP, *replicas)
    assert phones.text(number, "HELP", "frozen") == 503
    assert ready(phones)[0] == 503
    until(lambda: "TooFewReplicas" in ready(phones)[1], "it says why")  # a busy node may be late
    assert phones.received(number) == []
    nodes.send(signal.SIGCONT, *replicas)
    until(lambda: phones.text(number, "HELP", "frozen") == 200, "it is taken")
    assert len(phones.quiet(number, 1)) == 1


def test_hops_are_answered_and_texts_again_when_a_primary_is_gone(
    nodes: ClusteredRedis, phones: Phones
) -> None:
    numbers, session = [new_number() for _ in range(8)], new_session()
    for n, number in enumerate(numbers):
        assert phones.text(number, "HELP", f"before-{n}") == 200
    for number in numbers:
        assert len(phones.inbox(number, 1)) == 1
    first, gone = phones.service.hop(session, ""), nodes.primaries()[0]
    nodes.kill(gone)
    assert phones.service.hop(session, "3").startswith("CON ")
    assert phones.service.hop(new_session(), "") == first
    nodes.wait_for_other_than(gone)
    nodes.start(gone)
    others = [new_number() for _ in range(8)]
    for n, number in enumerate(others):
        until(lambda who=number, n=n: phones.text(who, "HELP", f"after-{n}") == 200, "it is taken")  # type: ignore[misc]
    for n, number in enumerate(numbers):
        assert phones.text(number, "HELP", f"before-{n}") == 200  # the gateway asks again
    for number in others:
        assert len(phones.inbox(number, 1)) == 1
    assert [len(phones.quiet(number, 1)) for number in numbers] == [1] * 8


def test_the_queues_are_empty_at_the_end(nodes: ClusteredRedis, phones: Phones) -> None:
    async def waiting() -> int:
        async with connect(nodes.url, 5.0) as redis:
            return sum((await Outbox(redis, SEAL).waiting()).values())

    until(lambda: asyncio.run(waiting()) == 0, f"nothing waits in {[*Queue]}")
