-- Moves the schedule after the wall clock was stepped, once, however many workers have seen the step. An account that was made
-- due at once since the step stays so.
--
-- KEYS, tag {tributary}:
--   due      sorted set: account id by the milliseconds at which it is due
--   shifted  the milliseconds by which the schedule was moved a moment ago
-- ARGV:
--   byMs     how far the clock was stepped
--   heldMs   how long `shifted` is kept
--   nowMs
-- Returns 1; 0 if it was done already.
local due, shifted = KEYS[1], KEYS[2]
local byMs, heldMs, nowMs = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

local done = redis.call('GET', shifted)
if done and math.abs(done - byMs) < 1000 then return 0 end
redis.call('SET', shifted, ARGV[1], 'PX', ARGV[2])
local all = redis.call('ZRANGE', due, 0, -1, 'WITHSCORES')
for nth = 1, #all, 2 do
  local dueMs = tonumber(all[nth + 1])
  if dueMs > nowMs or dueMs < nowMs - heldMs then redis.call('ZADD', due, dueMs + byMs, all[nth]) end
end
return 1
