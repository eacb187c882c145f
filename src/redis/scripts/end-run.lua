-- Closes a run and counts it, both once, and makes it the account's last one. If the account was removed
-- meanwhile, nothing is kept.
--
-- KEYS, tag {tributary}:
--   those of includes/restate.lua
--   openRecords         hash: id of an open run -> the run as JSON
--   buckets             see includes/run-index.lua
--   checks              hash: account id -> the row of idle visits since its last run (end-visits.lua)
--   lastRuns            hash: account id -> the run that ended last: its id and its record
--   lastMail            hash: account id -> the end of the run that stored mail of it last, if that is not the one that ended last
--   tally, ofDestination, measures, measuredHosts  see includes/count.lua
-- ARGV:
--   account             its id
--   field               of openRuns: the account's id, and the task if that is no pull
--   run                 the run's id
--   json                the run, for those who hear of it
--   last                its id and its record
--   hasMail             '1' if it stored mail, or ''
--   row                 the row of idle visits, which is in the account's history by now; '' for none
--   dropped             ids of runs that are not kept any longer, with spaces in between
--   then those of includes/count.lua
-- Returns 1.
-- @include restate
-- @include run-index
-- @include close
-- @include count
local openRecords, buckets, checks, lastRuns, lastMail, tally, ofDestination, measures, measuredHosts = unpack(KEYS, 11, 19)
local account, field, run, json, last, hasMail, row, dropped = unpack(ARGV, 1, 8)
local firstCounted = 9

-- When a run ended that has stored mail, of its record (src/runs/run-record.ts).
local function mailEndedMs(record)
  local queued, waited, took, counts = string.match(record, '^%S+ [dfi][pr][sr]%+? (%w+) (%w+) (%w+) (%S+)')
  if not counts or (string.match(counts, '^%w+,(%w+)') or '0') == '0' then return end
  return tonumber(queued, 36) + tonumber(waited, 36) + tonumber(took, 36)
end

if redis.call('HEXISTS', accounts, account) == 1 then
  if hasMail ~= '' then redis.call('HDEL', lastMail, account)
  else
    local endedMs = mailEndedMs(redis.call('HGET', lastRuns, account) or '')
    if endedMs then redis.call('HSET', lastMail, account, string.format('%.0f', endedMs)) end
  end
  redis.call('HSET', lastRuns, account, last)
  if row ~= '' then
    index(buckets, string.match(row, '^%S+'), account)
    -- If a visit was added to it meanwhile, it is written again with the next run.
    if redis.call('HGET', checks, account) == row then redis.call('HDEL', checks, account) end
  end
end
redis.call('HDEL', openRecords, run)
index(buckets, run, account)
for id in string.gmatch(dropped, '%S+') do unindex(buckets, id, account) end
if redis.call('HGET', openRuns, field) == run then
  close(field)
  count(tally, ofDestination, firstCounted)
  measure(measures, measuredHosts, firstCounted)
end
tell(events, 'run', restate(account), json)
return 1
