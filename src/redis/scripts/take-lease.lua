-- Gives a run the lease of its account, with a new fencing number, unless another run holds it or the data
-- have another format than this program knows.
-- If it is sent again after a lost answer, it finds its own lease, and the caller waits for that to end: this is slow, but never wrong.
--
-- KEYS, tag {account}, and {tributary} for the last:
--   lease    the fence of the run that holds it, or `revoked FENCE`; expires with it
--   fence    the last fencing number that was given out
--   format   hash: how the data are written
-- ARGV:
--   leaseMs  how long the lease lasts
-- Returns {fence, 0}, or {0, the milliseconds that the other run's lease has left}; {0, leaseMs} if the format is another.
local lease, fence, format = KEYS[1], KEYS[2], KEYS[3]
local leaseMs = ARGV[1]

if tonumber(redis.call('HGET', format, 'number') or '1') ~= limits.dataFormat then return { 0, tonumber(leaseMs) } end
local leftMs = redis.call('PTTL', lease)
if leftMs > 0 then return { 0, leftMs } end
local number = redis.call('INCR', fence)
redis.call('SET', lease, number, 'PX', leaseMs)
return { number, 0 }
