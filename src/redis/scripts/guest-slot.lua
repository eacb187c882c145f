-- Gives a session beside the visits a slot of its server, or takes it back: a test of an account, a message that somebody wants to see.
--
-- KEYS, tag {tributary}:
--   due      see includes/schedule.lua, for all others
-- ARGV:
--   server   host:port
--   guest    a name of its own
--   holdMs   how long it has the slot; 0: it leaves
-- Returns 1; 0 if there is no slot: people have one more than the schedule.
local due = KEYS[1]
-- @include schedule
local server, guest, holdMs = ARGV[1], ARGV[2], tonumber(ARGV[3])

local nowMs = redisMs()
local slots = tag .. 'slots:' .. server
redis.call('ZREM', slots, guest)
-- Guests are in no other set: what was not given back goes with the next one.
redis.call('ZREMRANGEBYSCORE', slots, '-inf', nowMs)
if holdMs > 0 and usedOf(server, nowMs) > slotsOf(server, nowMs) then return 0 end
if holdMs > 0 then redis.call('ZADD', slots, nowMs + holdMs, guest) end
rescore(server, nowMs)
return 1
