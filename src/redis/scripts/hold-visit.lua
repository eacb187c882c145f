-- Says that a visit goes on: its place is prolonged. A visit whose server says nothing moves over to the slow ones, if they have a place left
-- of theirs. Otherwise it gives way where others wait: it has its turn among the slow ones later, with all patience. At a server whose slots
-- are taken and where others wait, mailboxes that hang leave half of the slots to them, or one slot if nobody was answered lately: then the
-- server may be slow to everybody. Those that stand still for longest keep theirs. Where a session was not greeted it is the server that hangs
-- and no mailbox: another session would hang likewise, and the server finds all of them in its queue when it is back.
--
-- KEYS, tag {tributary}:
--   due      see includes/schedule.lua, for all others
-- ARGV:
--   field    account id, or `ID rebuild`
--   holdMs   how long the place lasts
--   still    'still': nothing has come from its server for a while; 'mute': not even a greeting; ''
-- Returns 1; 0 if it is to give way.
local due = KEYS[1]
-- @include schedule
local field, holdMs, still = ARGV[1], tonumber(ARGV[2]), ARGV[3]

local nowMs = redisMs()
local json = redis.call('HGET', tag .. 'accounts', string.match(field, '^%S+'))
if not json then return 1 end
holdPlace(field, json, nowMs, holdMs)
if still == '' then return 1 end
local server, destination, lane, peer = placeOf(field)
redis.call('HSET', tag .. 'server:' .. server, 'class', 'slow')
rescore(server, nowMs)
if still == 'still' then redis.call('ZADD', tag .. 'still:' .. server, 'NX', nowMs, field) end

local function leavesSlots()
  local _, dueMs = firstIn(tag .. 'waiting:' .. server)
  local slots = slotsOf(server, nowMs)
  if not dueMs or dueMs > nowMs or usedOf(server, nowMs) < slots then return false end
  local answeredMs = redis.call('HGET', tag .. 'server:' .. server, 'answeredMs')
  local most = since(answeredMs, nowMs) < limits.answeredLatelyMs and math.ceil(slots / 2) or math.max(1, slots - 1)
  return redis.call('ZRANK', tag .. 'still:' .. server, field) >= most
end

if still == 'still' and leavesSlots() then return 0 end
if lane == 'slow' then return 1 end

local capacity = capacityNow(nowMs)
if countOf('slow') < shareOf('slow', capacity) then
  uncountIn(lane, destination)
  countIn('slow', destination)
  writePlaced(field, server, destination, 'slow', peer)
  return 1
end
local isFull = redis.call('ZCARD', tag .. 'places') + math.floor(capacity / limits.placesKept) >= capacity
local function waits(class) return redis.call('ZCOUNT', tag .. 'servers:' .. class, '-inf', nowMs) > 0 end
if isFull and (waits('good') or waits('new')) then return 0 end
local isShort = countOf(lane) >= shareOf(lane, capacity) or strangers() >= shareOf('strange', capacity)
return lane ~= 'good' and isShort and waits('new') and 0 or 1
