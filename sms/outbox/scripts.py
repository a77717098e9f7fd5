"""The steps of the outbox that must be taken whole or not at all, in Lua.

Each script may be repeated when its answer was lost: the second time it finds
its work done and changes nothing.  `sms/outbox/outbox.py` says what the keys hold.
Names of keys are made in the scripts, so the outbox needs one server (with
replicas if you like: `runtime/replication.py`), not a cluster.
Commands of Redis 7.0 only.
"""

import json

from runtime.append_only_file import CUT_LUA
from runtime.settings import SIMULATOR
from sms.outbox.counts import COUNTING_LUA
from sms.outbox.messages import AGREED, DANGER, KEY_SECONDS, MessageKind
from sms.states import FINAL, NEXT, State

GROUP = "senders"
REPLIES, NEW_NUMBERS = "replies", "new numbers"
_PARTS = (REPLIES, NEW_NUMBERS, DANGER, AGREED)
CAPS = (*(f"{part} a {time}" for part in _PARTS for time in ("minute", "day")), "series a day")
"""Those of the whole service, as `purses` names them."""
DAY = 24 * 3600
LONGEST_QUEUED_SECONDS = 7 * DAY
"""The life of a queue that nobody touches."""
KEEP_SECONDS = {
    **dict.fromkeys(FINAL, DAY),
    State.ACCEPTED: 2 * DAY,
    State.UNKNOWN: 2 * DAY,
}
"""How long a message is known in a state that it does not leave by itself.  Its
number and text are dropped on entering any of these.
"""
EARLY_SECONDS = DAY
SET_ASIDE = "sms:set-aside"
SET_ASIDE_SECONDS = 7 * DAY
ALARM_SECONDS = 3600
MOST_TRIES = 5
"""Workers that may end, one after the other, holding a message that none of them began."""
CLOCK_SECONDS = 2
"""By which the clocks of two machines may differ."""
MOST_EARLY, MOST_NAMELESS = 20, 1000
"""Reports kept that name a message we do not know (yet): for one number, and of all that name no
number.  One for a number that we have not texted lately is not kept.
"""

_KNOWN = f"""
local MAY = cjson.decode('{json.dumps({str(a): {str(b): True for b in bs} for a, bs in NEXT.items()})}')
local KEEP = cjson.decode('{json.dumps({str(state): kept for state, kept in KEEP_SECONDS.items()})}')
local GROUP, QUEUED_SECONDS = '{GROUP}', {LONGEST_QUEUED_SECONDS}
local EARLY_SECONDS, SLACK = {EARLY_SECONDS}, {CLOCK_SECONDS}
local MOST_EARLY, MOST_NAMELESS = {MOST_EARLY}, {MOST_NAMELESS}
local KINDS = cjson.decode('{json.dumps([str(kind) for kind in MessageKind])}')
local KEY_SECONDS, SIMULATOR = {KEY_SECONDS}, '{SIMULATOR}'
local SET_ASIDE, SET_ASIDE_SECONDS = '{SET_ASIDE}', {SET_ASIDE_SECONDS}
local ALARM_SECONDS, MOST_TRIES = {ALARM_SECONDS}, {MOST_TRIES}
"""  # noqa: E501

