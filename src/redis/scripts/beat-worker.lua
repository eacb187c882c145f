-- Notes that a worker is alive, how its process does, and how many sessions it holds; those that have said nothing for too long go.
--
-- KEYS, tag {tributary}:
--   workers   sorted set: worker by the milliseconds until which it counts as there
--   sessions  hash: worker -> the sessions that it holds at once
--   vitals    the vitals of this worker, as JSON
-- ARGV:
--   worker    its name
--   sessions  how many it holds
--   vitals
-- Returns nothing.
local workers, sessions, vitals = KEYS[1], KEYS[2], KEYS[3]
local worker, held, json = ARGV[1], ARGV[2], ARGV[3]

local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', workers, nowMs + limits.workerAliveMs, worker)
redis.call('ZREMRANGEBYSCORE', workers, '-inf', nowMs)
redis.call('HSET', sessions, worker, held)
for _, name in ipairs(redis.call('HKEYS', sessions)) do
  if not redis.call('ZSCORE', workers, name) then redis.call('HDEL', sessions, name) end
end
redis.call('SET', vitals, json, 'PX', limits.workerAliveMs)
