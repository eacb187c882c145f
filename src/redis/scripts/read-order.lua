-- Reads texts of a packed order.
--
-- KEYS, tag {tributary}:
--   order   see includes/packed-order.lua
-- ARGV:
--   from    as ZRANGE BYLEX takes it
--   count   how many at most
-- Returns the texts.
-- @include packed-order
return rangeOf(KEYS[1], ARGV[1], '+', tonumber(ARGV[2]), '')
