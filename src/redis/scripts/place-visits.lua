-- Puts fields where they wait, if a crash, a fail-over or an earlier version has left them nowhere. An account that is to be visited by the
-- schedule and has no time is due now.
--
-- KEYS, tag {tributary}:
--   due      see includes/schedule.lua, for all others
-- ARGV:
--   fields
-- Returns 1.
local due = KEYS[1]
-- @include schedule
local nowMs = redisMs()

local function isStopped(id)
  local json = redis.call('HGET', tag .. 'accounts', id)
  if not json or accountIn(json).paused then return true end
  local state = redis.call('HGET', tag .. 'account-states', id)
  return state and (decoded(state) or {}).attention
end

for _, field in ipairs(ARGV) do
  local isAccount = not string.find(field, ' ', 1, true)
  if isAccount and not redis.call('ZSCORE', due, field) and not isStopped(field) then redis.call('ZADD', due, nowMs, field) end
  place(field, nowMs)
end
return 1
