-- Closes an open run whose record has outlived its time: nobody runs it any more.
--
-- KEYS, tag {tributary}:
--   those of includes/restate.lua
-- ARGV:
--   account  its id
--   field    of openRuns: the account's id, and the task if that is no pull
--   run      the run's id
-- Returns 1; 0 if another run is open by now.
-- @include restate
-- @include close
local account, field, run = ARGV[1], ARGV[2], ARGV[3]

if redis.call('HGET', openRuns, field) ~= run then return 0 end
close(field)
restate(account)
return 1
