-- Notes that the first run has chosen what it skips, and that no run has gone well since.
--
-- KEYS, tag {account}:
--   lease, notes  see includes/guard.lua
-- ARGV:
--   holder, nowMs, run, counts  see includes/guard.lua
--   backlog                     what the maildrop shows (src/pull/backlog.ts)
-- Returns 1.
-- @include guard

redis.call('HSET', notes, 'begun', '1', 'importing', '1', 'backlog', ARGV[5])
return 1
