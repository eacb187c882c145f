-- Prolongs a lease that the run still holds.
--
-- KEYS, tag {account}:
--   lease    the holder's value, or `revoked VALUE`
-- ARGV:
--   holder   the value of the run that asks
--   leaseMs  how long the lease lasts from now on
-- Returns 1; 0 if the lease is lost; -1 if it was taken from this run.
local lease = KEYS[1]
local own, leaseMs = ARGV[1], ARGV[2]

local holder = redis.call('GET', lease)
if holder == 'revoked ' .. own then return -1 end
if holder ~= own then return 0 end
redis.call('PEXPIRE', lease, leaseMs)
return 1
