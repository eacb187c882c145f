-- Adds a text to a packed order, unless it is there.
--
-- KEYS, tag {tributary}:
--   order   see includes/packed-order.lua
-- ARGV:
--   text
-- Returns 1.
-- @include packed-order
putIn(KEYS[1], ARGV[1])
return 1
