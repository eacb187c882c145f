-- Replaces the whole ledger by its remaining records, and drops the quarantine entries whose records are forgotten.
--
-- KEYS, tag {account}:
--   lease, notes  see includes/guard.lua
--   ledger        string: packed records
--   quarantine    hash: entry id -> entry as JSON
--   order         sorted set, all of score 0: the ids of the entries, and `-` and the id of one that was let go of
-- ARGV:
--   holder, nowMs, run, counts  see includes/guard.lua
--   records       all that stay, packed
--   then, for each entry that goes, its id and the field of its wish among the notes
-- Returns 1.
-- @include guard
-- @include aside-order
local ledger, quarantine, order = unpack(KEYS, 3, 5)
local records, firstEntry = ARGV[5], 6

redis.call('SET', ledger, records)
for nth = firstEntry, #ARGV, 2 do
  redis.call('HDEL', quarantine, ARGV[nth])
  unplaceAside(order, ARGV[nth])
  redis.call('HDEL', notes, ARGV[nth + 1])
end
return 1
