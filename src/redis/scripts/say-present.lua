-- Notes that a process is alive, unless the data have another format than it knows.
--
-- KEYS, tag {tributary}:
--   format     hash: how the data are written
--   processes  sorted set: process by the milliseconds until which it counts as alive
-- ARGV:
--   process    its kind, the format that it knows and its name
--   number     the format that it knows
--   aliveMs    how long it counts as alive
-- Returns the number of the data, which may say as well that they are being carried over or restored.
local format, processes = KEYS[1], KEYS[2]
local process, own, aliveMs = ARGV[1], ARGV[2], ARGV[3]

local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', processes, '-inf', nowMs)
local number = redis.call('HGET', format, 'number') or '1'
if number == own or number == 'restoring' then
  redis.call('ZADD', processes, nowMs + aliveMs, process)
else
  redis.call('ZREM', processes, process)
end
return number
