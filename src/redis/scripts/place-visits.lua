-- Puts fields where they wait, if a crash or an earlier version has left them nowhere.
--
-- KEYS, tag {tributary}:
--   due      see includes/schedule.lua, for all others
-- ARGV:
--   fields
-- Returns 1.
local due = KEYS[1]
-- @include schedule
local nowMs = redisMs()

for _, field in ipairs(ARGV) do place(field, nowMs) end
return 1
