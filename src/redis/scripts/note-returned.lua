-- Notes that a run has come back from retrieving, and which messages it now suspects of killing workers.
--
-- KEYS, tag {account}:
--   lease, notes  see includes/guard.lua
-- ARGV:
--   holder, nowMs, run, counts  see includes/guard.lua
--   suspects      as JSON
--   then the fields of the notes by which it, and runs before it, had set out
-- Returns 1.
-- @include guard
local suspects, firstField = ARGV[5], 6

redis.call('HSET', notes, 'suspects', suspects)
for nth = firstField, #ARGV do redis.call('HDEL', notes, ARGV[nth]) end
return 1
