-- Prolongs a lease that the run still holds.
--
-- KEYS, tag {account}:
--   lease    the fence of the run that holds it
-- ARGV:
--   fence    of the run that asks
--   leaseMs  how long the lease lasts from now on
-- Returns 1; 0 if the lease is lost.
local lease = KEYS[1]
local fence, leaseMs = ARGV[1], ARGV[2]

if redis.call('GET', lease) ~= fence then return 0 end
redis.call('PEXPIRE', lease, leaseMs)
return 1
