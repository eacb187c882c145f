-- Gives octets back to the budgets of a first import that it took and did not bring.
--
-- KEYS, tag {tributary}:
--   imported:SCOPE ...   as in take-import.lua
-- ARGV:
--   minute, octets       in which minute they were taken, and how many of them
-- Returns 1.
for _, key in ipairs(KEYS) do
  -- After an hour it is gone, and counts nothing.
  if redis.call('HEXISTS', key, ARGV[1]) == 1 then redis.call('HINCRBY', key, ARGV[1], -ARGV[2]) end
end
return 1
