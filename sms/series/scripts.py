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
local DUE, KEPT, STOP_KEPT = '{DUE}', {_seconds(KEPT)}, {_seconds(STOP_KEPT)}
local ANSWER_WITHIN = {_seconds(ANSWER_WITHIN)}
"""
    + """
local call = redis.call
local function series(index) return 'sms:series:' .. index end
local function asked(index) return 'sms:asked:' .. index end
local function stopped(index) return 'sms:stopped:' .. index end

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

# ARGV: index, the tip, how many tips the series has, when the next one is due, the index under
# the data key of today, and the number sealed for that.  Only who is still at this tip moves
# on, so a second run moves nobody twice.
MOVE_ON = f"""{_STEPS}
local index, tip, tips, following, todays, sealed = unpack(ARGV)
if call('HGET', series(index), 'next') ~= tip then return end
if tonumber(tip) + 1 >= tonumber(tips) then
  call('DEL', series(index))
  call('ZREM', DUE, index)
else
  call('HINCRBY', series(index), 'next', 1)
  if todays ~= index then
    call('HSET', series(index), 'to', sealed)
    call('RENAME', series(index), series(todays))
    call('ZREM', DUE, index)
  end
  be_due(todays, following)
end
"""

# ARGV: now, most.  Of each subscription that is due: index, number, language, gateway, which
# tip is next, its random name.  In one step: between two, another run moves people on.
DUE_NOW = f"""{_STEPS}
local found = {{}}
for _, index in ipairs(call('ZRANGEBYSCORE', DUE, '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])) do
  if not stop_after_cut(index) then
    local held = call('HMGET', series(index), 'to', 'language', 'gateway', 'next', 'begun')
    found[#found + 1] = {{index, unpack(held)}}
  end
end
return found
"""

# The bodies of acts: see `Act` in `sms/outbox/outbox.py`.

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
