-- Sets when an account is visited by the schedule. An account that was paused, stopped or removed meanwhile stays so.
--
-- KEYS, tag {tributary}:
--   due       see includes/schedule.lua, for all others
-- ARGV:
--   account   its id
--   afterMs   how long from now; '' for never
-- Returns 1; 0 if it is not visited by the schedule.
local due = KEYS[1]
-- @include schedule
local id, afterMs = ARGV[1], tonumber(ARGV[2])

local nowMs = redisMs()
local json = redis.call('HGET', tag .. 'accounts', id)
local state = redis.call('HGET', tag .. 'account-states', id)
local isStopped = not json or accountIn(json).paused or (state and (decoded(state) or {}).attention)
local isVisited = afterMs and not isStopped
if isVisited then redis.call('ZADD', due, nowMs + afterMs, id) else redis.call('ZREM', due, id) end
place(id, nowMs)
return isVisited and 1 or 0
