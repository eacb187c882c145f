-- Ends the pause of a destination.
--
-- KEYS, tag {tributary}:
--   pauses       hash: destination id -> Pause as JSON
--   held         set: ids of the accounts that wait for the end of this pause
-- ARGV:
--   destination  id
-- Returns the ids of the accounts that waited.
local pauses, held = KEYS[1], KEYS[2]
local destination = ARGV[1]

redis.call('HDEL', pauses, destination)
local ids = redis.call('SMEMBERS', held)
redis.call('DEL', held)
return ids
