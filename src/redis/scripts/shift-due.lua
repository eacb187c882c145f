-- Moves the schedule after Redis' clock was stepped, once, however many workers have seen the step. It is seen a moment later: what was written
-- since then goes by the new clock already, and moved along it would wait for the length of the step. A step forwards leaves what is still to
-- come where it is: some of it comes earlier than it was meant to. After a step back what was written since comes at once, if the step was longer.
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
local longSince = nowMs - limits.dueShiftedOnceMs

local function moved(ms)
  if ms <= 0 then return ms end
  if byMs > 0 then return ms < longSince and ms + byMs or ms end
  return (ms > nowMs or ms < longSince) and ms + byMs or ms
end

-- @param mostMs nothing in it lies further ahead than that.
local function shift(set, mostMs)
  local all = redis.call('ZRANGE', set, 0, -1, 'WITHSCORES')
  for nth = 1, #all, 2 do
    local ms = tonumber(all[nth + 1])
    local isFresh = mostMs and ms > nowMs and ms <= nowMs + mostMs
    if not isFresh and moved(ms) ~= ms then redis.call('ZADD', set, moved(ms), all[nth]) end
  end
end

shift(due)
shift(tag .. 'places', limits.guestHoldMs)
shift(tag .. 'login-holds')
local servers = {}
for _, class in ipairs(classes) do
  for _, server in ipairs(redis.call('ZRANGE', tag .. 'servers:' .. class, 0, -1)) do servers[server] = true end
end
for _, placed in ipairs(redis.call('HVALS', tag .. 'placed')) do servers[string.match(placed, '^%S+')] = true end
for server in pairs(servers) do
  shift(tag .. 'slots:' .. server, limits.guestHoldMs)
  for _, destination in ipairs(redis.call('ZRANGE', tag .. 'waiting:' .. server, 0, -1)) do
    shift(tag .. 'waiting:' .. server .. ' ' .. destination)
    rescoreDestination(server, destination)
  end
  redis.call('HDEL', tag .. 'server:' .. server, 'nextMs', 'answeredMs')
  rescore(server, nowMs)
end
local waits = redis.call('HGETALL', tag .. 'not-before')
for nth = 1, #waits, 2 do
  local ms, firm = string.match(waits[nth + 1], '^(%d+)(!?)$')
  redis.call('HSET', tag .. 'not-before', waits[nth], string.format('%.0f', moved(tonumber(ms))) .. firm)
end
return 1
