-- Notes how many messages a window of the next run may hold.
--
-- KEYS, tag {account}:
--   lease, notes  see includes/guard.lua
-- ARGV:
--   holder, nowMs, run, counts  see includes/guard.lua
--   window        as JSON, or '' for as many as usual
-- Returns 1.
-- @include guard
local window = ARGV[5]

if window == '' then
  redis.call('HDEL', notes, 'window')
else
  redis.call('HSET', notes, 'window', window)
end
return 1
