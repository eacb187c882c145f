-- Counts an attempt to sign in as failed, unless somebody has to wait before the next one: if many come at once, each finds those
-- before it. It goes by the clock of Redis, which all processes share.
--
-- KEYS, without a tag:
--   refusals   hash: failures, untilMs
-- ARGV:
--   free       how many failures cost no wait
--   firstMs    the wait after the next one, doubled with each from there on
--   longestMs
--   keptMs     how long failures are remembered
-- Returns how many milliseconds to wait; 0 for none, and then it is counted.
local refusals = KEYS[1]
local free, firstMs, longestMs, keptMs = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]

local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local untilMs = tonumber(redis.call('HGET', refusals, 'untilMs') or '0')
if untilMs > nowMs then return untilMs - nowMs end
local over = redis.call('HINCRBY', refusals, 'failures', 1) - free
if over >= 0 then
  local waitMs = math.min(firstMs * 2 ^ math.min(over, 30), longestMs)
  redis.call('HSET', refusals, 'untilMs', string.format('%.0f', nowMs + waitMs))
end
redis.call('PEXPIRE', refusals, keptMs)
return 0
