-- Moves the schedule after Redis' clock was stepped, once, however many workers have seen the step. An account that was made due at once
-- since the step stays so.
--
-- KEYS, tag {tributary}:
--   due      see includes/schedule.lua, for all others
--   shifted  the milliseconds by which the schedule was moved a moment ago
-- ARGV:
--   byMs     how far the clock was stepped
-- Returns 1; 0 if it was done already.
local due, shifted = KEYS[1], KEYS[2]
-- @include schedule
local byMs = tonumber(ARGV[1])

local done = redis.call('GET', shifted)
if done and math.abs(done - byMs) < limits.sameStepMs then return 0 end
redis.call('SET', shifted, ARGV[1], 'PX', limits.dueShiftedOnceMs)
local nowMs = redisMs()

local function shift(set)
  local all = redis.call('ZRANGE', set, 0, -1, 'WITHSCORES')
  for nth = 1, #all, 2 do
    local ms = tonumber(all[nth + 1])
    if ms > nowMs or (ms > 0 and ms < nowMs - limits.dueShiftedOnceMs) then redis.call('ZADD', set, ms + byMs, all[nth]) end
  end
end

shift(due)
shift(tag .. 'places')
local servers = {}
for _, class in ipairs(classes) do
  for _, server in ipairs(redis.call('ZRANGE', tag .. 'servers:' .. class, 0, -1)) do servers[server] = true end
end
for _, placed in ipairs(redis.call('HVALS', tag .. 'placed')) do servers[string.match(placed, '^%S+')] = true end
for server in pairs(servers) do
  shift(tag .. 'slots:' .. server)
  for _, destination in ipairs(redis.call('ZRANGE', tag .. 'waiting:' .. server, 0, -1)) do
    shift(tag .. 'waiting:' .. server .. ' ' .. destination)
    rescoreDestination(server, destination)
  end
  redis.call('HDEL', tag .. 'server:' .. server, 'nextMs')
  local cutAtMs = redis.call('HGET', tag .. 'server:' .. server, 'cutAtMs')
  if cutAtMs then redis.call('HSET', tag .. 'server:' .. server, 'cutAtMs', cutAtMs + byMs) end
  rescore(server, nowMs)
end
local waits = redis.call('HGETALL', tag .. 'not-before')
for nth = 1, #waits, 2 do
  local ms, firm = string.match(waits[nth + 1], '^(%d+)(!?)$')
  redis.call('HSET', tag .. 'not-before', waits[nth], string.format('%.0f', ms + byMs) .. firm)
end
return 1
