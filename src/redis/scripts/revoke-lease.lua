-- Takes the lease from the run that holds it. Nobody else is given it before that run has given it back or it has expired: until then the
-- run may not know yet.
--
-- KEYS, tag {account}:
--   lease  the value of the run that holds it
-- ARGV: none
-- Returns the milliseconds that the lease has left; 0 if no run holds it.
local lease = KEYS[1]

local leftMs = redis.call('PTTL', lease)
if leftMs <= 0 then return 0 end
local holder = redis.call('GET', lease)
if string.sub(holder, 1, 8) ~= 'revoked ' then redis.call('SET', lease, 'revoked ' .. holder, 'KEEPTTL') end
return leftMs