_STEPS = """
local call = redis.call
local function message(id) return 'sms:message:' .. id end
local function stream(queue) return 'sms:queue:' .. queue end

local function move(id, state, now, why)
  local before, day, kind = unpack(call('HMGET', message(id), 'state', 'day', 'kind'))
  if not (MAY[before] or {})[state] then return false end
  count_move(day, kind, before, state, now)
  call('HSET', message(id), 'state', state, 'why', why, 'at', now)
  if KEEP[state] then
    call('HDEL', message(id), 'to', 'text')
    call('EXPIRE', message(id), KEEP[state])
  end
  return true
end

local function enqueue(id, queue)
  local entry = call('XADD', stream(queue), '*', 'id', id)
  call('EXPIRE', stream(queue), QUEUED_SECONDS)
  call('HSET', message(id), 'state', 'queued', 'entry', entry)
end

local function done(queue, entry)
  call('XACK', stream(queue), GROUP, entry)
  call('XDEL', stream(queue), entry)
end

-- The gateway by which a message leaves; '' in one that an older version stored.
local function gateway_of(id)
  return call('HGET', message(id), 'gateway') or ''
end

-- Whether `forgetting.py` took its number from it while it was being sent.
local function is_forgotten(id) return not call('HGET', message(id), 'index') end

-- Ids of messages and indexes of numbers are those of one gateway.
local function of(gateway, name) return gateway .. ':' .. name end

-- What a report that came before we knew its message said of it.
local function early(gateway, gateway_id)
  return call('GETDEL', 'sms:early:' .. of(gateway, gateway_id))
end

local function bind(id, gateway, gateway_id)
  call('SET', 'sms:gateway:' .. of(gateway, gateway_id), id, 'EX', KEEP['accepted'])
end

-- Whether we have texted a number on that day or the day before, by what it is counted as.
local function texted_lately(day, who, who_before)
  for _, kind in ipairs(KINDS) do
    if is_counted(day, who .. ' ' .. kind) or is_counted(day - 1, who_before .. ' ' .. kind) then
      return true
    end
  end
  return false
end

-- The gateway's name for this message is not known: wait for a report to this
-- number, or take one that is here already.
local function await_report(id, now)
  local gateway, index, sent = gateway_of(id), unpack(call('HMGET', message(id), 'index', 'sent'))
  if not index then return end  -- its number was forgotten meanwhile
  local told = early(gateway, id)
  if told then return move(id, told, now, 'by an early report') end
  sent = tonumber(sent) or tonumber(now)
  local came = 'sms:early-of:' .. of(gateway, index)
  for _, gateway_id in ipairs(call('ZRANGEBYSCORE', came, sent - SLACK, '+inf')) do
    call('ZREM', came, gateway_id)
    local state = early(gateway, gateway_id)
    if state then
      bind(id, gateway, gateway_id)
      return move(id, state, now, 'by an early report')
    end
  end
  local unsettled = 'sms:unsettled:' .. of(gateway, index)
  call('ZADD', unsettled, sent, id)
  call('EXPIRE', unsettled, KEEP['unknown'])
end

-- A moment as we write it; nil where it is none.
local function moment(text)
  local seconds = tonumber(text or nil)
  if seconds and seconds > 0 and seconds < 1e11 then return seconds end
end

-- What cannot be read is counted; the alarms that are now to be given, each at most every hour.
local alarms = {}
local function count_set_aside(why, many)
  call('INCRBY', SET_ASIDE, many)
  call('EXPIRE', SET_ASIDE, SET_ASIDE_SECONDS)
  if call('SET', 'sms:alarm:set aside: ' .. why, '', 'NX', 'EX', ALARM_SECONDS) then
    alarms[#alarms + 1] = why
  end
end

-- Out of every queue, so that it holds up no other; what was being sent may have gone.
local function set_aside(queue, entry, id, why, now)
  if entry ~= '' then done(queue, entry) end
  if id then
    pcall(function()
      local sending = call('HGET', message(id), 'state') == 'sending'
      move(id, sending and 'unknown' or 'expired', now, why)
    end)
  end
  count_set_aside(why, 1)
end

-- Whether what is stored is at fault, and not the server: full, read-only, without replicas.
local function is_of_data(fault)
  if type(fault) ~= 'table' then return true end
  local said = fault.err or ''
  return string.find(said, 'WRONGTYPE') or string.find(said, 'is not an? %a+')
end

-- The answer of `step`, or nil where what is stored is at fault: then that is set aside.
local function try(queue, entry, id, now, step)
  local fine, answer = pcall(step)
  if fine then return answer end
  if not is_of_data(answer) then error(answer, 0) end
  set_aside(queue, entry, id, 'a message cannot be read', now)
end
"""


# What was queued before notes were lost may have been sent since: nobody sends it any more.
_AFTER_A_CUT = """
local function doubt_after_cut(id, now)
  local cut = cut_since(message(id))
  if not cut then return false end
  move(id, 'sending', now, '')
  call('HSET', message(id), 'sent', string.match(cut, '^[0-9.]+'))
  move(id, 'unknown', now, 'what was noted of it may be lost')
  await_report(id, now)
  return true
end
"""


