-- Notes that a run sets out to retrieve messages: if its worker dies, the next run finds the note.
--
-- KEYS, tag {account}:
--   lease, notes  see includes/guard.lua
-- ARGV:
--   holder, nowMs, run, counts  see includes/guard.lua
--   field         of the notes: 'out FENCE'
--   message       the one that is retrieved alone, as JSON, or ''
-- Returns 1.
-- @include guard
local field, message = ARGV[5], ARGV[6]

redis.call('HSET', notes, field, message)
return 1
