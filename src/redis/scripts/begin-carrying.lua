-- Marks the data as being carried over to another format, unless a process that works with them is alive. From then on no
-- process can take a lease, write to a ledger or say that it is alive: none knows the data as they are in between.
--
-- KEYS, tag {tributary}:
--   lock       see includes/format-lock.lua
--   format     hash: how the data are written
--   processes  sorted set: process by the milliseconds until which it counts as alive
--   workers    sorted set: worker likewise; a worker before the first numbered format has only this
-- ARGV:
--   token      see includes/format-lock.lua
--   target     the format to which they are carried
-- Returns 1; 0 if a process is alive.
-- @include format-lock
local format, processes, workers = KEYS[2], KEYS[3], KEYS[4]
local target = ARGV[2]

local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('ZCOUNT', processes, nowMs, '+inf') + redis.call('ZCOUNT', workers, nowMs, '+inf') > 0 then return 0 end
local number = redis.call('HGET', format, 'number') or '1'
if string.match(number, '^%d+$') then
  redis.call('HSET', format, 'number', number .. ' to ' .. target)
  redis.call('HDEL', format, 'backup')
end
return 1
