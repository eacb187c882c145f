-- Brings an open run to the front of those that wait at its server, because somebody asked for it.
--
-- KEYS, tag {tributary}:
--   due      see includes/schedule.lua, for all others
-- ARGV:
--   field    of open-runs
-- Returns 1.
local due = KEYS[1]
-- @include schedule
local field = ARGV[1]

local notBefore = redis.call('HGET', tag .. 'not-before', field)
if notBefore and string.sub(notBefore, -1) ~= '!' then redis.call('HDEL', tag .. 'not-before', field) end
redis.call('SADD', tag .. 'asked', field)
-- The visit under way may have listed the maildrop already: another one follows it, unless it logs in again.
if redis.call('ZSCORE', tag .. 'places', field) then redis.call('SADD', tag .. 'asked-meanwhile', field) end
place(field, redisMs())
return 1
