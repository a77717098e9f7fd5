"""How SMS are counted: in the outbox's own scripts, and without a number.

A person counts once a day and kind, by their first message of it; what becomes of
that message moves them from one state to another, for `SETTLED_DAYS`.  After that a
day's counts change no more, and may be made into figures.  Whether a message is a
person's first is told by a set of keyed hashes, which differ from day to day, live
for `COUNTED_SECONDS` and never leave Redis.

    sms:counts:DAY    "reply is delivered", "reply of 2": people, by the state and the
                      segments of their first message; "capped", "trouble " and a
                      `GatewayError`: people, once each; "reply messages", "reply
                      segments": all of them
    sms:counted:DAY   who has been counted, and as what

DAY is the number of days since 1970-01-01, UTC.
"""

from datetime import UTC, date, datetime

DAY_SECONDS = 24 * 3600
SETTLED_DAYS = 3
"""From the beginning of a day until no report changes its counts any more."""
COUNTED_SECONDS = 25 * 3600
COUNTS_SECONDS = 400 * DAY_SECONDS
MOST_SEGMENTS = 4
"""As many or more are counted as one size."""
UNDER_WAY = "under way"
CAPPED = "capped"
_EPOCH = date(1970, 1, 1).toordinal()

# What a message counts for is written in it only if it is its person's first of the day.
COUNTING_LUA = f"""
local SMS = KEYS[1]

local function counts(day) return SMS .. 'counts:' .. day end

local function add(day, what, by)
  if redis.call('HINCRBY', counts(day), what, by) == by then
    redis.call('EXPIRE', counts(day), {COUNTS_SECONDS})
  end
end

local function is_counted(day, who)
  return redis.call('SISMEMBER', SMS .. 'counted:' .. day, who) == 1
end

-- Note them all; a list that says of each whether they were noted before.
local function all_counted_before(day, names)
  local key = SMS .. 'counted:' .. day
  local before = redis.call('SMISMEMBER', key, unpack(names))
  redis.call('SADD', key, unpack(names))
  if redis.call('TTL', key) < 0 then redis.call('EXPIRE', key, {COUNTED_SECONDS}) end
  return before
end

local function counted_before(day, who) return all_counted_before(day, {{who}})[1] == 1 end

-- `first`: how many of the people get their first message of this kind and day.
local function count_put(outgoing, people, first)
  local day, kind, segments = outgoing.day, outgoing.kind, outgoing.segments
  add(day, kind .. ' messages', people)
  add(day, kind .. ' segments', people * segments)
  if first == 0 then return end
  add(day, kind .. ' is {UNDER_WAY}', first)
  add(day, kind .. ' of ' .. math.min(segments, {MOST_SEGMENTS}), first)
end

local function count_capped(outgoing)
  if not counted_before(outgoing.day, outgoing.who .. ' capped') then
    add(outgoing.day, '{CAPPED}', 1)
  end
end

local function settled(day, now)
  day = tonumber(day or nil)
  return not day or tonumber(now) >= (day + {SETTLED_DAYS}) * {DAY_SECONDS}
end

local function count_move(day, kind, before, state, now, people)
  if settled(day, now) then return end
  local way = {{queued = '{UNDER_WAY}', sending = '{UNDER_WAY}'}}
  add(day, kind .. ' is ' .. (way[before] or before), -people)
  add(day, kind .. ' is ' .. (way[state] or state), people)
end

local function count_error(day, who, what, now)
  if settled(day, now) then return end
  if not counted_before(day, who .. ' ' .. what) then add(day, 'trouble ' .. what, 1) end
end
"""


def day_of(moment: datetime) -> int:
    """The number of its day, UTC."""
    return moment.astimezone(UTC).date().toordinal() - _EPOCH


def start_of(day: int) -> datetime:
    """The midnight with which a day begins, by its number."""
    return datetime.fromtimestamp(day * DAY_SECONDS, UTC)


def counts_key(day: date) -> str:
    return f"sms:counts:{day.toordinal() - _EPOCH}"


def counted_key(day: int) -> str:
    """Of a day by its number."""
    return f"sms:counted:{day}"
