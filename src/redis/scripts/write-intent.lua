-- Writes down a batch that is about to be appended.
--
-- KEYS, tag {account}:
--   lease, notes  see includes/guard.lua
--   intents       hash: intent id -> intent as JSON
-- ARGV:
--   holder, nowMs, run, counts  see includes/guard.lua
--   id, intent
-- Returns 1.
-- @include guard
local intents = KEYS[3]
local id, intent = ARGV[5], ARGV[6]

redis.call('HSET', intents, id, intent)
return 1
