-- Prolongs the lease of an attempt to send, unless it has ended.
--
-- KEYS, tag {tributary}:
--   attempts        sorted set: id, space, token of an attempt by the milliseconds at which its lease ends
-- ARGV:
--   attempt         its member
--   leaseMs
-- Returns 1; 0 if it has ended.
local attempts = KEYS[1]
local attempt, leaseMs = ARGV[1], ARGV[2]

local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local untilMs = redis.call('ZSCORE', attempts, attempt)
if not untilMs or tonumber(untilMs) <= nowMs then return 0 end
redis.call('ZADD', attempts, nowMs + leaseMs, attempt)
return 1
