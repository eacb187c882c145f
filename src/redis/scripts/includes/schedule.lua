-- Who is visited when (docs/decisions/0055). What waits lies in three levels, so that a claim looks at few keys however many accounts wait:
-- servers by their first account, in one set for each class; destinations at a server; visits of a destination at a server. A visit that was
-- claimed waits no more, and holds a place until it ends or the place expires: it counts against the slots of its server.
--
-- A field is an account id, or `ID rebuild`. A server is `host:port`. Times are milliseconds of Redis' own clock: those of workers differ.
--
-- To be included where `due` is a local: it is one of the KEYS, and the others here share its tag.
--   due                     sorted set: account id by when it is due
--   accounts, open-runs     see includes/restate.lua
--   asked                   set: fields that somebody asked for
--   quiet                   set: fields of open runs of which nobody has heard yet (open-run.lua)
--   asked-meanwhile         set: those of which it was asked for while they held a place, since the last login of their visit
--   not-before              hash: field -> until when it waits; `!` behind it if that holds even if somebody asks
--   waiting:SERVER DEST     sorted set: field by when it is due; those that were asked for come first
--   waiting:SERVER          sorted set: destination by its first field
--   servers:CLASS           sorted set: server by when it is to be looked at. It leaves the set only if nothing waits there
--   server:SERVER           hash: class, limit, cutAtMs, uncut, gapMs, nextMs, peer, answeredMs: when a visit there went well last, some seconds old
--   still:SERVER            sorted set: fields of visits under way at which it stands still, by since when (hold-visit.lua)
--   places                  sorted set: field by when its place expires; slots:SERVER the same of one server
--   placed                  hash: field -> server, destination, class and peer
--   away:SERVER             set: ids of accounts that it did not answer when they were visited last (end-visits.lua)
--   login-holds             sorted set: digest of a mailbox by until when its server wants no login there (hold-login.lua)
--   mailboxes               hash: `SERVER USER` of a mailbox in which a session is -> who has it, a member of slots:SERVER; then the accounts that wait
--                           for its end. It counts only while its member does
--   place-counts            hash: the places of a lane, `of DEST`, `strange of DEST`, `at SERVER DEST`, `peer ADDRESS`
-- @include account-record
local tag = string.match(due, '^(.*:)due$')
local classes = { 'good', 'new', 'slow' }
-- A lane is a class, or `newest`: servers that are not known yet have a second one, in which the one that came last is the first, so that
-- nobody waits behind a thousand servers that hang.
-- What was asked for has a score below nought: the one that waits longest is still the first.
local ahead = 1e13

local function redisMs()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- How long ago it was. What is still to come was written before the clock was set back: it is long past.
local function since(ms, nowMs)
  local agoMs = nowMs - tonumber(ms or 0)
  return agoMs < 0 and nowMs or agoMs
end

-- From when on a server takes the next login: no gap is longer (learn.lua), unless the clock was set back.
local function nextLoginMs(nextMs, nowMs)
  nextMs = tonumber(nextMs or 0)
  return nextMs > nowMs + limits.loginGapMaxMs and 0 or nextMs
end

-- @return server, destination, and the mailbox: several accounts may fetch it, each for a destination of its own.
local function whereOf(json)
  local account = accountIn(json)
  local server = string.lower(account.host) .. ':' .. string.format('%.0f', account.port)
  return server, account.destinationId, server .. ' ' .. account.user
end

-- How many sessions a server gets now. After it had too many, time alone brings them back.
local function slotsOf(server, nowMs)
  local limit, cutAtMs, uncut = unpack(redis.call('HMGET', tag .. 'server:' .. server, 'limit', 'cutAtMs', 'uncut'))
  limit = math.floor(tonumber(limit or limits.slotsFirst))
  if not cutAtMs then return limit end
  local back = (uncut - limit) * math.min(1, since(cutAtMs, nowMs) / limits.slotsReturnMs)
  return math.max(1, limit + math.floor(back))
end

-- How many sessions it has now, those included that are no visits (guest-slot.lua).
local function usedOf(server, nowMs) return redis.call('ZCOUNT', tag .. 'slots:' .. server, '(' .. nowMs, '+inf') end

local function countOf(name) return tonumber(redis.call('HGET', tag .. 'place-counts', name) or 0) end

-- The sessions of all workers together.
local function capacityNow(nowMs)
  local capacity = 0
  for _, worker in ipairs(redis.call('ZRANGEBYSCORE', tag .. 'workers', nowMs, '+inf')) do
    capacity = capacity + tonumber(redis.call('HGET', tag .. 'worker-sessions', worker) or 0)
  end
  return capacity
end

-- How many places a lane has of so many; `strange` is all lanes but the good one.
local function shareOf(lane, capacity)
  if lane == 'good' then return capacity end
  if lane == 'strange' then return math.max(1, math.floor(capacity * 3 / 4)) end
  return math.max(1, math.floor(capacity / 4))
end

local function strangers() return countOf('new') + countOf('newest') + countOf('slow') end