def script(body: str) -> str:
    """A whole script."""
    return _KNOWN + COUNTING_LUA + CUT_LUA + _STEPS + _AFTER_A_CUT + body


_PUTTING = (
    f"""
local REPLIES, NEW_NUMBERS = '{REPLIES}', '{NEW_NUMBERS}'
"""
    + """
local now, caps = tonumber(ARGV[1]), cjson.decode(ARGV[2])

local minute, day = math.floor(now / 60), math.floor(now / 86400)

-- Of a part of the replies: the caps of a minute and of a day.
local function caps_of(part, share)
  local a_minute, a_day = part .. ' a minute', part .. ' a day'
  return {a_minute, 'sms:cap:' .. a_minute .. ':' .. minute, caps.replies_a_minute * share, 120},
    {a_day, 'sms:cap:' .. a_day .. ':' .. day, caps.replies_a_day * share, 172800}
end

local function is_new(outgoing)
  if texted_lately(outgoing.day, outgoing.who, outgoing.who_before) then return false end
  for _, index in ipairs(outgoing.indexes) do
    if call('EXISTS', 'sms:series:' .. index) == 1 then return false end
  end
  return true
end

-- Lists of caps: a message counts against the first list of which none is met.  What is kept for
-- words of danger and for what was agreed to on a screen no other text uses up; and a flood of
-- these, from new numbers, uses up nothing else.
local function purses(outgoing)
  if outgoing.queue == 'series' then
    return {{{'series a day', 'sms:cap:series a day:' .. day, caps.series_a_day, 172800}}}
  end
  local common = {caps_of(REPLIES, 1)}
  local kept = outgoing.reserve ~= '' and {caps_of(outgoing.reserve, caps.reserve_share)}
  if not is_new(outgoing) then return {common, kept or nil} end
  common[3], common[4] = caps_of(NEW_NUMBERS, caps.new_numbers_share)
  return {kept or common}
end

local function met(purse)
  for _, cap in ipairs(purse) do
    if tonumber(call('GET', cap[2]) or 0) >= cap[3] then return cap[1] end
  end
end

-- The list of caps that a message counts against, or else why it is refused.
local function over(outgoing, number)
  if outgoing.queue ~= 'series' then
    call('ZREMRANGEBYSCORE', number, '-inf', now - caps.number_seconds)
    local most = caps.replies_a_number + (outgoing.urgent and 1 or 0)
    if call('ZCARD', number) >= most then return nil, 'capped' end
  end
  local cap
  for _, purse in ipairs(purses(outgoing)) do
    cap = met(purse)
    if not cap then return purse end
  end
  local first = call('SET', 'sms:alarm:' .. cap, '', 'NX', 'EX', 3600)
  return nil, first and ('alarm:' .. cap) or 'capped'
end

local function count(outgoing, number, purse)
  if outgoing.queue ~= 'series' then
    call('ZADD', number, now, outgoing.id)
    call('EXPIRE', number, caps.number_seconds)
  end
  for _, cap in ipairs(purse) do
    if call('INCR', cap[2]) == 1 then call('EXPIRE', cap[2], cap[4]) end
  end
end

-- Under the key of today, or one that it may have been kept under before.
local function is_used(keys)
  for _, key in ipairs(keys) do
    if call('EXISTS', 'sms:key:' .. key) == 1 then return true end
  end
end

local function put(outgoing)
  local key, number = 'sms:key:' .. outgoing.keys[1], 'sms:cap:number:' .. outgoing.index
  if is_used(outgoing.keys) then return 'already' end
  local purse, refused = over(outgoing, number)
  if not purse then
    count_capped(outgoing)
    return refused
  end
  count(outgoing, number, purse)
  count_put(outgoing, message(outgoing.id))
  call('SET', key, outgoing.id, 'EX', outgoing.key_seconds)
  call('HSET', message(outgoing.id), 'to', outgoing.to, 'text', outgoing.text,
    'index', outgoing.index, 'gateway', outgoing.gateway, 'queue', outgoing.queue,
    'expires', outgoing.expires, 'attempts', 0, 'cut', last_cut() or '')
  call('EXPIRE', message(outgoing.id), outgoing.seconds)
  enqueue(outgoing.id, outgoing.queue)
  return 'queued'
end
"""
)

