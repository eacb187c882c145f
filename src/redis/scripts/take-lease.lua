-- Gives a run the lease of its account, with a new fencing number, unless another run holds it.
-- Sent again after a lost answer it finds its own lease, and the caller waits for that to end: slow, never wrong.
--
-- KEYS, tag {account}:
--   lease    the fence of the run that holds it; expires with it
--   fence    the last fencing number that was given out
-- ARGV:
--   leaseMs  how long the lease lasts
-- Returns {fence, 0}, or {0, the milliseconds that the other run's lease has left}.
local lease, fence = KEYS[1], KEYS[2]
local leaseMs = ARGV[1]

local leftMs = redis.call('PTTL', lease)
if leftMs > 0 then return { 0, leftMs } end
local number = redis.call('INCR', fence)
redis.call('SET', lease, number, 'PX', leaseMs)
return { number, 0 }