local function firstIn(set)
  local first = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
  return first[1], tonumber(first[2])
end

-- What a script that ends many visits writes when it has seen them all (settle): servers, and destinations at them. Nil: it is written at once.
local unsettled

-- Writes when a server is to be looked at.
local function rescore(server, nowMs)
  if unsettled then
    unsettled.servers[server] = true
    return
  end
  local class, nextMs, peer = unpack(redis.call('HMGET', tag .. 'server:' .. server, 'class', 'nextMs', 'peer'))
  class = class or 'new'
  for _, other in ipairs(classes) do
    if other ~= class then redis.call('ZREM', tag .. 'servers:' .. other, server) end
  end
  local first, score = firstIn(tag .. 'waiting:' .. server)
  if not first then return redis.call('ZREM', tag .. 'servers:' .. class, server) end
  local extra = score < 0 and 1 or 0
  if usedOf(server, nowMs) >= slotsOf(server, nowMs) + extra then
    local _, expiryMs = firstIn(tag .. 'slots:' .. server)
    score = math.max(nowMs, math.min(expiryMs, nowMs + limits.fullServerLookedAtMs))
  elseif peer and countOf('peer ' .. peer) >= slotsOf('peer ' .. peer, nowMs) + extra then
    score = nowMs + limits.fullPeerLookedAtMs
  end
  redis.call('ZADD', tag .. 'servers:' .. class, math.max(score, nextLoginMs(nextMs, nowMs)), server)
end

local function rescoreDestination(server, destination)
  if unsettled then
    unsettled.destinations[server .. ' ' .. destination] = { server, destination }
    return
  end
  local first, score = firstIn(tag .. 'waiting:' .. server .. ' ' .. destination)
  if first then redis.call('ZADD', tag .. 'waiting:' .. server, score, destination)
  else redis.call('ZREM', tag .. 'waiting:' .. server, destination) end
end

-- From here on it is written once for each server and destination, by settle().
local function gather() unsettled = { servers = {}, destinations = {} } end

local function settle(nowMs)
  local all = unsettled
  unsettled = nil
  for _, at in pairs(all.destinations) do rescoreDestination(at[1], at[2]) end
  for server in pairs(all.servers) do rescore(server, nowMs) end
end

local function withdrawFrom(server, destination, field, nowMs)
  if redis.call('ZREM', tag .. 'waiting:' .. server .. ' ' .. destination, field) == 0 then return end
  rescoreDestination(server, destination)
  rescore(server, nowMs)
end

-- Takes an account out, with its rebuild. `json` is its record, as it was when it was placed.
local function withdraw(id, json, nowMs)
  local server, destination = whereOf(json)
  withdrawFrom(server, destination, id, nowMs)
  withdrawFrom(server, destination, id .. ' rebuild', nowMs)
end

-- Until when the server of a mailbox wants no login there; 0: it has not said so. A rebuild asks the store alone.
local function heldUntilOf(field, mailbox)
  if string.find(field, ' ', 1, true) then return 0 end
  return tonumber(redis.call('ZSCORE', tag .. 'login-holds', redis.sha1hex(mailbox)) or 0)
end

-- When a field is to be visited: by who asked for it, an open run or the schedule. Nothing if not at all. `heldUntilMs`: no login is wanted before.
local function scoreOf(field, heldUntilMs, nowMs)
  local notBefore = redis.call('HGET', tag .. 'not-before', field)
  local waitsUntilMs = math.max(heldUntilMs, tonumber(string.match(notBefore or '', '^[%d.]+') or 0))
  local waits = waitsUntilMs > nowMs
  if redis.call('HEXISTS', tag .. 'open-runs', field) == 1 then
    if waits then return waitsUntilMs end
    return redis.call('SISMEMBER', tag .. 'asked', field) == 1 and nowMs - ahead or nowMs
  end
  local dueMs = redis.call('ZSCORE', due, field)
  if not dueMs then return end
  return waits and math.max(waitsUntilMs, tonumber(dueMs)) or tonumber(dueMs)
end

-- Puts a field where it waits.
local function lineUp(field, server, destination, mailbox, nowMs)
  local heldUntilMs = heldUntilOf(field, mailbox)
  -- It is not late meanwhile.
  if heldUntilMs > nowMs then redis.call('ZADD', due, 'XX', 'GT', heldUntilMs, field) end
  local score = scoreOf(field, heldUntilMs, nowMs)
  if not score then return withdrawFrom(server, destination, field, nowMs) end
  local waiting = tag .. 'waiting:' .. server .. ' ' .. destination
  local before = tonumber(redis.call('ZSCORE', waiting, field) or 0)
  if before < 0 and score < 0 then return end
  redis.call('ZADD', waiting, score, field)
  rescoreDestination(server, destination)
  rescore(server, nowMs)
end

