-- Begins every script that writes to an account's ledger: refuses the write of a run that has lost its lease, and notes who
-- writes and what that run has done, so that whoever goes on with the run after a crash knows it.
--
-- The first KEYS of such a script, tag {account}:
--   lease   the fence of the run that holds it
--   notes   hash: what is noted beside the ledger
-- The first ARGV:
--   fence   of the run that writes
--   nowMs   the wall clock
--   run     its id
--   counts  of the run, as JSON
-- Ends the script with the error SUPERSEDED where the lease is lost.
local lease, notes = KEYS[1], KEYS[2]
do
  local fence, nowMs, run, counts = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
  if redis.call('GET', lease) ~= fence then return redis.error_reply('SUPERSEDED the lease is lost') end
  redis.call('HSET', notes, 'lastSeenMs', nowMs, 'run', run, 'counts', counts)
end
