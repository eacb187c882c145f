-- Notes that a server wants no login to a mailbox for a while. The account waits for that, and so does everybody else who goes there: another account of
-- it, a test. Of a mailbox only a digest is kept, and no longer than it holds.
--
-- KEYS, tag {tributary}:
--   due      see includes/schedule.lua, for all others
-- ARGV:
--   server   host:port
--   user
--   forMs    how long
--   atLeast  '1': unless it was to be longer already
-- Returns 1.
local due = KEYS[1]
-- @include schedule
local server, user, forMs, atLeast = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]

local nowMs = redisMs()
local holds, digest = tag .. 'login-holds', redis.sha1hex(server .. ' ' .. user)
redis.call('ZREMRANGEBYSCORE', holds, '-inf', nowMs)
if atLeast == '1' then redis.call('ZADD', holds, 'GT', nowMs + forMs, digest)
else redis.call('ZADD', holds, nowMs + forMs, digest) end
return 1