# ARGV: now, caps, then messages, both in JSON.  One answer for each message.
PUT = script(
    _PUTTING
    + """
local answers = {}
for i = 3, #ARGV do answers[#answers + 1] = put(cjson.decode(ARGV[i])) end
return answers
"""
)


def put_chosen(act: str) -> str:
    """The script that acts and queues the message that the act chooses, in one step.

    `act` is the body of a Lua function of `args`.  It returns the name of a message, or nil
    for none.  Whatever comes of it, the key is used up: the script does nothing a second time.
    """
    # ARGV: now, caps; the keys, the messages by their names and the args, in JSON.
    return script(
        _PUTTING
        + f"local function act(args)\n{act}\nend\n"
        + """
local keys, messages = cjson.decode(ARGV[3]), cjson.decode(ARGV[4])
if is_used(keys) then return 'already' end
local outgoing = messages[act(cjson.decode(ARGV[5])) or '']
local answer = outgoing and put(outgoing) or 'nothing'
if answer ~= 'queued' then call('SET', 'sms:key:' .. keys[1], '', 'EX', KEY_SECONDS) end
return answer
"""
    )


# ARGV: queue, worker, gateways that are set up in JSON, now, rate, burst, tokens needed, then
# entry and id of each.  Answer: seconds to wait, as text; alarms; id, gateway, to, text,
# attempts, expiry of each message that this worker, and nobody else, may now send.
BEGIN = script("""
local queue, worker, gateways, now = ARGV[1], ARGV[2], cjson.decode(ARGV[3]), tonumber(ARGV[4])
local rate, burst, need = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

-- By which gateway a message may leave, if by any.
local function way_of(id)
  local own = gateway_of(id)
  for _, name in ipairs(gateways) do
    if name == own then return own end
  end
  if own ~= SIMULATOR then return gateways[1] end
end

local function ours(entry, id)
  local state, current, expires, by =
    unpack(call('HMGET', message(id), 'state', 'entry', 'expires', 'by'))
  if not state then
    set_aside(queue, entry, nil, 'a message is gone', ARGV[4])
    return false
  end
  if state == 'sending' and current == entry then return by == worker end
  if state == 'queued' and current == entry and not doubt_after_cut(id, ARGV[4]) then
    local late, way = now >= assert(moment(expires)), way_of(id)
    if way and not late then return true end
    move(id, 'expired', ARGV[4], late and 'not sent in time' or 'its gateway is not set up')
  end
  done(queue, entry)
  return false
end

local function wait(bucket)
  local time = call('TIME')
  local clock = time[1] + time[2] / 1000000
  local tokens, at = unpack(call('HMGET', bucket, 'tokens', 'at'))
  if tonumber(at or clock) > clock then  -- the clock was put back
    at = clock
    call('HSET', bucket, 'at', string.format('%.6f', clock))
  end
  local since = clock - tonumber(at or clock)
  tokens = math.min(burst, tonumber(tokens or burst) + since * rate)
  if tokens < need then return (need - tokens) / rate end
  call('HSET', bucket, 'tokens', tokens - 1, 'at', string.format('%.6f', clock))
  call('EXPIRE', bucket, 3600)
  return 0
end

local function start(entry, id, gateway)
  call('XCLAIM', stream(queue), GROUP, worker, 0, entry, 'JUSTID')
  call('HINCRBY', message(id), 'attempts', 1)
  call('HSET', message(id), 'state', 'sending', 'by', worker, 'sent', ARGV[4], 'gateway', gateway)
  return {id, unpack(call('HMGET', message(id), 'gateway', 'to', 'text', 'attempts', 'expires'))}
end

local mine = {}
for i = 8, #ARGV, 2 do
  local entry, id = ARGV[i], ARGV[i + 1]
  local may = try(queue, entry, id, ARGV[4], function() return ours(entry, id) end)
  if may then mine[#mine + 1] = {entry, id} end
end
if #mine == 0 then return {'0', alarms, {}} end
local gateway = way_of(mine[1][2])
local seconds = wait('sms:bucket:' .. gateway)
if seconds > 0 then return {tostring(seconds), alarms, {}} end
local begun = {}
for _, pair in ipairs(mine) do
  local entry, id = unpack(pair)
  local function step() return start(entry, id, gateway) end
  begun[#begun + 1] = try(queue, entry, id, ARGV[4], step)
end
return {'0', alarms, begun}
""")

