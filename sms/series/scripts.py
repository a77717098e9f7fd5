"""The steps of the series that must be taken whole or not at all, in Lua.

    sms:series:INDEX    a subscription: number (sealed), language, gateway, which tip is
                        next, and a random name                                  60 days
    sms:series:due      everybody's INDEX, by the time when their next tip is due
    sms:asked:INDEX     the language of a series that waits for a YES               24 h
    sms:stopped:INDEX   who has said STOP, for tips that wait in the outbox       7 days

INDEX is a keyed hash that stands for a number.
"""

from datetime import timedelta

from runtime.append_only_file import CUT_LUA

ANSWER_WITHIN = timedelta(hours=24)
"""For the confirmation.  Who answers later is asked again."""
KEPT = timedelta(days=60)
"""From the last tip sent.  A series that nobody runs for so long is forgotten."""
STOP_KEPT = timedelta(days=7)
"""For a tip that waits in the outbox just then; it names nobody."""
DUE = "sms:series:due"


def _seconds(life: timedelta) -> int:
    return int(life.total_seconds())


_STEPS = (
    CUT_LUA
    + f"""
local SMS, DUE = KEYS[1], KEYS[1] .. 'series:due'
local KEPT, STOP_KEPT = {_seconds(KEPT)}, {_seconds(STOP_KEPT)}
local ANSWER_WITHIN = {_seconds(ANSWER_WITHIN)}
"""
    + """
local call = redis.call
local function series(index) return SMS .. 'series:' .. index end
local function asked(index) return SMS .. 'asked:' .. index end
local function stopped(index) return SMS .. 'stopped:' .. index end

local function be_due(index, at)
  call('EXPIRE', series(index), KEPT)
  call('ZADD', DUE, at, index)
  call('EXPIRE', DUE, KEPT)
end

-- The language of a person's series, if one runs.  Of the indexes the first is that of today;
-- the others are of former data keys.
local function language_of(indexes)
  for _, index in ipairs(indexes) do
    local language = call('HGET', series(index), 'language')
    if language then return language end
  end
end

-- What of them is due at one time.
local function all_be_due(indexes, at)
  local pairs = {}
  for n, index in ipairs(indexes) do
    call('EXPIRE', series(index), KEPT)
    pairs[2 * n - 1], pairs[2 * n] = at, index
  end
  if #pairs > 0 then call('ZADD', DUE, unpack(pairs)) end
  call('EXPIRE', DUE, KEPT)
end

local function begin(who, language)
  local index = who.indexes[1]
  if language_of(who.indexes) then return end
  for _, each in ipairs(who.indexes) do call('DEL', stopped(each)) end
  call('HSET', series(index), 'to', who.sealed, 'language', language,
    'gateway', who.gateway, 'next', 0, 'begun', who.begun, 'cut', last_cut() or '')
  be_due(index, who.first)
end

local function stop(index)
  call('DEL', series(index), asked(index))
  call('ZREM', DUE, index)
  call('SET', stopped(index), '', 'EX', STOP_KEPT)
end

-- A STOP, or that a tip was sent, may be lost: such a series ends.
local function stop_after_cut(index)
  local cut = cut_since(series(index))
  if not cut or not (string.find(cut, 'sms:series') or string.find(cut, 'sms:stopped')) then
    return false
  end
  stop(index)
  return true
end
"""
)

# ARGV: indexes.
STOP = f"{_STEPS} for _, index in ipairs(ARGV) do stop(index) end"

# After a tip, each person's next one, or the end of the series.  Only who is still at this tip
# moves on, so no second run moves anybody twice, or texts them.  `people`: index and random name
# of each series; where another data key is used by now, also the index under that, and the number
# sealed for it.
_MOVE_ON = """
local function move_on(args, places)
  local moved, going_on = {}, {}
  local is_last = tonumber(args.tip) + 1 >= args.tips
  for _, place in ipairs(places) do
    local index, begun, todays, sealed = unpack(args.people[place])
    local at, since = unpack(call('HMGET', series(index), 'next', 'begun'))
    moved[place] = at == args.tip and (since or '') == begun
    if moved[place] and is_last then
      call('DEL', series(index))
      call('ZREM', DUE, index)
    elseif moved[place] then
      call('HINCRBY', series(index), 'next', 1)
      if todays then
        call('HSET', series(index), 'to', sealed)
        call('RENAME', series(index), series(todays))
        call('ZREM', DUE, index)
      end
      going_on[#going_on + 1] = todays or index
    end
  end
  all_be_due(going_on, args.following)
  return moved
end
"""

# ARGV: the args of `_MOVE_ON` in JSON.
MOVE_ON = f"""{_STEPS}{_MOVE_ON}
local args, places = cjson.decode(ARGV[1]), {{}}
for place in ipairs(args.people) do places[place] = place end
move_on(args, places)
"""

# ARGV: now, most.  Of each subscription that is due: index, number, language, gateway, which
# tip is next, its random name, and `cut`, which version 0.1.0 did not write.  In one step: between
# two, another run moves people on.
DUE_NOW = f"""{_STEPS}
local found, was_cut = {{}}, last_cut()
for _, index in ipairs(call('ZRANGEBYSCORE', DUE, '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])) do
  if not (was_cut and stop_after_cut(index)) then
    local held = call('HMGET', series(index), 'to', 'language', 'gateway', 'next', 'begun', 'cut')
    found[#found + 1] = {{index, unpack(held, 1, 6)}}
  end
end
return found
"""

# Who has said STOP: see `Outbox`.
STOPPED = """
local keys = {}
for n, index in ipairs(indexes) do keys[n] = KEYS[1] .. 'stopped:' .. index end
return #keys > 0 and redis.call('MGET', unpack(keys)) or {}
"""

# The bodies of acts: see `Act` in `sms/outbox/outbox.py`.

MOVE_ON_ACT = f"""{_STEPS}{_MOVE_ON}
return move_on(args, places)
"""

STOP_ACT = f"""{_STEPS}
for _, index in ipairs(args.indexes) do stop(index) end
return 'stopped'
"""

ASK_ACT = f"""{_STEPS}
if language_of(args.indexes) then return 'already' end
call('SET', asked(args.indexes[1]), args.language, 'EX', ANSWER_WITHIN)
return 'asked'
"""

CONFIRM_ACT = f"""{_STEPS}
local language
for _, index in ipairs(args.indexes) do language = call('GETDEL', asked(index)) or language end
if not language then
  local running = language_of(args.indexes)
  return running and args.languages[running] and ('already ' .. running) or 'not asked'
end
if not args.languages[language] then return 'not asked' end
begin(args, language)
return language
"""

BEGIN_ACT = f"""{_STEPS}
begin(args, args.language)
"""
