-- Gives a lease back, if the run still holds it or it was taken from this run.
--
-- KEYS, tag {account}:
--   lease  the holder's value, or `revoked VALUE`
-- ARGV:
--   holder  the value of the run that ends
-- Returns 1.
local lease = KEYS[1]
local own = ARGV[1]

local holder = redis.call('GET', lease)
if holder == own or holder == 'revoked ' .. own then redis.call('DEL', lease) end
return 1
