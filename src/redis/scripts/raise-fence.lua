-- Raises an account's fencing number to the one in a backup, so that none is given out twice.
--
-- KEYS, tag {account}:
--   fence  the last fencing number that was given out
-- ARGV:
--   least  the number of the backup
-- Returns 1.
local fence = KEYS[1]
local least = ARGV[1]

if tonumber(redis.call('GET', fence) or '0') < tonumber(least) then redis.call('SET', fence, least) end
return 1
