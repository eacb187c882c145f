-- Claims accounts that are due by moving them to a provisional time: a crash between the claim and its job costs that long and no
-- more. The run that follows writes the true time.
--
-- KEYS, tag {tributary}:
--   due            sorted set: account id by the milliseconds at which it is due
-- ARGV:
--   nowMs
--   provisionalMs  when a claimed account is due again
--   count          how many are claimed at most
-- Returns account ids and when each was due, in turns, the one that has waited longest first.
local due = KEYS[1]
local nowMs, provisionalMs, count = ARGV[1], ARGV[2], ARGV[3]

local claimed = redis.call('ZRANGEBYSCORE', due, '-inf', nowMs, 'WITHSCORES', 'LIMIT', 0, count)
for nth = 1, #claimed, 2 do redis.call('ZADD', due, 'XX', provisionalMs, claimed[nth]) end
return claimed
