-- Ends a visit: the next one is when a delivery is due, if any waits, and not before a given time.
--
-- KEYS, tag {tributary}:
--   visits       sorted set: webhook id, or 'notice', by the milliseconds at which it is to be visited
--   due          sorted set: delivery id by the milliseconds at which it is due
-- ARGV:
--   webhook      id
--   notBeforeMs
-- Returns 1.
local visits, due = KEYS[1], KEYS[2]
local webhook, notBeforeMs = ARGV[1], ARGV[2]

local next = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')
if #next == 0 then redis.call('ZREM', visits, webhook)
else redis.call('ZADD', visits, math.max(next[2], notBeforeMs), webhook) end
return 1
