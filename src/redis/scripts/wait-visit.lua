-- Makes a visit wait that cannot be made now.
--
-- KEYS, tag {tributary}:
--   due      see includes/schedule.lua, for all others
-- ARGV:
--   field    account id, or `ID rebuild`
--   forMs    how long
--   firm     '!': even if somebody asks
-- Returns 1.
local due = KEYS[1]
-- @include schedule
local field, forMs, firm = ARGV[1], ARGV[2], ARGV[3]

if redis.call('HEXISTS', tag .. 'accounts', string.match(field, '^%S+')) == 0 then return 1 end
local nowMs = redisMs()
redis.call('HSET', tag .. 'not-before', field, string.format('%.0f', nowMs + forMs) .. firm)
place(field, nowMs)
return 1
