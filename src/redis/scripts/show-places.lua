-- Shows who has a place now, for /metrics: nothing is changed.
--
-- KEYS, tag {tributary}:
--   due          see includes/schedule.lua, for all others
-- ARGV:
--   serversMax   how many servers are named, those with the most places
-- Returns as JSON: `used` in all; `classes`: of each class `used` and `waiting`, the servers at which somebody is due; `due`, the accounts that
-- are due, those at work too; `most`: the places of the one `destination` and the one `peer` that have most; `servers`: `server`, `used`, `limit`.
local due = KEYS[1]
-- @include schedule
local serversMax = tonumber(ARGV[1])
local nowMs = redisMs()

local used, names = {}, {}
for _, placed in ipairs(redis.call('HVALS', tag .. 'placed')) do
  local server = string.match(placed, '^%S+')
  if not used[server] then table.insert(names, server) end
  used[server] = (used[server] or 0) + 1
end
table.sort(names, function(one, other)
  if used[one] == used[other] then return one < other end
  return used[one] > used[other]
end)
local servers = {}
for nth = 1, math.min(#names, serversMax) do
  local server = names[nth]
  table.insert(servers, { server = server, used = used[server], limit = slotsOf(server, nowMs) })
end

local shown, most = {}, { destination = 0, peer = 0 }
for _, class in ipairs(classes) do
  local inClass = countOf(class) + (class == 'new' and countOf('newest') or 0)
  shown[class] = { used = inClass, waiting = redis.call('ZCOUNT', tag .. 'servers:' .. class, '-inf', nowMs) }
end
local counts = redis.call('HGETALL', tag .. 'place-counts')
for nth = 1, #counts, 2 do
  local name, count = counts[nth], tonumber(counts[nth + 1])
  if string.sub(name, 1, 3) == 'of ' then most.destination = math.max(most.destination, count) end
  if string.sub(name, 1, 5) == 'peer ' then most.peer = math.max(most.peer, count) end
end
return cjson.encode({
  used = redis.call('ZCARD', tag .. 'places'),
  due = redis.call('ZCOUNT', due, '-inf', nowMs),
  classes = shown,
  most = most,
  servers = #servers > 0 and servers or nil
})