# ARGV: queue, now, then entry, id, state, why, gateway id, due time and error of the
# gateway (or '') of each.  Answer: alarms.
SETTLE = script("""
local queue, now = ARGV[1], ARGV[2]

local function postpone(id, due, why)
  local before, expires = unpack(call('HMGET', message(id), 'state', 'expires'))
  if before ~= 'sending' and before ~= 'queued' then return end
  if is_forgotten(id) then return move(id, 'failed', now, 'forgotten') end
  call('HSET', message(id), 'state', 'queued', 'entry', '', 'why', why)
  call('ZADD', 'sms:later', math.min(tonumber(due), moment(expires) or 0), id)
  call('EXPIRE', 'sms:later', QUEUED_SECONDS)
end

local function settle(id, state, why, gateway_id)
  if not move(id, state, now, why) or is_forgotten(id) then return end
  if gateway_id ~= '' then
    local gateway, index = gateway_of(id), call('HGET', message(id), 'index')
    bind(id, gateway, gateway_id)
    call('ZREM', 'sms:unsettled:' .. of(gateway, index), id)
    local later = early(gateway, gateway_id)
    if later then move(id, later, now, 'by an early report') end
  elseif state == 'unknown' or state == 'accepted' then
    await_report(id, now)
  end
end

for i = 3, #ARGV, 7 do
  local entry, id, state, why, gateway_id, due, error = unpack(ARGV, i, i + 6)
  try(queue, entry, id, now, function()
    if call('HGET', message(id), 'entry') ~= entry then return end
    count_error(message(id), error, now)
    if state == 'queued' then postpone(id, due, why) else settle(id, state, why, gateway_id) end
    done(queue, entry)
  end)
end
return alarms
""")

# ARGV: now, most, and from when on a time is one of before the clock was put back.
# Messages whose time to be tried again has come.  Answer: how many; alarms.
REQUEUE_DUE = script("""
local ids = call('ZRANGEBYSCORE', 'sms:later', '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
if #ids == 0 then
  ids = call('ZRANGEBYSCORE', 'sms:later', '(' .. ARGV[3], '+inf', 'LIMIT', 0, ARGV[2])
end
local function requeue(id)
  local state, entry, expires, queue, lane =
    unpack(call('HMGET', message(id), 'state', 'entry', 'expires', 'queue', 'lane'))
  if state == 'queued' and entry == '' then
    if tonumber(ARGV[1]) < assert(moment(expires)) then
      enqueue(id, assert(queue or lane))  -- `lane`: what an older version wrote
    else
      move(id, 'expired', ARGV[1], 'not sent in time')
    end
  end
end

for _, id in ipairs(ids) do
  call('ZREM', 'sms:later', id)
  try('', '', id, ARGV[1], function() requeue(id) end)
end
return {#ids, alarms}
""")

# ARGV: queue, worker, now, lease in ms, where to go on.  Answer: where to go on
# ('0-0': done), how many became unknown, how many were queued again; alarms.
RECLAIM = script("""
local queue, worker, now = ARGV[1], ARGV[2], ARGV[3]
local found = call('XAUTOCLAIM', stream(queue), GROUP, worker, ARGV[4], ARGV[5], 'COUNT', 100)
local unknown, queued = 0, 0

local function take_over(entry, id)
  local state, current = unpack(call('HMGET', message(id), 'state', 'entry'))
  if not state then
    set_aside(queue, entry, nil, 'a message is gone', now)
  elseif current == entry and state == 'sending' then
    move(id, 'unknown', now, 'its worker ended while it was sending')
    await_report(id, now)
    unknown = unknown + 1
  elseif current == entry and state == 'queued' then
    if call('HINCRBY', message(id), 'tries', 1) >= MOST_TRIES then
      set_aside(queue, entry, id, 'all workers that held a message ended', now)
    else
      enqueue(id, queue)
      queued = queued + 1
    end
  end
end

for _, claimed in ipairs(found[2]) do
  local entry, name, id = claimed[1], claimed[2][1], claimed[2][2]
  done(queue, entry)
  if name ~= 'id' then
    set_aside(queue, entry, nil, 'an entry names no message', now)
  else
    try(queue, entry, id, now, function() take_over(entry, id) end)
  end
end
for _, consumer in ipairs(call('XINFO', 'CONSUMERS', stream(queue), GROUP)) do
  local name, pending, idle = consumer[2], consumer[4], consumer[6]
  if pending == 0 and idle > 3600000 then
    call('XGROUP', 'DELCONSUMER', stream(queue), GROUP, name)
  end
end
call('EXPIRE', stream(queue), QUEUED_SECONDS)
return {found[1], unknown, queued, alarms}
""")

