-- Takes back the count of an attempt to sign in that went well.
--
-- KEYS, without a tag:
--   refusals  hash: failures, untilMs
-- ARGV: none
-- Returns nothing that matters.
local refusals = KEYS[1]

if redis.call('HINCRBY', refusals, 'failures', -1) <= 0 then return redis.call('DEL', refusals) end
return redis.call('HDEL', refusals, 'untilMs')
