"""Everything that the outbox knows of a number, forgotten.

No index leads from a number to its messages, so all keys are gone through, in steps of
`AT_ONCE`.  Of a message that is being sent, or was, the state stays under its random name:
whoever sends it still writes what came of it, and nobody sends it again.  For the same reason
the key of a request stays, empty.

    sms:forgotten:KEYED   that a number was forgotten: what reports on it come
                          late are not kept                                     48 h
"""

import json
from dataclasses import dataclass
from datetime import datetime

from redis.asyncio import Redis

from runtime.encryption import Seal
from sms.outbox.counts import counted_key, day_of
from sms.outbox.messages import KEY_SECONDS, MessageCodec
from sms.outbox.scripts import script

AT_ONCE = 1000
"""Keys that one step looks at."""
LATE_SECONDS = KEY_SECONDS
"""How long reports may come late."""

# ARGV: where to go on, how many keys, index of the number, now; the messages that are known to
# be its, in JSON.  Answer: where to go on ('0': done), more such messages, how many reports went.
_FORGET = script("""
local cursor, most, index, now, known = ARGV[1], ARGV[2], ARGV[3], ARGV[4], cjson.decode(ARGV[5])
local found, ids, reports = call('SCAN', cursor, 'MATCH', 'sms:*', 'COUNT', most), {}, 0

local function forget_message(id)
  local state, queue, entry, day, kind =
    unpack(call('HMGET', message(id), 'state', 'queue', 'entry', 'day', 'kind'))
  if state == 'queued' then
    move(id, 'expired', now, 'forgotten')
    if queue and entry ~= '' then done(queue, entry) end
    call('ZREM', 'sms:later', id)
  elseif state == 'sending' then
    count_move(day, kind, state, 'unknown', now)
  end
  call('HDEL', message(id), 'to', 'text', 'index', 'who', 'day', 'kind')
  ids[#ids + 1] = id
end

local function forget_early(key, gateway)
  for _, gateway_id in ipairs(call('ZRANGE', key, 0, -1)) do
    reports = reports + call('DEL', 'sms:early:' .. of(gateway, gateway_id))
  end
  call('DEL', key)
end

local function is_known(key) return known[redis.pcall('GET', key)] end

-- What is done with a key, by the beginning of its name.  `pcall`: what cannot be read is no
-- message of this number, and hinders nothing.
local forget = {
  message = function(key, id)
    if redis.pcall('HGET', key, 'index') == index then forget_message(id) end
  end,
  key = function(key) if is_known(key) then call('SET', key, '', 'KEEPTTL') end end,
  gateway = function(key) if is_known(key) then call('DEL', key) end end,
  unsettled = function(key, rest)
    if string.match(rest, '^[^:]*:(.*)$') == index then call('DEL', key) end
  end,
  ['early-of'] = function(key, rest)
    local gateway, of_number = string.match(rest, '^([^:]*):(.*)$')
    if of_number == index then forget_early(key, gateway) end
  end,
}

for _, key in ipairs(found[2]) do
  local kind, rest = string.match(key, '^sms:([^:]*):(.*)$')
  if forget[kind] then forget[kind](key, rest) end
end
return {found[1], ids, reports}
""")


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much: messages; reports without a message; days on which the number was counted."""

    messages: int
    reports: int
    days: int


async def forget_messages(redis: Redis, seal: Seal, msisdn: str, now: datetime) -> Forgotten:
    """Forget what is kept of the number under one key.  May be called again.  Raises
    `RedisError` when Redis does not answer.
    """
    codec = MessageCodec(seal)
    [index], [forgotten] = codec.indexes_of(msisdn), codec.forgotten_keys(msisdn)
    await redis.set(forgotten, "", ex=LATE_SECONDS)
    await redis.delete(f"sms:cap:number:{index}")
    known, reports = list[str](), 0
    more = [""]
    while more:  # once they are known, what names them is found
        more, went = await _go_through(redis, index, now, known)
        known, reports = [*known, *more], reports + went
    days = [await _forget_day(redis, codec, day_of(now) - n, msisdn) for n in range(2)]
    return Forgotten(len(known), reports, sum(days))


async def _go_through(
    redis: Redis, index: str, now: datetime, known: list[str]
) -> tuple[list[str], int]:
    """All keys, once.  The messages that were found, and how many reports went."""
    run, ids, reports, cursor = redis.register_script(_FORGET), list[str](), 0, ""
    names = json.dumps(dict.fromkeys(known, True))
    while cursor != "0":
        args = cursor or "0", AT_ONCE, index, now.timestamp(), names
        cursor, found, went = await run(args=args)
        ids, reports = [*ids, *found], reports + int(went)
    return ids, reports


async def _forget_day(redis: Redis, codec: MessageCodec, day: int, msisdn: str) -> bool:
    """Who has been counted; whether the number was."""
    key, who = counted_key(day), codec.index_of_day(day, msisdn)
    found = [each async for each in redis.sscan_iter(key, f"{who} *", AT_ONCE)]
    if found:
        await redis.srem(key, *found)
    return bool(found)
