-- Gives a lease back, if the run still holds it.
--
-- KEYS, tag {account}:
--   lease  the fence of the run that holds it
-- ARGV:
--   fence  of the run that ends
-- Returns 1.
local lease = KEYS[1]
local fence = ARGV[1]

if redis.call('GET', lease) == fence then redis.call('DEL', lease) end
return 1
