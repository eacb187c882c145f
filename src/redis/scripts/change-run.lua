-- Writes a change of an open run, reports it, and notes whether the run is at work.
--
-- KEYS, tag {tributary}:
--   those of includes/restate.lua
--   openRecords  hash: id of an open run -> the run as JSON
-- ARGV:
--   account      its id
--   field        of openRuns: the account's id, and the task if that is no pull
--   run          the run's id
--   json         the run
--   state        of the run
-- Returns 1; 0 if the run is not open any more: nothing is written, and nothing is told.
-- @include restate
local openRecords = KEYS[11]
local account, field, run, json, state = unpack(ARGV)

if redis.call('HGET', openRuns, field) ~= run then return 0 end
redis.call('HSET', openRecords, run, json)
redis.call('SREM', quiet, field)
-- A run that was put off waits again.
redis.call(state == 'running' and 'SADD' or 'SREM', running, field)
tell(events, 'run', restate(account), json)
return 1
