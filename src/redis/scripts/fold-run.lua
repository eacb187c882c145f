-- Ends an open run that found nothing to do as one of the idle visits since the account's last run: it becomes the row of them, or a part
-- of it, and is counted once. A run that somebody asked for stays one.
--
-- KEYS, tag {tributary}:
--   those of includes/restate.lua
--   openRecords         hash: id of an open run -> the run as JSON
--   buckets             see includes/run-index.lua
--   checks              see includes/idle-row.lua
--   asked               set: fields of openRuns that somebody asked for
--   folded              of which row the run is a part, for those who saw it open
--   tally, ofDestination, measures, measuredHosts  see includes/count.lua
-- ARGV:
--   account             its id
--   field               of openRuns: the account's id, and the task if that is no pull
--   run                 the run's id
--   startedMs, finishedMs, and how many messages were listed
--   json                the run, if anybody has heard of it; '' if not
--   then those of includes/count.lua
-- Returns 1; 0 if it is to end as other runs do.
-- @include restate
-- @include run-index
-- @include idle-row
-- @include close
-- @include count
local openRecords, buckets, checks, asked, folded, tally, ofDestination, measures, measuredHosts = unpack(KEYS, 11, 19)
local account, field, run, startedMs, finishedMs, listed, json = unpack(ARGV, 1, 7)
local firstCounted = 8

if redis.call('HGET', openRuns, field) ~= run then
  -- The answer was lost, and this is sent once more.
  if redis.call('EXISTS', folded) == 1 then return 1 end
  return string.match(redis.call('HGET', checks, account) or '', '^%S+') == run and 1 or 0
end
if redis.call('SISMEMBER', asked, field) == 1 or redis.call('HEXISTS', accounts, account) == 0 then return 0 end
local row = extendRow(checks, buckets, account, run, startedMs, finishedMs, listed)
if row ~= run then
  unindex(buckets, run, account)
  redis.call('SET', folded, row .. ' ' .. account, 'PX', limits.foldedKnownMs)
end
redis.call('HDEL', openRecords, run)
close(field)
count(tally, ofDestination, firstCounted)
measure(measures, measuredHosts, firstCounted)
local destination = restate(account)
if json ~= '' then tell(events, 'run', destination, json) end
return 1
