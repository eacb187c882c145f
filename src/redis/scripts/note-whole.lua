-- Notes that the ledger is known to be whole under this Redis, and up to which mark the store was read for that.
--
-- KEYS, tag {account}:
--   lease, notes  see includes/guard.lua
-- ARGV:
--   holder, nowMs, run, counts  see includes/guard.lua
--   keeper        the name of this Redis (keeper.ts)
--   mark          as JSON, or '' for as before
--   predecessor   the account whose mail it knows too, or ''
-- Returns 1.
-- @include guard
local keeper, mark, predecessor = ARGV[5], ARGV[6], ARGV[7]

redis.call('HSET', notes, 'wholeUnder', keeper)
if mark ~= '' then redis.call('HSET', notes, 'mark', mark) end
if predecessor ~= '' then redis.call('HSET', notes, 'wholeAfter', predecessor) end
return 1
