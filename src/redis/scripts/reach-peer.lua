-- Notes which address a visit has reached at a server of which that was not known: other names may lead there, and share its slots.
--
-- KEYS, tag {tributary}:
--   due      see includes/schedule.lua, for all others
-- ARGV:
--   field    account id, or `ID rebuild`
--   peer     address and port
-- Returns 1; 0 if all slots of the address are taken: the visit has to wait.
local due = KEYS[1]
-- @include schedule
local field, peer = ARGV[1], ARGV[2]

local server, destination, lane, before = placeOf(field)
if not server or before == peer then return 1 end
local nowMs = redisMs()
redis.call('HSET', tag .. 'server:' .. server, 'peer', peer)
local extra = redis.call('SISMEMBER', tag .. 'asked', field)
if countOf('peer ' .. peer) >= slotsOf('peer ' .. peer, nowMs) + extra then return 0 end
if before ~= '-' then uncount('peer ' .. before) end
count('peer ' .. peer)
writePlaced(field, server, destination, lane, peer)
return 1
