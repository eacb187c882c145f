-- Refuses the write of a run that has lost its lease, or that knows another format than the data have now. Otherwise it notes
-- which run writes and what it has done, so that a worker that goes on with the run after a crash knows it.
--
-- The first KEYS of such a script, tag {account}:
--   lease   the value of the run that holds it
--   notes   hash: notes beside the ledger
-- The last of its KEYS, tag {account} in a Cluster, and otherwise {tributary}:
--   format  hash: how the data are written; a Cluster's is empty (`formatKeyOf` in lease.ts)
-- The first ARGV:
--   holder  the value of the run that writes: its fence and random bits
--   nowMs   the wall clock
--   run     its id
--   counts  of the run, as JSON
-- Ends the script with the error SUPERSEDED if the write is refused.
local lease, notes = KEYS[1], KEYS[2]
do
  local holder, nowMs, run, counts = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
  if redis.call('GET', lease) ~= holder then return redis.error_reply('SUPERSEDED the lease is lost') end
  if tonumber(redis.call('HGET', KEYS[#KEYS], 'number') or limits.dataFormat) ~= limits.dataFormat then
    return redis.error_reply('SUPERSEDED the data have another format')
  end
  redis.call('HSET', notes, 'lastSeenMs', nowMs, 'run', run, 'counts', counts)
end
