-- Gives back what take-refresh.lua gave.
--
-- KEYS, tag {tributary}:
--   refresh, slots  as there
-- ARGV:
--   name
-- Returns 1.
local refresh, slots = KEYS[1], KEYS[2]
local name = ARGV[1]

redis.call('ZREM', slots, name)
if redis.call('GET', refresh) == name then redis.call('DEL', refresh) end
return 1
