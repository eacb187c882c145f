-- Replaces the whole ledger by its remaining records, and drops the quarantine entries whose records are forgotten.
--
-- KEYS, tag {account}:
--   lease, notes  see includes/guard.lua
--   ledger        string: packed records
--   quarantine    hash: entry id -> entry as JSON
-- and, tag {tributary}:
--   quarantined   sorted set: ids of the accounts that have messages in quarantine
-- ARGV:
--   fence, nowMs, run, counts  see includes/guard.lua
--   records       all that stay, packed
--   account       its id
--   then, for each entry that goes, its id and the field of its wish among the notes
-- Returns 1.
-- @include guard
-- @include note-quarantined
local ledger, quarantine, quarantined = unpack(KEYS, 3, 5)
local records, account, firstEntry = ARGV[5], ARGV[6], 7

redis.call('SET', ledger, records)
for nth = firstEntry, #ARGV, 2 do
  redis.call('HDEL', quarantine, ARGV[nth])
  redis.call('HDEL', notes, ARGV[nth + 1])
end
if #ARGV >= firstEntry then noteQuarantined(quarantined, quarantine, account) end
return 1
