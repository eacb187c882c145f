-- Drops spooled messages that are stored.
--
-- KEYS, tag {account}:
--   lease, notes  see includes/guard.lua
--   spool         hash: spool id -> message
-- ARGV:
--   holder, nowMs, run, counts  see includes/guard.lua
--   then the spool ids
-- Returns 1.
-- @include guard
local spool, firstId = KEYS[3], 5

redis.call('HDEL', spool, unpack(ARGV, firstId))
return 1
