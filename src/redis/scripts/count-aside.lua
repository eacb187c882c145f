-- Counts the quarantine entries of one account that nobody has let go of.
--
-- KEYS, tag {account}:
--   quarantine  hash: entry id -> entry as JSON
--   order       sorted set, all of score 0: their ids, and `-` and the id of one that was let go of
-- ARGV:
--   after       the id of an entry: those that come after it are counted; '' for all
--   mustBeWhole '1': in an order that lacks entries nothing is counted
-- Returns the number; -1 where the order lacks some: an earlier version has not kept it (order-aside.lua).
local quarantine, order = KEYS[1], KEYS[2]
local after, mustBeWhole = ARGV[1], ARGV[2]

if mustBeWhole == '1' and redis.call('HLEN', quarantine) ~= redis.call('ZCARD', order) then return -1 end
return redis.call('ZLEXCOUNT', order, after == '' and '[.' or '(' .. after, '+')
