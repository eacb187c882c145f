-- Computes the statuses of some accounts again.
--
-- KEYS, tag {tributary}:
--   those of includes/restate.lua
-- ARGV:
--   account ids
-- Returns 1.
-- @include restate

for _, id in ipairs(ARGV) do restate(id) end
return 1
