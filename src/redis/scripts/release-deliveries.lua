-- Makes all waiting deliveries of a webhook due.
--
-- KEYS, tag {tributary}:
--   due    sorted set: delivery id by the milliseconds at which it is due
-- ARGV:
--   nowMs
-- Returns 1.
local due = KEYS[1]
local nowMs = ARGV[1]

for _, id in ipairs(redis.call('ZRANGE', due, 0, -1)) do redis.call('ZADD', due, 'LT', nowMs, id) end
return 1
