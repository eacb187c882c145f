-- Lets one at a time refresh a token, and only so many ask one token endpoint at once.
--
-- KEYS, tag {tributary}:
--   refresh  the name of whoever refreshes this token
--   slots    sorted set: names by when they count no more
-- ARGV:
--   name     of whoever asks, its own each time
--   leaseMs
-- Returns 'done'; 'held': somebody else refreshes it; 'full'.
local refresh, slots = KEYS[1], KEYS[2]
local name, leaseMs = ARGV[1], tonumber(ARGV[2])

local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', slots, '-inf', nowMs)
-- A time in the far future was written before the clock was set back.
redis.call('ZREMRANGEBYSCORE', slots, nowMs + leaseMs + 1, '+inf')
if redis.call('EXISTS', refresh) == 1 then return 'held' end
if redis.call('ZCARD', slots) >= limits.tokenSlots then return 'full' end
redis.call('ZADD', slots, nowMs + leaseMs, name)
redis.call('SET', refresh, name, 'PX', leaseMs)
return 'done'
