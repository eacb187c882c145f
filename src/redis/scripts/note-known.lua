-- Notes the plan of a run that found nothing to do, unless somebody has written since that run read the account's data, or an earlier run,
-- or somebody's wish, has left work.
--
-- KEYS, tag {account}:
--   lease, notes  see includes/held.lua
--   intents       hash: intent id -> intent as JSON
--   spool         hash: spool id -> message
--   format        see includes/held.lua
-- ARGV:
--   holder, nowMs, run, counts  see includes/held.lua
--   revision      of the data when the run read them
--   readMs        when that was
--   untilMs       the plan holds until then
--   plan          packed (noted-plan.ts)
-- Returns 1; 0 if it is not noted.
-- @include held
-- @include left-work
local intents, spool = KEYS[3], KEYS[4]
local run, revision, readMs, untilMs, plan = ARGV[3], ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]

if (redis.call('HGET', notes, 'revision') or '0') ~= revision then return 0 end
local nextMs = leftWork(notes, intents, spool, readMs)
if not nextMs then return 0 end
-- The end of a run's id tells it from another one.
local noted = string.format('%s %s %.0f %s', revision, string.sub(run, -8), math.min(untilMs, nextMs), plan)
redis.call('HSET', notes, 'plan', noted)
-- An earlier version noted it there, in a longer form.
redis.call('HDEL', notes, 'known')
return 1
