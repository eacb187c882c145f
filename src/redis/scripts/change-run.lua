-- Writes a change of a run into its record, unless the run has ended or its record is gone.
--
-- KEYS, without a tag:
--   record  string: the run as JSON
-- ARGV:
--   json    the run
--   keptMs  how long the record is kept
-- Returns 1; 0 if nothing was written.
local record = KEYS[1]
local json, keptMs = ARGV[1], ARGV[2]

local before = redis.call('GET', record)
if not before or cjson.decode(before).finishedAt ~= cjson.null then return 0 end
redis.call('SET', record, json, 'PX', keptMs)
return 1
