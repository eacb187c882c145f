-- Counts the quarantine entries of one account that nobody has let go of.
--
-- KEYS, tag {account}:
--   quarantine  hash: entry id -> entry as JSON
--   order       sorted set, all of score 0: their ids, and `-` and the id of one that was let go of
-- Returns the number; -1 where the order lacks some: an earlier version has not kept it (order-aside.lua).
local quarantine, order = KEYS[1], KEYS[2]

if redis.call('HLEN', quarantine) ~= redis.call('ZCARD', order) then return -1 end
return redis.call('ZLEXCOUNT', order, '[.', '+')
