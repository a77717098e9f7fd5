"""What a number leaves in Redis: by what it is known there, and all that Redis holds."""

from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import cast

from redis.asyncio import Redis

from runtime.encryption import Seal
from sms.outbox.counts import day_of
from sms.outbox.messages import MessageCodec
from sms.unknown_words import month_of

EVERYTHING = """
local read = {
  string = function(key) return {redis.call('GET', key)} end,
  hash = function(key) return redis.call('HGETALL', key) end,
  set = function(key) return redis.call('SMEMBERS', key) end,
  zset = function(key) return redis.call('ZRANGE', key, 0, -1, 'WITHSCORES') end,
  list = function(key) return redis.call('LRANGE', key, 0, -1) end,
  stream = function(key) return redis.call('XRANGE', key, '-', '+') end,
}
local function flat(what)
  if type(what) ~= 'table' then return tostring(what) end
  local parts = {}
  for n, each in ipairs(what) do parts[n] = flat(each) end
  return table.concat(parts, ' ')
end
local lines = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  lines[#lines + 1] = key .. ' ' .. flat(read[redis.call('TYPE', key).ok](key))
end
return lines
"""


async def everything(redis: Redis) -> list[str]:
    """A line for each key: its name and all in it."""
    answer = await cast(Awaitable[list[str]], redis.eval(EVERYTHING, 0))
    return sorted(answer)


def identifiers(seal: Seal, msisdn: str, now: datetime) -> dict[str, str]:
    """What stands for the number in Redis, today and yesterday, this month and the last."""
    codec, found = MessageCodec(seal), {"number": seal.index(msisdn)}
    found["dialling"] = seal.index(f"answers of {msisdn}")
    for day in (now, now - timedelta(days=1)):
        found[f"texted {day:%d}"] = codec.index_of_day(day_of(day), msisdn)
        found[f"caller {day:%d}"] = seal.index(f"caller {day.date()} {msisdn}")
    for month in {month_of(now), month_of(now.replace(day=1) - timedelta(days=1))}:
        found[f"word {month}"] = seal.index(f"word sender {month} {msisdn}")
        found[f"country {month}"] = seal.index(f"country {month} {msisdn}")
    return found


def lines_about(lines: list[str], seal: Seal, msisdn: str, now: datetime) -> list[str]:
    """Those in which the number, or anything that stands for it, is found."""
    names = [msisdn, msisdn[1:], *identifiers(seal, msisdn, now).values()]
    return [line for line in lines if any(name in line for name in names)]