# ARGV: queue, why, then entries that name no message.  Answer: alarms.
SET_ENTRIES_ASIDE = script("""
local queue, why = ARGV[1], ARGV[2]
for i = 3, #ARGV do set_aside(queue, ARGV[i], nil, why) end
return alarms
""")

# ARGV: why, how many.  What was settled and could not be opened.  Answer: alarms.
COUNT_SET_ASIDE = script("""
count_set_aside(ARGV[1], ARGV[2])
return alarms
""")

# ARGV: queue.  The queue and its group, from its first entry on.
OPEN = script("""
local made = redis.pcall('XGROUP', 'CREATE', stream(ARGV[1]), GROUP, '0', 'MKSTREAM')
if made.err and not string.find(made.err, 'BUSYGROUP') then return made end
call('EXPIRE', stream(ARGV[1]), QUEUED_SECONDS)
""")

# ARGV: gateway, its id of the message, state, now; in JSON the indexes of the number, if it is
# known, and the keys, each of which says that it was forgotten; today, and as what the number is
# counted then and the day before.
REPORT = script("""
local gateway, gateway_id, state, now = unpack(ARGV)
local indexes, forgotten = cjson.decode(ARGV[5]), cjson.decode(ARGV[6])
local day, who, who_before = unpack(ARGV, 7)

local function keep_early()
  for _, key in ipairs(forgotten) do
    if call('EXISTS', key) == 1 then return 'forgotten' end
  end
  local index = indexes[1] or ''
  if index ~= '' and not texted_lately(tonumber(day), who, who_before) then return 'of nobody' end
  local key = 'sms:early:' .. of(gateway, gateway_id)
  local before = call('GET', key)
  if before and not MAY[before][state] then return 'repeated' end
  local came = 'sms:early-of:' .. of(gateway, index)
  local most = index == '' and MOST_NAMELESS or MOST_EARLY
  if not before and call('ZCARD', came) >= most then early(gateway, call('ZPOPMIN', came)[1]) end
  call('ZADD', came, now, gateway_id)
  call('EXPIRE', came, EARLY_SECONDS)
  call('SET', key, state, 'EX', EARLY_SECONDS)
  return 'early'
end

-- The oldest message to this number that may be the one.
local function unsettled_of(index)
  local key = 'sms:unsettled:' .. of(gateway, index)
  for _, id in ipairs(call('ZRANGEBYSCORE', key, now - KEEP['unknown'], now + SLACK)) do
    call('ZREM', key, id)
    local before = call('HGET', message(id), 'state')
    if before == 'unknown' or before == 'accepted' then
      bind(id, gateway, gateway_id)
      return id
    end
  end
end

local function unsettled()
  for n = #indexes, 1, -1 do  -- the oldest key has the oldest
    local id = unsettled_of(indexes[n])
    if id then return id end
  end
end

-- A gateway that is given our ids reports by them.
local function named_by_us()
  if call('HGET', message(gateway_id), 'gateway') == gateway then return gateway_id end
end

local id = call('GET', 'sms:gateway:' .. of(gateway, gateway_id)) or named_by_us() or unsettled()
if not id or call('HGET', message(id), 'state') == 'sending' then return keep_early() end
return move(id, state, now, 'by its report') and 'settled' or 'repeated'
""")
