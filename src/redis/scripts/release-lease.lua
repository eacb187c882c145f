-- Gives a lease back, if the run still holds it or it was taken from this run.
--
-- KEYS, tag {account}:
--   lease  the fence of the run that holds it, or `revoked FENCE`
-- ARGV:
--   fence  of the run that ends
-- Returns 1.
local lease = KEYS[1]
local fence = ARGV[1]

local holder = redis.call('GET', lease)
if holder == fence or holder == 'revoked ' .. fence then redis.call('DEL', lease) end
return 1