-- Servers let one session in at a time: without this, accounts of ours that fetch one mailbox would fail in turns. `waits`: where another session is
-- in it, this account is told of its end. @return whether `who`, a member of slots:SERVER or one that becomes it now, is alone in it.
local function enterMailbox(server, mailbox, who, nowMs, waits)
  local value = redis.call('HGET', tag .. 'mailboxes', mailbox)
  local holder = value and string.match(value, '^%S+')
  if holder == who then return true end
  if holder and tonumber(redis.call('ZSCORE', tag .. 'slots:' .. server, holder) or 0) > nowMs then
    if waits and not string.find(value, ' ' .. who, 1, true) then redis.call('HSET', tag .. 'mailboxes', mailbox, value .. ' ' .. who) end
    return false
  end
  redis.call('HSET', tag .. 'mailboxes', mailbox, who)
  return true
end

-- Gives a mailbox back. Those that wait for it come at once.
local function leaveMailbox(mailbox, who, nowMs)
  local value = redis.call('HGET', tag .. 'mailboxes', mailbox)
  if not value or string.match(value, '^%S+') ~= who then return end
  redis.call('HDEL', tag .. 'mailboxes', mailbox)
  for other in string.gmatch(value, ' (%S+)') do
    local notBefore = redis.call('HGET', tag .. 'not-before', other)
    if notBefore and string.sub(notBefore, -1) ~= '!' then redis.call('HDEL', tag .. 'not-before', other) end
    local json = redis.call('HGET', tag .. 'accounts', other)
    if json and not redis.call('ZSCORE', tag .. 'places', other) then
      local server, destination = whereOf(json)
      lineUp(other, server, destination, mailbox, nowMs)
    end
  end
end

-- Puts a field where it waits, unless it holds a place: then its end does it.
local function place(field, nowMs)
  local json = redis.call('HGET', tag .. 'accounts', string.match(field, '^%S+'))
  if not json or redis.call('ZSCORE', tag .. 'places', field) then return end
  if accountIn(json).unreadable then return end
  local server, destination, mailbox = whereOf(json)
  leaveMailbox(mailbox, field, nowMs)
  lineUp(field, server, destination, mailbox, nowMs)
end

local function count(name) redis.call('HINCRBY', tag .. 'place-counts', name, 1) end

local function uncount(name)
  if redis.call('HINCRBY', tag .. 'place-counts', name, -1) <= 0 then redis.call('HDEL', tag .. 'place-counts', name) end
end

local function countIn(lane, destination)
  count(lane)
  if lane ~= 'good' then count('strange of ' .. destination) end
end

local function uncountIn(lane, destination)
  uncount(lane)
  if lane ~= 'good' then uncount('strange of ' .. destination) end
end

local function writePlaced(field, server, destination, lane, peer)
  redis.call('HSET', tag .. 'placed', field, table.concat({ server, destination, lane, peer }, ' '))
end

-- @return server, destination, lane and peer ('-': not known) of a field's place; nothing if it has none.
local function placeOf(field)
  return string.match(redis.call('HGET', tag .. 'placed', field) or '', '^(%S+) (%S+) (%S+) (%S+)$')
end

-- Gives a field a place until then. `lane` is the class of its server if it is not given.
local function seat(field, server, destination, untilMs, lane)
  local class, peer = unpack(redis.call('HMGET', tag .. 'server:' .. server, 'class', 'peer'))
  lane = lane or class or 'new'
  redis.call('ZADD', tag .. 'places', untilMs, field)
  redis.call('ZADD', tag .. 'slots:' .. server, untilMs, field)
  writePlaced(field, server, destination, lane, peer or '-')
  countIn(lane, destination)
  count('of ' .. destination)
  count('at ' .. server .. ' ' .. destination)
  if peer then count('peer ' .. peer) end
end

-- Prolongs the place of a visit, or gives it one if that had expired. `json` is its account's record.
local function holdPlace(field, json, nowMs, holdMs)
  local untilMs = tonumber(redis.call('ZSCORE', tag .. 'places', field) or 0)
  -- It was claimed a moment ago: nothing is written.
  if untilMs - nowMs > holdMs / 2 then return end
  if untilMs > 0 then
    redis.call('ZADD', tag .. 'places', nowMs + holdMs, field)
    redis.call('ZADD', tag .. 'slots:' .. (placeOf(field)), nowMs + holdMs, field)
  else
    local server, destination = whereOf(json)
    withdrawFrom(server, destination, field, nowMs)
    seat(field, server, destination, nowMs + holdMs)
  end
end

-- Takes a field's place away. @return the server.
local function unseat(field, nowMs)
  local server, destination, lane, peer = placeOf(field)
  if not server then return end
  redis.call('ZREM', tag .. 'places', field)
  redis.call('HDEL', tag .. 'placed', field)
  redis.call('ZREM', tag .. 'slots:' .. server, field)
  redis.call('ZREM', tag .. 'still:' .. server, field)
  uncountIn(lane, destination)
  uncount('of ' .. destination)
  uncount('at ' .. server .. ' ' .. destination)
  if peer ~= '-' then uncount('peer ' .. peer) end
  rescore(server, nowMs)
  return server
end
