-- Writes the record of a run that has ended, and of the row of idle visits before it, into the history of the account, and drops what is
-- not kept any longer: records, their lists of messages, and transcripts.
--
-- KEYS, tag {account}:
--   history      hash: run id -> record (src/runs/run-record.ts)
--   earlier      sorted set: ids of runs that an earlier version kept
-- ARGV:
--   run          id
--   record
--   row          the row's id, or '' for none
--   rowRecord
--   oldest       the lowest id that is kept
--   transcripts  of how many runs they are kept; '': of as many as there are
-- Returns the ids of the runs that were dropped.
local history, earlier = KEYS[1], KEYS[2]
local run, record, row, rowRecord, oldest, transcripts = unpack(ARGV)

redis.call('HSET', history, run, record)
if row ~= '' then redis.call('HSET', history, row, rowRecord) end
redis.call('PEXPIRE', history, limits.runKeptMs)

local ids, records = {}, {}
local all = redis.call('HGETALL', history)
for nth = 1, #all, 2 do
  table.insert(ids, all[nth])
  records[all[nth]] = all[nth + 1]
end
for _, id in ipairs(redis.call('ZRANGE', earlier, 0, -1)) do
  if not records[id] then
    table.insert(ids, id)
    records[id] = ''
  end
end
table.sort(ids)

local tag = string.match(history, '^(.*:)history$')
local dropped = {}
local runs = 0
for nth = #ids, 1, -1 do
  local id = ids[nth]
  -- Rows of idle visits have no transcript.
  if string.sub(records[id], 1, 1) ~= 'i' then runs = runs + 1 end
  if nth <= #ids - limits.runsKeptPerAccount or id < oldest then
    redis.call('HDEL', history, id)
    redis.call('ZREM', earlier, id)
    redis.call('UNLINK', tag .. 'arrived:' .. id, tag .. 'transcript:' .. id)
    table.insert(dropped, id)
  elseif transcripts ~= '' and runs > tonumber(transcripts) then
    redis.call('UNLINK', tag .. 'transcript:' .. id)
  end
end
return dropped
