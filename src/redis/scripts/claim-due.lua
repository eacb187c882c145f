-- Claims visits: each gets a place until it ends, or until the place expires, in case its job is lost. No class of servers, no server, no
-- destination and no address takes more than its share while others wait (docs/decisions/0055).
--
-- KEYS, tag {tributary}:
--   due            see includes/schedule.lua, for all others
-- ARGV:
--   count          how many are claimed at most
-- Returns Redis' time, whether more could be claimed at once if there was room (1 or 0), then fields and when each was
-- due, in turns; with a minus before it if somebody asked for it then.
local due = KEYS[1]
-- @include schedule
local countMax = tonumber(ARGV[1])
local nowMs = redisMs()

for _, field in ipairs(redis.call('ZRANGEBYSCORE', tag .. 'places', '-inf', nowMs, 'LIMIT', 0, limits.claimedPerTickMax)) do
  unseat(field, nowMs)
  place(field, nowMs)
end

local capacity = capacityNow(nowMs)
local used = redis.call('ZCARD', tag .. 'places')
-- Some places are kept for what somebody asks for.
local scheduledMax = capacity - math.floor(capacity / limits.placesKept)
local lanes = { 'good', 'new', 'newest', 'slow' }
local ofDestinationMax = math.max(1, math.ceil(capacity / 4))
local strangeOfDestinationMax = math.max(1, math.ceil(capacity / 8))
local claimed = {}
local isLeft = 0
-- Where the places are in use, whoever is not known yet or slow has a few before the good ones, which would take them all if more of them are
-- due than there is room for. Nil: as many as its share.
local least

local function hasRoom(lane, isAsked)
  if used >= (isAsked and capacity or scheduledMax) or #claimed >= 2 * countMax then return false end
  if least and countOf(lane) >= least then return false end
  if lane ~= 'good' and strangers() >= shareOf('strange', capacity) then return false end
  if not isAsked then return countOf(lane) < shareOf(lane, capacity) end
  return lane ~= 'slow' or countOf('slow') < math.max(1, math.floor(capacity / 2))
end

-- Whether a destination has its share of all places, or of those at servers that are slow or not known.
local function hasShare(destination, lane)
  if countOf('of ' .. destination) >= ofDestinationMax then return true end
  return lane ~= 'good' and countOf('strange of ' .. destination) >= strangeOfDestinationMax
end

local function hasSlot(server, isAsked)
  local extra = isAsked and 1 or 0
  if usedOf(server, nowMs) >= slotsOf(server, nowMs) + extra then return false end
  local nextMs, peer = unpack(redis.call('HMGET', tag .. 'server:' .. server, 'nextMs', 'peer'))
  if nextLoginMs(nextMs, nowMs) > nowMs then return false end
  return not peer or countOf('peer ' .. peer) < slotsOf('peer ' .. peer, nowMs) + extra
end

-- The destination whose turn it is at a server, and when its first visit was due; 'later' if only such wait as have their share of all places.
local function turnAt(server, lane, isLast)
  local waiting = redis.call('ZRANGEBYSCORE', tag .. 'waiting:' .. server, '-inf', nowMs, 'WITHSCORES', 'LIMIT', 0, 8)
  local quarter = math.max(1, math.ceil(slotsOf(server, nowMs) / 4))
  local over, overScore
  for nth = 1, #waiting, 2 do
    local destination, score = waiting[nth], tonumber(waiting[nth + 1])
    if isLast or not hasShare(destination, lane) then
      if countOf('at ' .. server .. ' ' .. destination) < quarter then return destination, score end
      if not over then over, overScore = destination, score end
    end
  end
  if over or #waiting == 0 then return over, overScore end
  return 'later'
end

local function claimAt(server, destination, lane)
  local line = tag .. 'waiting:' .. server .. ' ' .. destination
  local popped = redis.call('ZPOPMIN', line)
  rescoreDestination(server, destination)
  local field, score = popped[1], popped[2]
  if not field or redis.call('ZSCORE', tag .. 'places', field) then return end
  redis.call('HDEL', tag .. 'not-before', field)
  seat(field, server, destination, nowMs + limits.placeClaimedMs, lane)
  local gapMs = redis.call('HGET', tag .. 'server:' .. server, 'gapMs')
  if gapMs then redis.call('HSET', tag .. 'server:' .. server, 'nextMs', nowMs + gapMs) end
  used = used + 1
  table.insert(claimed, field)
  table.insert(claimed, tonumber(score) < 0 and string.format('-%.0f', score + ahead) or score)
end

-- @return whether others have to be served before the rest of this server.
local function claimFrom(server, lane, isLast)
  while true do
    local destination, score = turnAt(server, lane, isLast)
    if not destination then return false end
    if destination == 'later' then return true end
    if not hasSlot(server, score < 0) then return false end
    if not hasRoom(lane, score < 0) then
      isLeft = 1
      return false
    end
    claimAt(server, destination, lane)
  end
end

local function claimIn(lane)
  local later = {}
  local set = tag .. 'servers:' .. (lane == 'newest' and 'new' or lane)
  local range = lane == 'newest' and { 'ZREVRANGEBYSCORE', set, nowMs, '-inf' } or { 'ZRANGEBYSCORE', set, '-inf', nowMs }
  local servers = redis.call(range[1], range[2], range[3], range[4], 'LIMIT', 0, limits.serversPerClaim)
  for _, server in ipairs(servers) do
    -- Whoever was asked for is in front, and has room even if the schedule has none.
    local _, score = firstIn(tag .. 'waiting:' .. server)
    if not hasRoom(lane, (score or 0) < 0) then
      isLeft = 1
      if not hasRoom(lane, true) then break end
    elseif claimFrom(server, lane, false) then table.insert(later, server)
    else rescore(server, nowMs) end
  end
  for _, server in ipairs(later) do
    if #servers < limits.serversPerClaim then
      claimFrom(server, lane, true)
      rescore(server, nowMs)
    else
      -- Others wait behind those that were looked at.
      redis.call('ZADD', set, nowMs + limits.fullPeerLookedAtMs, server)
      isLeft = 1
    end
  end
end

if capacity >= limits.leastFrom and 2 * used >= capacity then
  least = math.max(1, math.floor(capacity / 16))
  for nth = 2, #lanes do claimIn(lanes[nth]) end
  least, isLeft = nil, 0
end
for _, lane in ipairs(lanes) do claimIn(lane) end
table.insert(claimed, 1, isLeft)
table.insert(claimed, 1, string.format('%.0f', nowMs))
return claimed
