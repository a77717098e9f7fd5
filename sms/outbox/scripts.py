"""The steps of the outbox that must be taken whole or not at all, in Lua.

A message is one text for one person, or a batch: for many, each at a place of it.  A person
is in the state of their message, unless they are apart: the letter of their own state stands at
their place.  Each script may be repeated when its answer was lost: the second time it finds
its work done and changes nothing.  `sms/outbox/outbox.py` says what the keys hold.
The names of all keys begin with `KEYS[1]`: see `runtime/partitions.py`.
Commands of Redis 7.0 only.
"""

import json

from runtime.append_only_file import CUT_LUA
from runtime.settings import SIMULATOR
from sms.outbox.counts import COUNTING_LUA
from sms.outbox.messages import AGREED, BLANK, DANGER, KEY_SECONDS, MessageKind
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
local MAY = {{ {", ".join(f"{a} = {{ {', '.join(f'{b} = true' for b in bs)} }}" for a, bs in NEXT.items())} }}
local KEEP = {{ {", ".join(f"{state} = {kept}" for state, kept in KEEP_SECONDS.items())} }}
local STATE = {{ {", ".join(f"{state[0]} = '{state}'" for state in State)} }}
local BLANK, WIDTH = '{BLANK}', {len(BLANK)}
local GROUP, QUEUED_SECONDS = '{GROUP}', {LONGEST_QUEUED_SECONDS}
local EARLY_SECONDS, SLACK = {EARLY_SECONDS}, {CLOCK_SECONDS}
local MOST_EARLY, MOST_NAMELESS = {MOST_EARLY}, {MOST_NAMELESS}
local KINDS = cjson.decode('{json.dumps([str(kind) for kind in MessageKind])}')
local KEY_SECONDS, SIMULATOR = {KEY_SECONDS}, '{SIMULATOR}'
local SET_ASIDE_SECONDS = {SET_ASIDE_SECONDS}
local ALARM_SECONDS, MOST_TRIES = {ALARM_SECONDS}, {MOST_TRIES}
"""  # noqa: E501

_STEPS = """
local call = redis.call
local function message(id) return SMS .. 'message:' .. id end
local function stream(queue) return SMS .. 'queue:' .. queue end

local FIELDS = {'state', 'apart', 'index', 'who', 'day', 'kind', 'gateway', 'entry', 'expires',
  'sent'}

