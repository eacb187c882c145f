-- Names the workers that are there.
--
-- KEYS, tag {tributary}:
--   workers  sorted set: worker by the milliseconds until which it counts as there
-- Returns their names.
local time = redis.call('TIME')
return redis.call('ZRANGEBYSCORE', KEYS[1], time[1] * 1000 + math.floor(time[2] / 1000), '+inf')
