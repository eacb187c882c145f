-- Replaces a field of a hash, if nobody has changed it since it was read.
--
-- KEYS, tag {tributary}:
--   hash
-- ARGV:
--   field
--   before  the value that was read, or '' for none
--   after   the new value
-- Returns 1; 0 if the field has another value by now.
local hash = KEYS[1]
local field, before, after = ARGV[1], ARGV[2], ARGV[3]

if (redis.call('HGET', hash, field) or '') ~= before then return 0 end
redis.call('HSET', hash, field, after)
return 1
