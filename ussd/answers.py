"""The answers of dialled sessions, for gateways that send only the last one.

They are what a person typed, so they are sealed, and kept as long as the session and no
longer: the network's word that it is over deletes them, our last screen leaves them for
`REPEAT_SECONDS`, in which the gateway may ask for that screen again.

    ussd:answers:CALLER:SESSION   each hop of a session: the gateway's id of it, and its
                         answer, sealed                10 min from the last hop

`CALLER` is a keyed hash of the caller's number, `SESSION` one of all that tells this session
from others.
"""

import json
import logging
from dataclasses import dataclass, field

from redis.asyncio import Redis

from runtime.encryption import CannotOpen, Seal
from runtime.redis_client import OutageLog
from ussd.scripts import Script, Scripts
from ussd.sessions import SESSION_SECONDS

REPEAT_SECONDS = 60
"""How long after our last screen its hop may come again and get the same."""

ANSWERS_SECONDS = 0.5
"""The most that a hop waits for Redis here: without the answers it cannot go on."""

log = logging.getLogger(__name__)

# A hop that is here already is a repetition: it gets the answers up to it.
_HEAR = Script("""
local key, hop, sealed, begins, seconds = KEYS[1], unpack(ARGV)
local heard = redis.call('LRANGE', key, 0, -1)
for n, each in ipairs(heard) do
  if string.sub(each, 1, #hop + 1) == hop .. ' ' then return {unpack(heard, 1, n)} end
end
if begins == '1' then
  redis.call('DEL', key)
  heard = {}
elseif #heard == 0 then
  return {}
end
heard[#heard + 1] = hop .. ' ' .. sealed
redis.call('RPUSH', key, heard[#heard])
redis.call('EXPIRE', key, seconds)
return heard
""")

_END = Script("""
local first = redis.call('LINDEX', KEYS[1], 0)
redis.call('EXPIRE', KEYS[1], ARGV[1])
return first or ''
""")


@dataclass(frozen=True, slots=True)
class SessionName:
    """What tells one running session from all others: its number, and the rest."""

    caller: str = field(repr=False)
    session: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Heard:
    """A session: the gateway's id of its first hop, and all answers so far."""

    first_hop: str
    answers: tuple[str, ...]


class Answers:
    """The answers in Redis, of the session that is `who`.  `hop` is the gateway's id of a hop,
    without blanks, the same when it is repeated.

    Redis down, frozen or slow costs a caller at most `ANSWERS_SECONDS`, and the session: no
    method raises for it.
    """

    def __init__(self, redis: Redis, seal: Seal) -> None:
        outages = OutageLog(log, "answers", "callers get the numbers, and sessions end")
        self._redis = redis
        self._scripts = Scripts(redis, outages, ANSWERS_SECONDS)
        self._seal = seal

    async def begin(self, who: SessionName, hop: str, dialled: tuple[str, ...]) -> Heard | None:
        """A session begins; `dialled`: the answers that came with the code.  None where Redis
        cannot keep it.
        """
        return await self._hear(who, hop, dialled, begins=True)

    async def add(self, who: SessionName, hop: str, answers: tuple[str, ...]) -> Heard | None:
        """What was answered.  None where Redis cannot tell the answers before, or has none."""
        return await self._hear(who, hop, answers, begins=False)

    async def leave(self, who: SessionName) -> str | None:
        """Our last screen was shown, or the network ended the session.  The id of its first hop,
        empty where there was none; None where Redis cannot tell.
        """
        firsts = await self._end(who, REPEAT_SECONDS)
        if None in firsts:
            return None
        return next((str(first).partition(" ")[0] for first in firsts if first), "")

    async def delete(self, who: SessionName) -> None:
        """Its end is known."""
        await self._end(who, 0)

    async def _end(self, who: SessionName, seconds: int) -> list[object]:
        return [await self._scripts.run(_END, [key], [seconds]) for key in self._keys(who)]

    async def forget(self, msisdn: str) -> int:
        """Forget the sessions of a number; how many there were.  Raises `RedisError`."""
        found = [
            key
            for caller in self._callers(msisdn)
            async for key in self._redis.scan_iter(f"ussd:answers:{caller}:*", 1000)
        ]
        return int(await self._redis.delete(*found)) if found else 0

    async def _hear(
        self, who: SessionName, hop: str, answers: tuple[str, ...], *, begins: bool
    ) -> Heard | None:
        todays, *former = self._keys(who)
        for key in [todays] if begins else [todays, *former]:
            sealed = self._seal.seal(json.dumps(answers), f"{key} {hop}")
            args: list[str | int] = [hop, sealed, int(begins), SESSION_SECONDS]
            heard = await self._scripts.run(_HEAR, [key], args)
            if isinstance(heard, list) and heard:
                return self._opened(key, [str(each) for each in heard])
        return None

    def _opened(self, key: str, entries: list[str]) -> Heard | None:
        hops = [entry.partition(" ") for entry in entries]
        try:
            opened = [
                json.loads(self._seal.open(sealed, f"{key} {hop}")) for hop, _, sealed in hops
            ]
        except CannotOpen:  # sealed under another key
            return None
        answers = tuple(answer for some in opened for answer in some)
        return Heard(hops[0][0], answers)

    def _keys(self, who: SessionName) -> list[str]:
        """Under which a session is kept, or may have been before."""
        sessions = self._seal.indexes(f"answers in {who.caller} {who.session}")
        both = zip(self._callers(who.caller), sessions, strict=True)
        return [f"ussd:answers:{caller}:{session}" for caller, session in both]

    def _callers(self, msisdn: str) -> list[str]:
        return self._seal.indexes(f"answers of {msisdn}")


def answers_in(dialled: str, service_code: str) -> tuple[str, ...]:
    """The answers that were dialled together with the code, as in `*384*55*2*1#`."""
    start = service_code.removesuffix("#") + "*"
    if not dialled.startswith(start):
        return ()
    return tuple(dialled.removeprefix(start).removesuffix("#").split("*"))
