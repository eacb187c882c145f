-- Erases what is an account's own once the account was removed, unless a run is at work there: that run goes on to its end.
--
-- KEYS, tag {account}:
--   lease  the fence of the run that holds it
--   then all that is to go
-- ARGV: none
-- Returns 1; 0 where a run is at work.
local lease, firstOwn = KEYS[1], 2

if redis.call('EXISTS', lease) == 1 then return 0 end
redis.call('UNLINK', unpack(KEYS, firstOwn))
return 1
