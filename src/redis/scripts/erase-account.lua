-- Erases an account's own data once the account was removed, unless a run is at work there: that run was told to end (revoke-lease.lua).
--
-- KEYS, tag {account}:
--   lease  the value of the run that holds it
--   then the keys to erase
-- ARGV: none
-- Returns 1; 0 if a run is at work.
local lease, firstOwn = KEYS[1], 2

if redis.call('EXISTS', lease) == 1 then return 0 end
redis.call('UNLINK', unpack(KEYS, firstOwn))
return 1
