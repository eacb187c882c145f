-- Sets some settings of the instance, if nobody has changed any since they were read.
--
-- KEYS, tag {tributary}:
--   settings  hash: name of a setting -> its value as JSON
-- ARGV:
--   count     how many were set when they were read
--   then the name and the value of each of these
--   then the name and the value of each that is to be set
-- Returns 1; 0 if they have changed.
local settings = KEYS[1]
local count, firstBefore = tonumber(ARGV[1]), 2
local firstAfter = firstBefore + 2 * count

if redis.call('HLEN', settings) ~= count then return 0 end
for nth = firstBefore, firstAfter - 1, 2 do
  if redis.call('HGET', settings, ARGV[nth]) ~= ARGV[nth + 1] then return 0 end
end
redis.call('HSET', settings, unpack(ARGV, firstAfter))
return 1
