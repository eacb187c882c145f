-- Closes an open run whose record is gone: nobody runs it any more.
--
-- KEYS, tag {tributary}:
--   those of includes/restate.lua
--   openRecords  hash: id of an open run -> the run as JSON
--   buckets      see includes/run-index.lua
-- ARGV:
--   account  its id
--   field    of openRuns: the account's id, and the task if that is no pull
--   run      the run's id
-- Returns 1; 0 if another run is open by now.
-- @include restate
-- @include run-index
-- @include close
local openRecords, buckets = KEYS[11], KEYS[12]
local account, field, run = ARGV[1], ARGV[2], ARGV[3]

if redis.call('HGET', openRuns, field) ~= run then return 0 end
close(field)
redis.call('HDEL', openRecords, run)
unindex(buckets, run, account)
restate(account)
return 1
