-- Overwrites records in their place.
--
-- KEYS, tag {account}:
--   lease, notes  see includes/guard.lua
--   ledger        string: packed records
-- ARGV:
--   holder, nowMs, run, counts  see includes/guard.lua
--   then, for each record, its offset in octets and the packed record
-- Returns 1.
-- @include guard
local ledger, firstRecord = KEYS[3], 5

for nth = firstRecord, #ARGV, 2 do redis.call('SETRANGE', ledger, ARGV[nth], ARGV[nth + 1]) end
return 1
