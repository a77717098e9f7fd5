"""Where keys of Redis stand: on one server all together, on a cluster in `MANY` partitions.

A script may touch the keys of one slot only, so all that belongs to a number stands in one
partition, under a hash tag: `sms:` is `sms:{17}:` there.  Which one follows from a keyed hash of
the number.  What counts for the whole service stands apart from them, `shared`.  On one
server there is one partition, whose keys are named as they always were.

A script is told of its partition by `declared`: `KEYS[1]` begins the name of every key that it
touches, `KEYS[2]` tells of a cut of the append-only file (`runtime/append_only_file.py`).
"""

import re
from dataclasses import dataclass

from redis.asyncio import RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.exceptions import ClusterDownError

from runtime.append_only_file import CUT
from runtime.encryption import Seal

MANY = 64
"""More than a cluster has machines; a worker looks at all of them some times a second."""
_OUR_NAME = re.compile(r"[0-9a-f]{32}(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Partition:
    """Keys that one script may touch together.  `tag`: stands behind the room in their names."""

    tag: str = ""
    number: int = 0

    def key(self, name: str) -> str:
        """The key that is called so on one server, in this partition."""
        if not self.tag:
            return name
        room, _, rest = name.partition(":")
        return f"{room}:{self.tag}{rest}"

    def name(self, random: str) -> str:
        """A name, of random hexadecimal digits, that tells its partition: see `of_name`."""
        return f"{self.number:02x}{random[2:]}" if self.tag else random

    @property
    def declared(self) -> tuple[str, str]:
        """What a script has for its `KEYS`."""
        return self.key("sms:"), self.key(CUT)


WHOLE = Partition()
"""All keys of one server."""


@dataclass(frozen=True, slots=True)
class Partitions:
    """All of a Redis.  `shared`: where the keys of the whole service stand."""

    all: tuple[Partition, ...] = (WHOLE,)
    shared: Partition = WHOLE

    @property
    def one(self) -> bool:
        return len(self.all) == 1

    def of(self, seal: Seal, who: str) -> Partition:
        """Where all stands that belongs to a number, whichever data keys follow."""
        if len(self.all) == 1:
            return WHOLE
        return self.all[int(seal.lasting_index(who)[:8], 16) % len(self.all)]

    def of_name(self, name: str) -> Partition | None:
        """The one that our own name of a message tells; None where it is none of ours."""
        if self.one:
            return WHOLE
        ours = _OUR_NAME.fullmatch(name)
        return self.all[int(name[:2], 16) % len(self.all)] if ours else None

    def from_turn(self, turn: int) -> tuple[Partition, ...]:
        """All, each turn with another one first."""
        first = turn % len(self.all)
        return self.all[first:] + self.all[:first]

    def share(self, turn: int, shares: int) -> tuple[Partition, ...]:
        """One of so many shares of them, each turn another one; all where there is one."""
        return self.all if self.one else self.all[turn % shares :: shares]


ONE = Partitions()
CLUSTERED = Partitions(
    tuple(Partition(f"{{{number}}}:", number) for number in range(MANY)), Partition("{all}:")
)


async def one_at_each_node(redis: object) -> list[Partition]:
    """A partition of each server that takes changes.  Raises `REDIS_ERRORS`."""
    if not isinstance(redis, RedisCluster):
        return [WHOLE]
    await redis.initialize()
    owners = {owner(redis, each).name: each for each in CLUSTERED.all}
    return [*owners.values()]


def owner(redis: RedisCluster, partition: Partition) -> ClusterNode:
    """The server that takes changes of a partition, as far as is known.  Raises `REDIS_ERRORS`."""
    node = redis.get_node_from_key(partition.declared[0])
    if node is None:
        raise ClusterDownError("nobody has a slot")
    return node


def partitions_on(redis: object) -> Partitions:
    """Those that a client finds, by what it is connected to."""
    return CLUSTERED if isinstance(redis, RedisCluster) else ONE
