-- Claims the visits that are due, and those whose time is impossibly late: then the clock was set back.
--
-- KEYS, tag {tributary}:
--   visits    sorted set: webhook id, or 'notice', by the milliseconds at which it is to be visited
-- ARGV:
--   nowMs
--   heldMs    when a claimed one is due again, in case nobody ends the visit
--   latestMs  the latest time that there can be
-- Returns webhook ids, and 'notice' for the bulletin.
local visits = KEYS[1]
local nowMs, heldMs, latestMs = ARGV[1], ARGV[2], ARGV[3]

local ids = redis.call('ZRANGEBYSCORE', visits, '-inf', nowMs, 'LIMIT', 0, 1000)
for _, id in ipairs(redis.call('ZRANGEBYSCORE', visits, '(' .. latestMs, '+inf', 'LIMIT', 0, 1000)) do
  table.insert(ids, id)
end
for _, id in ipairs(ids) do redis.call('ZADD', visits, heldMs, id) end
return ids
