-- Makes a run the account's open one, unless one of that task is open already.
--
-- KEYS, tag {tributary}:
--   those of includes/restate.lua
-- ARGV:
--   account  its id
--   field    of openRuns: the account's id, and the task if that is no pull
--   run      the run's id
-- Returns 1; 0 if another run is open.
-- @include restate
local account, field, run = ARGV[1], ARGV[2], ARGV[3]

if redis.call('HSETNX', openRuns, field, run) == 0 then return 0 end
restate(account)
return 1