-- A message as it is stored; its `state` is false where there is none.
local function read(id)
  local b, found = {id = id}, call('HMGET', message(id), unpack(FIELDS))
  for n, name in ipairs(FIELDS) do b[name] = found[n] end
  b.size = math.max(1, math.floor(#(b.index or '') / WIDTH))
  b.apart = b.apart or string.rep('-', b.size)
  b.gateway = b.gateway or ''  -- so in one that an older version stored
  return b
end

-- What a field says of the person at a place; nil where it says nothing.
local function at(b, field, place)
  local found = b[field] or ''
  if b.size > 1 then found = string.sub(found, (place - 1) * WIDTH + 1, place * WIDTH) end
  if found ~= '' and found ~= BLANK then return found end
end

local function own_state(b, place) return STATE[string.sub(b.apart, place, place)] end
local function state_at(b, place) return own_state(b, place) or b.state end

-- By which a message is known outside; and where a name leads, if anywhere.
local function name_of(b, place) return b.size == 1 and b.id or b.id .. '.' .. place end
local function named(name)
  local id, digits = string.match(name, '^([^.]*)%.?(%d*)$')
  if not id then return end
  local b, place = read(id), tonumber(digits) or 1
  local fits = (b.size > 1) == (digits ~= '') and place >= 1 and place <= b.size
  if fits or not b.state then return b, place end
end

-- The places of all who are not apart.
local function rest(b)
  local places = {}
  for place = 1, b.size do
    if not own_state(b, place) then places[#places + 1] = place end
  end
  return places
end

-- Write the state of those who moved: of the message if they are all of the rest, else apart.
local function part(b, moved, state)
  local whole, letters = true, {}
  for _, place in ipairs(rest(b)) do whole = whole and moved[place] end
  for place = 1, b.size do
    local letter = string.sub(b.apart, place, place)
    local alone = moved[place] and not (whole and letter == '-')
    letters[place] = alone and string.sub(state, 1, 1) or letter
  end
  b.apart = table.concat(letters)
  if string.find(b.apart, '%a') then call('HSET', message(b.id), 'apart', b.apart) end
  if whole then b.state = state end
  return whole
end

local function longest_kept(b)
  local seconds = KEEP[b.state]
  for letter in string.gmatch(b.apart, '%a') do seconds = math.max(seconds, KEEP[STATE[letter]]) end
  return seconds
end

local function has_counted(b, place) return b.day and (b.size == 1 or at(b, 'who', place)) end

-- Those of the places who may go to this state; nil where none may.
local function move(b, places, state, now, why)
  local moved, counted = {}, {}
  for _, place in ipairs(places) do
    local before = state_at(b, place)
    if (MAY[before] or {})[state] then
      moved[place] = true
      if has_counted(b, place) then counted[before] = (counted[before] or 0) + 1 end
    end
  end
  if not next(moved) then return end
  for before, people in pairs(counted) do
    count_move(b.day, b.kind, before, state, now, people)
  end
  local whole = part(b, moved, state)
  call('HSET', message(b.id), 'state', b.state, 'why', why, 'at', now)
  if whole and KEEP[state] then
    call('HDEL', message(b.id), 'to', 'text')
    call('EXPIRE', message(b.id), longest_kept(b))
  end
  return moved
end

local function enqueue(b, queue)
  local many = #rest(b)
  local size = many > 1 and {'size', many} or {}
  local entry = call('XADD', stream(queue), '*', 'id', b.id, unpack(size))
  call('EXPIRE', stream(queue), QUEUED_SECONDS)
  call('HSET', message(b.id), 'state', 'queued', 'entry', entry)
end

local function done(queue, entry)
  call('XACK', stream(queue), GROUP, entry)
  call('XDEL', stream(queue), entry)
end

-- Ids of messages and indexes of numbers are those of one gateway.
local function of(gateway, name) return gateway .. ':' .. name end

-- What a report that came before we knew its message said of it.
local function early(gateway, gateway_id)
  return call('GETDEL', SMS .. 'early:' .. of(gateway, gateway_id))
end

local function bind(name, gateway, gateway_id)
  call('SET', SMS .. 'gateway:' .. of(gateway, gateway_id), name, 'EX', KEEP['accepted'])
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
local function await_report(b, place, now)
  local index, name = at(b, 'index', place), name_of(b, place)
  if not index then return end  -- its number was forgotten meanwhile
  local told = early(b.gateway, name)
  if told then return move(b, {place}, told, now, 'by an early report') end
  local sent = tonumber(b.sent or nil) or tonumber(now)
  local came = SMS .. 'early-of:' .. of(b.gateway, index)
  for _, gateway_id in ipairs(call('ZRANGEBYSCORE', came, sent - SLACK, '+inf')) do
    call('ZREM', came, gateway_id)
    local state = early(b.gateway, gateway_id)
    if state then
      bind(name, b.gateway, gateway_id)
      return move(b, {place}, state, now, 'by an early report')
    end
  end
  local unsettled = SMS .. 'unsettled:' .. of(b.gateway, index)
  call('ZADD', unsettled, sent, name)
  call('EXPIRE', unsettled, KEEP['unknown'])
end

-- All of the rest may have left: how many they are.
local function doubt(b, now, why)
  local places = rest(b)
  move(b, places, 'unknown', now, why)
  for _, place in ipairs(places) do await_report(b, place, now) end
  return #places
end

-- A moment as we write it; nil where it is none.
local function moment(text)
  local seconds = tonumber(text or nil)
  if seconds and seconds > 0 and seconds < 1e11 then return seconds end
end

-- What cannot be read is counted; the alarms that are now to be given, each at most every hour.
local alarms = {}
local function count_set_aside(why, many)
  call('INCRBY', SMS .. 'set-aside', many)
  call('EXPIRE', SMS .. 'set-aside', SET_ASIDE_SECONDS)
  if call('SET', SMS .. 'alarm:set aside: ' .. why, '', 'NX', 'EX', ALARM_SECONDS) then
    alarms[#alarms + 1] = why
  end
end

-- Out of every queue, so that it holds up no other; what was being sent may have gone.
local function set_aside(queue, entry, id, why, now)
  local many = 1
  if entry ~= '' then done(queue, entry) end
  if id then
    pcall(function()
      local b = read(id)
      many = #rest(b)
      move(b, rest(b), b.state == 'sending' and 'unknown' or 'expired', now, why)
    end)
  end
  count_set_aside(why, many)
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
local function doubt_after_cut(b, now)
  local cut = cut_since(message(b.id))
  if not cut then return false end
  move(b, rest(b), 'sending', now, '')
  b.sent = string.match(cut, '^[0-9.]+')
  call('HSET', message(b.id), 'sent', b.sent)
  doubt(b, now, 'what was noted of it may be lost')
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
  return {a_minute, SMS .. 'cap:' .. a_minute .. ':' .. minute, caps.replies_a_minute * share, 120},
    {a_day, SMS .. 'cap:' .. a_day .. ':' .. day, caps.replies_a_day * share, 172800}
end

local function is_new(outgoing)
  if texted_lately(outgoing.day, outgoing.who, outgoing.who_before) then return false end
  for _, index in ipairs(outgoing.indexes) do
    if call('EXISTS', SMS .. 'series:' .. index) == 1 then return false end
  end
  return true
end

-- Lists of caps: a message counts against the first list of which none is met.  What is kept for
-- words of danger and for what was agreed to on a screen no other text uses up; and a flood of
-- these, from new numbers, uses up nothing else.
local function purses(outgoing, new)
  if outgoing.queue == 'series' then
    return {{{'series a day', SMS .. 'cap:series a day:' .. day, caps.series_a_day, 172800}}}
  end
  local common = {caps_of(REPLIES, 1)}
  local kept = outgoing.reserve ~= '' and {caps_of(outgoing.reserve, caps.reserve_share)}
  if not new then return {common, kept or nil} end
  common[3], common[4] = caps_of(NEW_NUMBERS, caps.new_numbers_share)
  return {kept or common}
end

local function met(purse)
  for _, cap in ipairs(purse) do
    if tonumber(call('GET', cap[2]) or 0) >= cap[3] then return cap[1] end
  end
end

-- Whether the number has had as many replies as it may.
local function is_full(outgoing, number)
  if outgoing.queue == 'series' then return false end
  call('ZREMRANGEBYSCORE', number, '-inf', now - caps.number_seconds)
  return call('ZCARD', number) >= caps.replies_a_number + (outgoing.urgent and 1 or 0)
end

-- The list of caps that a message counts against, or else why it is refused.
local function afford(outgoing, new)
  local cap
  for _, purse in ipairs(purses(outgoing, new)) do
    cap = met(purse)
    if not cap then return purse end
  end
  local first = call('SET', SMS .. 'alarm:' .. cap, '', 'NX', 'EX', 3600)
  return nil, first and ('alarm:' .. cap) or 'capped'
end

local function spend(purse, many)
  for _, cap in ipairs(purse) do
    if call('INCRBY', cap[2], many) == many then call('EXPIRE', cap[2], cap[4]) end
  end
end

-- The same; `told`: what the caps of the service, which stand elsewhere, had to say before.
local function over(outgoing, number)
  if is_full(outgoing, number) then return nil, 'capped' end
  if not outgoing.told then
    return afford(outgoing, outgoing.queue ~= 'series' and is_new(outgoing))
  end
  if outgoing.told == '' then return {} end
  return nil, outgoing.told
end

local function count(outgoing, number, purse)
  if outgoing.queue ~= 'series' then
    call('ZADD', number, now, outgoing.id)
    call('EXPIRE', number, caps.number_seconds)
  end
  spend(purse, 1)
end

-- Under the key of today, or one that it may have been kept under before.
local function is_used(keys)
  for _, key in ipairs(keys) do
    if call('EXISTS', SMS .. 'key:' .. key) == 1 then return true end
  end
end

-- `counted`: who are counted by this message.
local function store(outgoing)
  local key = message(outgoing.id)
  if outgoing.counted then
    call('HSET', key, 'day', outgoing.day, 'kind', outgoing.kind, 'who', outgoing.counted)
  end
  if outgoing.apart then call('HSET', key, 'apart', outgoing.apart) end
  call('HSET', key, 'to', outgoing.to, 'text', outgoing.text,
    'index', outgoing.index, 'gateway', outgoing.gateway, 'queue', outgoing.queue,
    'expires', outgoing.expires, 'attempts', 0, 'cut', last_cut() or '')
  call('EXPIRE', key, outgoing.seconds)
  enqueue(read(outgoing.id), outgoing.queue)
end

local function put(outgoing)
  local key, number = SMS .. 'key:' .. outgoing.keys[1], SMS .. 'cap:number:' .. outgoing.index
  if is_used(outgoing.keys) then return 'already' end
  local purse, refused = over(outgoing, number)
  if not purse then
    count_capped(outgoing)
    return refused
  end
  count(outgoing, number, purse)
  if not counted_before(outgoing.day, outgoing.who .. ' ' .. outgoing.kind) then
    outgoing.counted = outgoing.who
  end
  count_put(outgoing, 1, outgoing.counted and 1 or 0)
  call('SET', key, outgoing.id, 'EX', outgoing.key_seconds)
  store(outgoing)
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


# The caps of the whole service on a cluster: a slot is taken first, and then the message is put;
# one that was not used is given back.

# ARGV: as of `PUT`.  Of each message whether it would count, and as of a `new` or a `known` number.
LOOK = script(
    _PUTTING
    + """
local answers = {}
for i = 3, #ARGV do
  local outgoing = cjson.decode(ARGV[i])
  local full = is_full(outgoing, SMS .. 'cap:number:' .. outgoing.index)
  answers[#answers + 1] = (full or is_used(outgoing.keys)) and '' or is_new(outgoing) and 'new'
    or 'known'
end
return answers
"""
)

# ARGV: now, caps, then in JSON queue and reserve of messages, and whether their number is new.
# Of each: empty, or why it is refused; then the caps of which it took a slot.
TAKE = script(
    _PUTTING
    + """
local answers = {}
for i = 3, #ARGV do
  local wish = cjson.decode(ARGV[i])
  local purse, refused = afford(wish, wish.new)
  local answer = {refused or ''}
  for _, cap in ipairs(purse or {}) do answer[#answer + 1] = cap[2] end
  spend(purse or {}, 1)
  answers[#answers + 1] = answer
end
return answers
"""
)

# ARGV: now, caps, people of a batch.  Answer: how many may get it, the cap if it is first met, and
# the key of that cap.
TAKE_MANY = script(
    _PUTTING
    + """
local many, cap = tonumber(ARGV[3]), purses({queue = 'series'})[1][1]
local room = math.max(0, math.min(many, cap[3] - tonumber(call('GET', cap[2]) or 0)))
if room > 0 then spend({cap}, room) end
local met = room < many and call('SET', SMS .. 'alarm:' .. cap[1], '', 'NX', 'EX', 3600)
return {room, met and cap[1] or '', cap[2]}
"""
)

# ARGV: how many, then the caps of which so many slots were not used.
GIVE_BACK = """
for i = 2, #ARGV do
  if redis.call('EXISTS', ARGV[i]) == 1 then redis.call('DECRBY', ARGV[i], ARGV[1]) end
end
"""


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
if answer ~= 'queued' then call('SET', SMS .. 'key:' .. keys[1], '', 'EX', KEY_SECONDS) end
return answer
"""
    )


def put_batch(act: str) -> str:
    """The script that acts for the people of a batch, and queues it for those who are to get it,
    in one step.

    `act` is the body of a Lua function of `args` and of the places of people.  It acts for each of
    them, once, and returns a table that says at their places who is to get the text.
    """
    # ARGV: now, caps; the batch and the args, both in JSON.  Answer: how many are to get it, how
    # many are over the cap, the cap if it is first met.
    return script(
        _PUTTING
        + f"local function act(args, places)\n{act}\nend\n"
        + """
local batch = cjson.decode(ARGV[3])
local cap = purses(batch)[1][1]
local room = batch.room or cap[3] - tonumber(call('GET', cap[2]) or 0)
local function who(place) return string.sub(batch.who, (place - 1) * WIDTH + 1, place * WIDTH) end

local places, over_cap = {}, 0
for place in ipairs(batch.former_keys) do
  if place <= room then
    places[place] = place
  else
    over_cap = over_cap + 1
    count_capped({day = batch.day, who = who(place)})
  end
end

-- Whom version 0.1.0 queued this text for, and then ended, does not get it again.
local acted, going, names = act(cjson.decode(ARGV[4]), places), {}, {}
local apart, counted = {}, {}
for place, keys in ipairs(batch.former_keys) do
  local goes = acted[place] and not is_used(keys)
  apart[place], counted[place] = goes and '-' or 'e', BLANK
  if goes then
    going[#going + 1] = place
    names[#names + 1] = who(place) .. ' ' .. batch.kind
  end
end
if #going > 0 then
  local first = 0
  for n, before in ipairs(all_counted_before(batch.day, names)) do
    if before == 0 then first, counted[going[n]] = first + 1, who(going[n]) end
  end
  if #going < #apart then batch.apart = table.concat(apart) end
  if first > 0 then batch.counted = table.concat(counted) end
  if not batch.room then spend({cap}, #going) end
  count_put(batch, #going, first)
  store(batch)
end
local met = over_cap > 0 and not batch.room
  and call('SET', SMS .. 'alarm:' .. cap[1], '', 'NX', 'EX', 3600)
return {#going, over_cap, met and cap[1] or ''}
"""
    )


# How long to wait for a token of a bucket; 0: one was taken.
_BUCKET = """
local function wait(bucket, rate, burst, need)
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
"""


def begin(unwanted: str) -> str:
    """The script that begins a message.

    `unwanted` is the body of a Lua function of the `indexes` of numbers.  It returns a table that
    says at each place whether that person wants no message of a series any more.
    """
    return script(_BUCKET + f"local function unwanted_of(indexes)\n{unwanted}\nend\n" + _BEGIN)


# ARGV: queue, worker, gateways that are set up in JSON, now, rate, burst, tokens needed, entry,
# id, the claim, and `paid` where a token was taken before.  Answer: seconds to wait, as text;
# alarms; and where this claim, and no other, may now send it: gateway, to, text, attempts, expiry,
# and who is apart.  A server that took the place of another may not know that an entry was
# claimed, and give it to the same worker again.
_BEGIN = """
local queue, worker, gateways, now = ARGV[1], ARGV[2], cjson.decode(ARGV[3]), ARGV[4]
local rate, burst, need = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local entry, id, claim, paid = ARGV[8], ARGV[9], worker .. ARGV[10], ARGV[11]

-- By which gateway a message may leave, if by any.
local function way_of(b)
  for _, name in ipairs(gateways) do
    if name == b.gateway then return name end
  end
  if b.gateway ~= SIMULATOR then return gateways[1] end
end

-- Those of the rest who want it no more.
local function unwanting(b)
  if queue ~= 'series' then return {} end
  local indexes, unwanted, places = {}, {}, rest(b)
  for n, place in ipairs(places) do indexes[n] = at(b, 'index', place) or BLANK end
  local said = unwanted_of(indexes)
  for n, place in ipairs(places) do
    if said[n] then unwanted[#unwanted + 1] = place end
  end
  return unwanted
end

local function ours(b)
  if not b.state then
    set_aside(queue, entry, nil, 'a message is gone', now)
    return false
  end
  if b.state == 'sending' and b.entry == entry then return b.by == claim end
  if b.state == 'queued' and b.entry == entry and not doubt_after_cut(b, now) then
    local late, way = tonumber(now) >= assert(moment(b.expires)), way_of(b)
    b.unwanted = unwanting(b)
    local over = late and 'not sent in time' or not way and 'its gateway is not set up'
      or #b.unwanted == #rest(b) and 'no longer wanted'
    if not over then return true end
    move(b, rest(b), 'expired', now, over)
  end
  done(queue, entry)
  return false
end

local function start(b, gateway)
  call('XCLAIM', stream(queue), GROUP, worker, 0, entry, 'JUSTID')
  call('HINCRBY', message(id), 'attempts', 1)
  move(b, b.unwanted or {}, 'expired', now, 'no longer wanted')
  call('HSET', message(id), 'state', 'sending', 'by', claim, 'sent', now, 'gateway', gateway)
  local held = call('HMGET', message(id), 'to', 'text', 'attempts', 'expires')
  return {gateway, held[1] or '', held[2] or '', held[3], held[4], b.apart}
end

local b
local may = try(queue, entry, id, now, function()
  b = read(id)
  b.by = call('HGET', message(id), 'by')
  return ours(b)
end)
if not may then return {'0', alarms} end
local gateway = way_of(b)
local seconds = paid and 0 or wait(SMS .. 'bucket:' .. gateway, rate, burst, need)
if seconds > 0 then return {tostring(seconds), alarms} end
local begun = try(queue, entry, id, now, function() return start(b, gateway) end)
return {'0', alarms, begun}
"""

# ARGV: gateway, rate, burst, tokens needed.  Answer: seconds to wait, as text.
TAKE_TOKEN = f"""
local call = redis.call
{_BUCKET}
local rate, burst, need = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
return tostring(wait(KEYS[1] .. 'bucket:' .. ARGV[1], rate, burst, need))
"""

# ARGV: queue, now, then of each message entry, id, and in JSON: `moves`, to states that end its
# sending, with the gateway's ids; `later`, who is to be tried again, and when; `errors` of the
# gateway.  Places that are not named are all of the rest.  Answer: alarms.
SETTLE = script("""
local queue, now = ARGV[1], ARGV[2]

-- Of whom nothing is said may have been texted.
local function postpone(b, later)
  local again, gone, lost = {}, {}, {}
  for _, place in ipairs(later.places or rest(b)) do again[place] = true end
  for _, place in ipairs(rest(b)) do
    if not again[place] then
      lost[#lost + 1] = place
    elseif not at(b, 'index', place) then
      gone[#gone + 1] = place
    end
  end
  move(b, gone, 'failed', now, 'forgotten')
  for place in pairs(move(b, lost, 'unknown', now, 'no outcome') or {}) do
    await_report(b, place, now)
  end
  if b.state ~= 'sending' and b.state ~= 'queued' then return end
  if later.to and #gone == 0 then call('HSET', message(b.id), 'to', later.to) end
  b.state = 'queued'
  call('HSET', message(b.id), 'state', 'queued', 'entry', '', 'why', later.why)
  call('ZADD', SMS .. 'later', math.min(later.due, moment(b.expires) or 0), b.id)
  call('EXPIRE', SMS .. 'later', QUEUED_SECONDS)
end

-- `names`: the gateway's of the messages at these places.  `doubted`: they were `unknown`.
local function settle_named(b, places, names, doubted)
  local keys = {}
  for n, place in ipairs(places) do
    local name = name_of(b, place)
    bind(name, b.gateway, names[n])
    keys[n] = SMS .. 'early:' .. of(b.gateway, names[n])
    if doubted then
      call('ZREM', SMS .. 'unsettled:' .. of(b.gateway, at(b, 'index', place)), name)
    end
  end
  for n, came in ipairs(#keys > 0 and call('MGET', unpack(keys)) or {}) do
    local later = came and early(b.gateway, names[n])
    if later then move(b, {places[n]}, later, now, 'by an early report') end
  end
end

local function settle(b, outcome)
  local places, doubted = outcome.places or rest(b), b.state == 'unknown'
  local moved = move(b, places, outcome.state, now, outcome.why) or {}
  local bound, names = {}, {}
  for n, place in ipairs(places) do
    local name = outcome.names[n] or ''
    if moved[place] and at(b, 'index', place) then  -- else it was settled, or is forgotten
      if name ~= '' then
        bound[#bound + 1], names[#names + 1] = place, name
      elseif outcome.state ~= 'failed' then
        await_report(b, place, now)
      end
    end
  end
  settle_named(b, bound, names, doubted)
end

for i = 3, #ARGV, 3 do
  local entry, id, outcomes = ARGV[i], ARGV[i + 1], cjson.decode(ARGV[i + 2])
  try(queue, entry, id, now, function()
    local b = read(id)
    if b.entry ~= entry then return end
    for _, each in ipairs(outcomes.errors) do
      for _, place in ipairs(each.places or rest(b)) do
        local who = at(b, 'who', place)
        if who then count_error(b.day, who, each.error, now) end
      end
    end
    for _, outcome in ipairs(outcomes.moves) do settle(b, outcome) end
    if outcomes.later then postpone(b, outcomes.later) end
    if b.state == 'sending' then doubt(b, now, 'no outcome') end
    done(queue, entry)
  end)
end
return alarms
""")

# ARGV: now, most, and from when on a time is one of before the clock was put back.
# Messages whose time to be tried again has come.  Answer: how many; alarms.
REQUEUE_DUE = script("""
local ids = call('ZRANGEBYSCORE', SMS .. 'later', '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
if #ids == 0 then
  ids = call('ZRANGEBYSCORE', SMS .. 'later', '(' .. ARGV[3], '+inf', 'LIMIT', 0, ARGV[2])
end
local function requeue(id)
  local b = read(id)
  local queue, lane = unpack(call('HMGET', message(id), 'queue', 'lane'))
  if b.state == 'queued' and b.entry == '' then
    if tonumber(ARGV[1]) < assert(moment(b.expires)) then
      enqueue(b, assert(queue or lane))  -- `lane`: what an older version wrote
    else
      move(b, rest(b), 'expired', ARGV[1], 'not sent in time')
    end
  end
end

for _, id in ipairs(ids) do
  call('ZREM', SMS .. 'later', id)
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
  local b = read(id)
  if not b.state then
    set_aside(queue, entry, nil, 'a message is gone', now)
  elseif b.entry == entry and b.state == 'sending' then
    unknown = unknown + doubt(b, now, 'its worker ended while it was sending')
  elseif b.entry == entry and b.state == 'queued' then
    if call('HINCRBY', message(id), 'tries', 1) >= MOST_TRIES then
      set_aside(queue, entry, id, 'all workers that held a message ended', now)
    else
      enqueue(b, queue)
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
  local key = SMS .. 'early:' .. of(gateway, gateway_id)
  local before = call('GET', key)
  if before and not MAY[before][state] then return 'repeated' end
  local came = SMS .. 'early-of:' .. of(gateway, index)
  local most = index == '' and MOST_NAMELESS or MOST_EARLY
  if not before and call('ZCARD', came) >= most then early(gateway, call('ZPOPMIN', came)[1]) end
  call('ZADD', came, now, gateway_id)
  call('EXPIRE', came, EARLY_SECONDS)
  call('SET', key, state, 'EX', EARLY_SECONDS)
  return 'early'
end

-- The oldest message to this number that may be the one.
local function unsettled_of(index)
  local key = SMS .. 'unsettled:' .. of(gateway, index)
  for _, name in ipairs(call('ZRANGEBYSCORE', key, now - KEEP['unknown'], now + SLACK)) do
    call('ZREM', key, name)
    local b, place = named(name)
    local before = b and state_at(b, place)
    if before == 'unknown' or before == 'accepted' then
      bind(name, gateway, gateway_id)
      return b, place
    end
  end
end

local function unsettled()
  for n = #indexes, 1, -1 do  -- the oldest key has the oldest
    local b, place = unsettled_of(indexes[n])
    if b then return b, place end
  end
end

local function find()
  local bound = call('GET', SMS .. 'gateway:' .. of(gateway, gateway_id))
  local b, place = named(bound or gateway_id)
  if bound then return b, place end
  if b and b.state and b.gateway == gateway then return b, place end  -- by the name that we gave it
  return unsettled()
end

local b, place = find()
if not b or state_at(b, place) == 'sending' then return keep_early() end
return move(b, {place}, state, now, 'by its report') and 'settled' or 'repeated'
""")
