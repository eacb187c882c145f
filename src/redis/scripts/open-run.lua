-- Makes a run the account's open one, unless one of that task is open already.
--
-- KEYS, tag {tributary}:
--   those of includes/restate.lua
--   openRecords  hash: id of an open run -> the run as JSON
--   buckets      see includes/run-index.lua
-- ARGV:
--   account      its id
--   field        of openRuns: the account's id, and the task if that is no pull
--   run          the run's id
--   json         the run
--   quietly      '1': nobody hears of it yet, and the account's status stays what it is (fold-run.lua)
-- Returns the id of the run that is open now.
-- @include restate
-- @include run-index
local openRecords, buckets = KEYS[11], KEYS[12]
local account, field, run, json, quietly = unpack(ARGV)

if redis.call('HSETNX', openRuns, field, run) == 0 then return redis.call('HGET', openRuns, field) end
redis.call('HSET', openRecords, run, json)
index(buckets, run, account)
if quietly == '1' then redis.call('SADD', quiet, field)
else tell(events, 'run', restate(account), json) end
return run
