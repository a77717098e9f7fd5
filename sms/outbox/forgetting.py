"""Everything that the outbox knows of a number, forgotten.

No index leads from a number to its messages, so all keys are gone through, in steps of
`AT_ONCE`.  The numbers of a batch are sealed together: they are sealed anew without this one.  Of
a message that is being sent, or was, the state stays under its random name: whoever sends it
still writes what came of it, and nobody sends it again.  For the same reason the key of a
request stays, empty.

    sms:forgotten:KEYED   that a number was forgotten: what reports on it come
                          late are not kept                                     48 h
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from redis.asyncio import Redis

from runtime.encryption import Seal
from runtime.partitions import Partition, Partitions, partitions_on
from sms.outbox.counts import counted_key, day_of
from sms.outbox.messages import KEY_SECONDS, MessageCodec
from sms.outbox.scripts import script

AT_ONCE = 1000
"""Keys that one step looks at."""
LATE_SECONDS = KEY_SECONDS
"""How long reports may come late."""

# What stands for the person is blanked, but for the sealed number of a batch.
_BLANKING = """
local function blank_field(b, field, place)
  local all = b[field]
  if not all then return end
  b[field] = string.sub(all, 1, (place - 1) * WIDTH) .. BLANK .. string.sub(all, place * WIDTH + 1)
  call('HSET', message(b.id), field, b[field])
end
"""

# ARGV: where to go on, how many keys, index of the number, now; the names of the messages that
# are known to be its, in JSON.  Answer: where to go on ('0': done), more such names, how many
# reports went.
_FORGET = script(
    _BLANKING
    + """
local cursor, most, index, now, known = ARGV[1], ARGV[2], ARGV[3], ARGV[4], cjson.decode(ARGV[5])
local found, names, reports = call('SCAN', cursor, 'MATCH', SMS .. '*', 'COUNT', most), {}, 0

-- The index of a batch that holds the number goes together with the number.
local function blank(b, place)
  if b.size == 1 then
    return call('HDEL', message(b.id), 'to', 'text', 'index', 'who', 'day', 'kind')
  end
  blank_field(b, 'who', place)
  if call('HEXISTS', message(b.id), 'to') == 0 then blank_field(b, 'index', place) end
end

local function forget_place(b, place)
  local state = state_at(b, place)
  if state == 'queued' then
    move(b, {place}, 'expired', now, 'forgotten')
    if b.state == 'expired' then
      local queue = call('HGET', message(b.id), 'queue')
      if queue and b.entry ~= '' then done(queue, b.entry) end
      call('ZREM', SMS .. 'later', b.id)
    end
  elseif state == 'sending' and has_counted(b, place) then
    count_move(b.day, b.kind, state, 'unknown', now, 1)
  end
  blank(b, place)
  names[#names + 1] = name_of(b, place)
end

local function forget_message(id)
  local b = read(id)
  for place = 1, b.size do
    if at(b, 'index', place) == index then forget_place(b, place) end
  end
end

local function names_number(key)
  local indexes = redis.pcall('HGET', key, 'index')
  return type(indexes) == 'string' and string.find(indexes, index, 1, true)
end

local function forget_early(key, gateway)
  for _, gateway_id in ipairs(call('ZRANGE', key, 0, -1)) do
    reports = reports + call('DEL', SMS .. 'early:' .. of(gateway, gateway_id))
  end
  call('DEL', key)
end

local function is_known(key) return known[redis.pcall('GET', key)] end

-- What is done with a key, by the beginning of its name.  `pcall`: what cannot be read is no
-- message of this number, and hinders nothing.
local forget = {
  message = function(key, id)
    if names_number(key) then forget_message(id) end
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
  local kind, rest = string.match(string.sub(key, #SMS + 1), '^([^:]*):(.*)$')
  if forget[kind] then forget[kind](key, rest) end
end
return {found[1], names, reports}
"""
)

# ARGV: id and place; the numbers of the batch as they were sealed, and without this one.
_SEAL_ANEW = script(
    _BLANKING
    + """
if call('HGET', message(ARGV[1]), 'to') ~= ARGV[3] then return end  -- it is found once more
call('HSET', message(ARGV[1]), 'to', ARGV[4])
blank_field(read(ARGV[1]), 'index', tonumber(ARGV[2]))
"""
)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much: messages; reports without a message; days on which the number was counted."""

    messages: int
    reports: int
    days: int


async def forget_messages(  # noqa: PLR0913
    redis: Redis,
    seal: Seal,
    msisdn: str,
    now: datetime,
    opening: Seal | None = None,
    *,
    partitions: Partitions | None = None,
) -> Forgotten:
    """Forget what is kept of the number under one key.  May be called again.  `opening`: what
    opens batches, which may be sealed under another key.  Raises `RedisError` when Redis does
    not answer.
    """
    codec, of_batches = MessageCodec(seal), MessageCodec(opening or seal)
    partition = (partitions or partitions_on(redis)).of(seal, msisdn)
    [index], [forgotten] = codec.indexes_of(msisdn), codec.forgotten_keys(msisdn)
    await redis.set(partition.key(forgotten), "", ex=LATE_SECONDS)
    await redis.delete(partition.key(f"sms:cap:number:{index}"))
    known, reports = set[str](), 0
    more = [""]
    while more:  # once they are known, what names them is found
        more, went = await _go_through(redis, partition, index, now, known)
        known, reports = known.union(more), reports + went
        for name in more:
            await _take_out(redis, partition, of_batches, name)
    two_days = [day_of(now), day_of(now) - 1]
    days = [await _forget_day(redis, partition, codec, day, msisdn) for day in two_days]
    return Forgotten(len(known), reports, sum(days))


async def _go_through(
    redis: Redis, partition: Partition, index: str, now: datetime, known: Collection[str]
) -> tuple[list[str], int]:
    """All keys of a partition, once.  The messages that were found, and how many reports went."""
    run, names, reports, cursor = redis.register_script(_FORGET), list[str](), 0, ""
    before = json.dumps(dict.fromkeys(known, True))
    while cursor != "0":
        args = cursor or "0", AT_ONCE, index, now.timestamp(), before
        cursor, found, went = await run(keys=partition.declared, args=args)
        names, reports = [*names, *found], reports + int(went)
    return names, reports


async def _take_out(redis: Redis, partition: Partition, codec: MessageCodec, name: str) -> None:
    """Of a batch that may still be sent, seal the numbers anew without this one."""
    id_, _, place = name.partition(".")
    sealed = await redis.hget(partition.key(f"sms:message:{id_}"), "to") if place else None
    if sealed:
        numbers = codec.open_numbers(str(sealed), id_)
        numbers.pop(int(place), None)
        anew = codec.seal_numbers(numbers, id_)
        args = [id_, place, str(sealed), anew]
        await redis.register_script(_SEAL_ANEW)(keys=partition.declared, args=args)


async def _forget_day(
    redis: Redis, partition: Partition, codec: MessageCodec, day: int, msisdn: str
) -> bool:
    """Who has been counted; whether the number was."""
    key, who = partition.key(counted_key(day)), codec.index_of_day(day, msisdn)
    found = [each async for each in redis.sscan_iter(key, f"{who} *", AT_ONCE)]
    if found:
        await redis.srem(key, *found)
    return bool(found)
