-- Writes the rhythm of an account, if there is such an account.
--
-- KEYS, tag {tributary}:
--   accounts  hash: account id -> AccountRecord (account-record.ts)
--   rhythms   hash: account id -> what was learnt of when its mail comes
-- ARGV:
--   id
--   rhythm
-- Returns 1; 0 if there is no such account.
local accounts, rhythms = unpack(KEYS)
local id, rhythm = unpack(ARGV)

if redis.call('HEXISTS', accounts, id) == 0 then return 0 end
redis.call('HSET', rhythms, id, rhythm)
return 1
