-- Counts a guess at a password, unless as many as may be were counted within the time: if many come at once, each finds those before it.
-- It goes by the clock of Redis, which all processes share.
--
-- KEYS, without a tag:
--   guesses   list: when each was made, in milliseconds, the newest last
-- ARGV:
--   most
--   withinMs
-- Returns how many milliseconds to wait; 0 for none, and then it is counted.
local guesses, most, withinMs = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])

local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local first = tonumber(redis.call('LINDEX', guesses, -most) or '0')
-- A clock that was set back makes nobody wait for longer.
if first > nowMs - withinMs and first <= nowMs then return first + withinMs - nowMs end
redis.call('RPUSH', guesses, string.format('%.0f', nowMs))
redis.call('LTRIM', guesses, -most, -1)
redis.call('PEXPIRE', guesses, withinMs)
return 0
