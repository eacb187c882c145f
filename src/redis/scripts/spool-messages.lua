-- Stores messages that the provider may not show a second time.
--
-- KEYS, tag {account}:
--   lease, notes  see includes/guard.lua
--   spool         hash: spool id -> message
-- ARGV:
--   holder, nowMs, run, counts  see includes/guard.lua
--   then, for each message, its spool id and its bytes
-- Returns 1.
-- @include guard
local spool, firstMessage = KEYS[3], 5

redis.call('HSET', spool, unpack(ARGV, firstMessage))
return 1
