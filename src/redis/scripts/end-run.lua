-- Closes a run and counts it, both once, and makes it the account's last one. If the account was removed
-- meanwhile, nothing is kept.
--
-- KEYS, tag {tributary}:
--   those of includes/restate.lua
--   lastRuns            hash: account id -> the run that ended last, as JSON
--   lastMail            hash: account id -> the end of the run that stored mail of it last
--   tally, ofDestination, measures, measuredHosts  see includes/count.lua
-- ARGV:
--   account             its id
--   field               of openRuns: the account's id, and the task if that is no pull
--   run                 the run's id
--   json                the run
--   mailAt              when it stored mail, or ''
--   then those of includes/count.lua
-- Returns 1.
-- @include restate
-- @include close
-- @include count
local lastRuns, lastMail, tally, ofDestination, measures, measuredHosts = unpack(KEYS, 13, 18)
local account, field, run, json, mailAt = unpack(ARGV, 1, 5)
local firstCounted = 6

if redis.call('HEXISTS', accounts, account) == 1 then
  redis.call('HSET', lastRuns, account, json)
  -- The row of idle visits since the last run (end-visits.lua) is over.
  redis.call('HDEL', string.gsub(lastRuns, 'last%-runs$', 'checks'), account)
  if mailAt ~= '' then redis.call('HSET', lastMail, account, mailAt) end
end
if redis.call('HGET', openRuns, field) == run then
  close(field)
  count(tally, ofDestination, firstCounted)
  measure(measures, measuredHosts, firstCounted)
end
tell(events, 'run', restate(account), json)
return 1
