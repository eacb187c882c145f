-- Prolongs a lease that the run still holds.
--
-- KEYS, tag {account}:
--   lease    the fence of the run that holds it, or `revoked FENCE`
-- ARGV:
--   fence    of the run that asks
--   leaseMs  how long the lease lasts from now on
-- Returns 1; 0 if the lease is lost; -1 if it was taken from this run.
local lease = KEYS[1]
local fence, leaseMs = ARGV[1], ARGV[2]

local holder = redis.call('GET', lease)
if holder == 'revoked ' .. fence then return -1 end
if holder ~= fence then return 0 end
redis.call('PEXPIRE', lease, leaseMs)
return 1
